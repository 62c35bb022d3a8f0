//! A client of schema registries as Confluent's: Avro's schemas by their numbers, and numbers for schemas. What was told is kept, within bounds.

use crate::url::{answered, check, client, shown, told};
use crate::{ConfigError, Grants, TransportError};
use ::url::Url;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use weir_io::RegistryConfig;

/// Time for a request, if the configuration does not say.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Bytes of an answer: registries themselves take schemas of a megabyte or so.
const ANSWER_BYTES_MAX: usize = 4 << 20;
/// Rounds through all URLs before the connector is told that the registry is away, and the wait before the second one, which doubles.
const ROUNDS: u32 = 3;
const WAIT: Duration = Duration::from_millis(100);
/// Bytes of schemas that are kept; beyond it they are asked for again.
const KEPT_BYTES_MAX: usize = 16 << 20;
/// For how long a number that the registry does not have is not asked for again: it may be registered a moment later.
const ABSENT: Duration = Duration::from_secs(10);
/// Numbers that are known not to be there, at most.
const ABSENT_MAX: usize = 10_000;
/// Schemas that a schema refers to, with all that those refer to.
const REFERENCES_MAX: usize = 100;
/// Characters of what a server says that are told.
const SAID_CHARS_MAX: usize = 300;
/// What registries speak.
const MEDIA_TYPE: &str = "application/vnd.schemaregistry.v1+json";

/// A client of one registry. It connects when it is first asked.
#[derive(Debug)]
pub struct Registry {
    urls: Vec<Url>,
    config: RegistryConfig,
    client: Option<Client>,
    /// The URL that answered last, which is asked first.
    first: usize,
    kept: HashMap<u32, Answer>,
    kept_bytes: usize,
    absent: HashMap<u32, Instant>,
}

/// What a registry says of a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Its schema.
    Schema(Arc<RegisteredSchema>),
    /// Something that cannot be a schema of messages, and why: it will not become one.
    Refused(String),
    /// Nothing has that number yet.
    Absent,
}

/// A schema, and all that it refers to, each after those that it refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredSchema {
    /// Avro's schema as JSON.
    pub schema: String,
    /// Schemas of types that it names and does not hold.
    pub references: Vec<String>,
}

impl RegisteredSchema {
    fn bytes(&self) -> usize {
        self.schema.len() + self.references.iter().map(String::len).sum::<usize>()
    }
}

/// A schema as registries tell it.
#[derive(Debug, Deserialize)]
struct Told {
    schema: String,
    #[serde(rename = "schemaType")]
    kind: Option<String>,
    #[serde(default)]
    references: Vec<Reference>,
}

#[derive(Debug, Deserialize)]
struct Reference {
    subject: String,
    version: u32,
}

/// What came of a request that was answered.
enum Outcome {
    Json(Value),
    /// The registry knows no such thing.
    Absent,
    /// The answer is too long.
    Huge,
}

impl Registry {
    /// The client of a configuration.
    ///
    /// # Errors
    /// A URL that is none.
    pub fn new(config: &RegistryConfig) -> Result<Registry, ConfigError> {
        let authorized = config.registry_username.is_some() || config.registry_authorization_token.is_some();
        let url = |text: &String| {
            let wrong = |why: &dyn std::fmt::Display| {
                ConfigError::new(format!("'registry_urls': '{text}' is no URL of a registry: {why}"))
            };
            let url = Url::parse(text).map_err(|e| wrong(&e))?;
            if authorized && (!url.username().is_empty() || url.password().is_some()) {
                let why = "name and password are in a URL, and others beside it";
                return Err(ConfigError::new(format!("'registry_urls': {why}")));
            }
            match url.scheme() {
                "http" | "https" if url.query().is_none() && url.fragment().is_none() => Ok(url),
                "http" | "https" => Err(wrong(&"paths are put behind it, so that it has neither '?' nor '#'")),
                other => Err(wrong(&format!("'{other}' is neither http nor https"))),
            }
        };
        Ok(Registry {
            urls: config.registry_urls.iter().map(url).collect::<Result<_, _>>()?,
            config: config.clone(),
            client: None,
            first: 0,
            kept: HashMap::new(),
            kept_bytes: 0,
            absent: HashMap::new(),
        })
    }

    /// The schema of a number.
    ///
    /// # Errors
    /// The registry cannot be asked, does not answer, or with what registries do not say.
    pub async fn schema(&mut self, id: u32, grants: &Grants) -> Result<Answer, TransportError> {
        if let Some(kept) = self.kept.get(&id) {
            return Ok(kept.clone());
        }
        if self.absent.get(&id).is_some_and(|since| since.elapsed() < ABSENT) {
            return Ok(Answer::Absent);
        }
        let answer = match self.ask(Method::GET, &["schemas", "ids", &id.to_string()], None, grants).await? {
            Outcome::Json(value) => self.whole(id, value, grants).await?,
            Outcome::Huge => Answer::Refused(format!("it is longer than {ANSWER_BYTES_MAX} bytes")),
            Outcome::Absent => Answer::Absent,
        };
        if answer == Answer::Absent {
            if self.absent.len() >= ABSENT_MAX {
                self.absent.clear();
            }
            self.absent.insert(id, Instant::now());
            return Ok(answer);
        }
        self.absent.remove(&id);
        let bytes = match &answer {
            Answer::Schema(schema) => schema.bytes(),
            Answer::Refused(why) => why.len(),
            Answer::Absent => 0,
        } + size_of::<Answer>();
        if self.kept_bytes + bytes > KEPT_BYTES_MAX {
            self.kept.clear();
            self.kept_bytes = 0;
        }
        self.kept_bytes += bytes;
        self.kept.insert(id, answer.clone());
        Ok(answer)
    }

    /// A schema with those that it refers to.
    async fn whole(&mut self, id: u32, value: Value, grants: &Grants) -> Result<Answer, TransportError> {
        let told: Told = self.read(value, &format!("schema {id}"))?;
        if let Some(kind) = told.kind.as_deref().filter(|kind| *kind != "AVRO") {
            return Ok(Answer::Refused(format!("it is one of {kind}, not of Avro")));
        }
        // Each is taken from the stack twice: when what it refers to is asked for, and when all of that is there.
        enum Task {
            Ask(Reference),
            Add(String),
        }
        let (mut references, mut seen) = (Vec::new(), HashMap::new());
        let mut tasks: Vec<Task> = told.references.into_iter().rev().map(Task::Ask).collect();
        let mut bytes = told.schema.len();
        while let Some(task) = tasks.pop() {
            let reference = match task {
                Task::Add(schema) => {
                    references.push(schema);
                    continue;
                }
                Task::Ask(reference) => reference,
            };
            let (subject, version) = (reference.subject, reference.version.to_string());
            let name = format!("version {version} of '{subject}', to which schema {id} refers");
            if seen.insert((subject.clone(), reference.version), ()).is_some() {
                continue;
            }
            if seen.len() > REFERENCES_MAX || tasks.len() > REFERENCES_MAX {
                return Ok(Answer::Refused(format!("it refers to more than {REFERENCES_MAX} others")));
            }
            let path = ["subjects", &subject, "versions", &version];
            match self.ask(Method::GET, &path, None, grants).await? {
                Outcome::Json(value) => {
                    let told: Told = self.read(value, &name)?;
                    bytes += told.schema.len();
                    if bytes > ANSWER_BYTES_MAX {
                        return Ok(Answer::Refused(format!(
                            "with its references it is longer than {ANSWER_BYTES_MAX} bytes"
                        )));
                    }
                    tasks.push(Task::Add(told.schema));
                    tasks.extend(told.references.into_iter().rev().map(Task::Ask));
                }
                Outcome::Absent => return Ok(Answer::Refused(format!("there is no {name}"))),
                Outcome::Huge => return Ok(Answer::Refused(format!("{name} is longer than {ANSWER_BYTES_MAX} bytes"))),
            }
        }
        Ok(Answer::Schema(Arc::new(RegisteredSchema { schema: told.schema, references })))
    }

    /// Registers a schema under a subject, if it is not there yet; returns its number.
    ///
    /// # Errors
    /// As [`Registry::schema`]; the registry does not take the schema.
    pub async fn register(&mut self, subject: &str, schema: &str, grants: &Grants) -> Result<u32, TransportError> {
        if matches!(subject, "" | "." | "..") {
            return Err(TransportError::Fatal(format!("'{subject}' is no subject of a schema registry")));
        }
        #[derive(Deserialize)]
        struct Registered {
            id: u32,
        }
        let body = json!({ "schema": schema });
        match self.ask(Method::POST, &["subjects", subject, "versions"], Some(&body), grants).await? {
            Outcome::Json(value) => Ok(self.read::<Registered>(value, &format!("subject '{subject}'"))?.id),
            Outcome::Absent => Err(self.wrong(&format!("it takes no schemas for subject '{subject}'"))),
            Outcome::Huge => Err(self.wrong(&format!("its answer is longer than {ANSWER_BYTES_MAX} bytes"))),
        }
    }

    fn read<T: serde::de::DeserializeOwned>(&self, value: Value, what: &str) -> Result<T, TransportError> {
        serde_json::from_value(value)
            .map_err(|e| self.wrong(&format!("what it says of {what} is not what registries say: {e}")))
    }

    /// An error of what the URL that answered last said.
    fn wrong(&self, why: &str) -> TransportError {
        let url = self.urls.get(self.first).map(shown).unwrap_or_default();
        TransportError::Fatal(format!("schema registry {url}: {why}"))
    }

    /// Asks one URL after the other, several times if none can be reached; what one refuses is not asked of others.
    async fn ask(
        &mut self,
        method: Method,
        path: &[&str],
        body: Option<&Value>,
        grants: &Grants,
    ) -> Result<Outcome, TransportError> {
        let client = match &self.client {
            Some(client) => client.clone(),
            None => self.client.insert(client(grants)?).clone(),
        };
        let mut failed = TransportError::Fatal("the schema registry has no URL".into());
        for round in 0..ROUNDS {
            if round > 0 {
                tokio::time::sleep(WAIT * (1 << (round - 1))).await;
            }
            for turn in 0..self.urls.len() {
                let at = (self.first + turn) % self.urls.len();
                match self.ask_one(&client, &self.urls[at], method.clone(), path, body, grants).await {
                    Ok(outcome) => {
                        self.first = at;
                        return Ok(outcome);
                    }
                    Err(e @ TransportError::Transient(_)) => failed = e,
                    Err(e) => return Err(e),
                }
            }
        }
        Err(failed)
    }

    async fn ask_one(
        &self,
        client: &Client,
        base: &Url,
        method: Method,
        path: &[&str],
        body: Option<&Value>,
        grants: &Grants,
    ) -> Result<Outcome, TransportError> {
        check(base, grants)?;
        let mut url = base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        let what = format!("schema registry: {method} {}", shown(&url));
        let mut request =
            self.authorized(client.request(method, url)).header(ACCEPT, format!("{MEDIA_TYPE}, application/json"));
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, MEDIA_TYPE).body(body.to_string());
        }
        let timeout = self.config.registry_timeout_secs.map_or(TIMEOUT, |secs| Duration::from_secs(secs as u64));
        let response = request.timeout(timeout).send().await.map_err(|e| told(&what, e))?;
        let status = response.status();
        let text = answer(response).await.map_err(|e| told(&what, e))?;
        let value: Option<Value> = text.as_deref().and_then(|text| serde_json::from_slice(text).ok());
        if status.is_success() {
            return match (text, value) {
                (None, _) => Ok(Outcome::Huge),
                (_, Some(value)) => Ok(Outcome::Json(value)),
                (_, None) => Err(TransportError::Fatal(format!("{what}: the answer is no JSON: is there a registry?"))),
            };
        }
        let code = value.as_ref().and_then(|value| value["error_code"].as_u64());
        if status == StatusCode::NOT_FOUND && code.is_some() {
            return Ok(Outcome::Absent);
        }
        let mut message = format!("{what}: the server answered {status}");
        if let Some(said) = value.as_ref().and_then(|value| value["message"].as_str()) {
            message.push_str(": ");
            message.extend(said.chars().take(SAID_CHARS_MAX).map(|c| if c.is_control() { ' ' } else { c }));
        }
        Err(answered(status, message))
    }

    fn authorized(&self, request: RequestBuilder) -> RequestBuilder {
        let config = &self.config;
        match (&config.registry_username, &config.registry_authorization_token) {
            (Some(name), _) => request.basic_auth(name, config.registry_password.as_ref()),
            (None, Some(token)) => request.bearer_auth(token),
            (None, None) => request,
        }
    }
}

/// The bytes of an answer; `None`: there are too many.
async fn answer(mut response: Response) -> reqwest::Result<Option<Vec<u8>>> {
    let mut text = Vec::new();
    while let Some(bytes) = response.chunk().await? {
        if text.len() + bytes.len() > ANSWER_BYTES_MAX {
            return Ok(None);
        }
        text.extend_from_slice(&bytes);
    }
    Ok(Some(text))
}
