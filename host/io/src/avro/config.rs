//! How Avro messages are to be understood and written.

use super::schema::Parsed;
use crate::format::{FormatError, FormatErrorKind, Options};
use serde::{Deserialize, Serialize};

/// What a message means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AvroUpdateFormat {
    /// A row.
    #[default]
    Raw,
    /// A change event of Debezium's; for input only.
    Debezium,
    /// A row by its key, as Confluent's sink for JDBC reads them; for output only.
    ConfluentJdbc,
}

/// What the key of a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AvroKeyMode {
    /// Messages have none.
    None,
    /// The columns of the connector's index.
    KeyFields,
}

/// Under which name a schema is registered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectNameStrategy {
    /// The topic's, and `-key` or `-value`.
    #[default]
    TopicName,
    /// The record's, with its namespace.
    RecordName,
    /// Both.
    TopicRecordName,
}

/// Where schemas are registered. Who moves the messages asks there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RegistryConfig {
    /// URLs, of which one after the other is tried.
    pub registry_urls: Vec<String>,
    /// Name and password for HTTP's basic authentication.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registry_username: Option<String>,
    /// The password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registry_password: Option<String>,
    /// A token for HTTP's bearer authentication.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registry_authorization_token: Option<String>,
    /// Seconds that a request may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registry_timeout_secs: Option<usize>,
}

impl RegistryConfig {
    fn parse(options: &mut Options<'_>) -> Result<RegistryConfig, FormatError> {
        /// Seconds that anybody waits for.
        const TIMEOUT_SECS_MAX: u64 = 3_600;
        let config = RegistryConfig {
            registry_urls: options.texts("registry_urls")?.unwrap_or_default(),
            registry_username: options.text("registry_username")?,
            registry_password: options.text("registry_password")?,
            registry_authorization_token: options.text("registry_authorization_token")?,
            registry_timeout_secs: options.number("registry_timeout_secs", 1, TIMEOUT_SECS_MAX)?,
        };
        let wrong = |key: &str, why: &str| Err(FormatError::config(key, format!("format 'avro': '{key}' {why}")));
        if let Some(url) = config.registry_urls.iter().find(|u| !u.starts_with("http://") && !u.starts_with("https://"))
        {
            return wrong("registry_urls", &format!("are URLs of http or https, not '{url}'"));
        }
        if config.registry_urls.is_empty() {
            for (key, given) in [
                ("registry_username", config.registry_username.is_some()),
                ("registry_password", config.registry_password.is_some()),
                ("registry_authorization_token", config.registry_authorization_token.is_some()),
                ("registry_timeout_secs", config.registry_timeout_secs.is_some()),
            ] {
                if given {
                    return wrong(key, "is for a registry, and there are no 'registry_urls'");
                }
            }
        }
        if config.registry_username.is_some() != config.registry_password.is_some() {
            return wrong("registry_username", "and 'registry_password' belong together");
        }
        if config.registry_username.is_some() && config.registry_authorization_token.is_some() {
            return wrong("registry_authorization_token", "cannot be beside 'registry_username'");
        }
        Ok(config)
    }
}

/// How Avro messages are to be understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AvroConfig {
    /// What a message means.
    pub update_format: AvroUpdateFormat,
    /// The schema of messages; beside a registry the one that they are resolved to.
    pub schema: Option<String>,
    /// Whether messages begin without the five bytes that name their schema.
    pub skip_schema_id: bool,
    /// The field of a row that says `I`, `U` or `D`: that it comes, or goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cdc_field: Option<String>,
    /// The registry.
    #[serde(flatten)]
    pub registry: RegistryConfig,
}

/// How Avro messages are to be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AvroOutputConfig {
    /// What a message means.
    pub update_format: AvroUpdateFormat,
    /// The schema of rows; `None`: it is made of the view's columns.
    pub schema: Option<String>,
    /// Whether messages begin without the five bytes that name their schema.
    pub skip_schema_id: bool,
    /// A field that rows get, which says `I`, `U` or `D`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cdc_field: Option<String>,
    /// What the key of a message is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_mode: Option<AvroKeyMode>,
    /// Under which names schemas are registered.
    pub subject_name_strategy: SubjectNameStrategy,
    /// The namespace of records, if the schema is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The registry.
    #[serde(flatten)]
    pub registry: RegistryConfig,
}

const UPDATE_FORMATS: [&str; 3] = ["raw", "debezium", "confluent_jdbc"];

/// The update format, which is not the one that goes the other way only; and whether messages name their schema.
fn common(
    options: &mut Options<'_>,
    other: AvroUpdateFormat,
    direction: &str,
) -> Result<(AvroUpdateFormat, Option<String>, bool), FormatError> {
    let update_format: AvroUpdateFormat = options.choice("update_format", &UPDATE_FORMATS)?.unwrap_or_default();
    if update_format == other {
        let message = format!("format 'avro': this update format is none for {direction}");
        return Err(FormatError { kind: FormatErrorKind::Direction, ..FormatError::config("update_format", message) });
    }
    let schema = options.read("schema", "a schema, as an object or as text", |v| match v {
        serde_json::Value::String(text) => Some(text.clone()),
        v @ serde_json::Value::Object(_) => Some(v.to_string()),
        _ => None,
    })?;
    if let Some(text) = &schema {
        Parsed::new(text).map_err(|e| FormatError::config("schema", format!("format 'avro': 'schema': {e}")))?;
    }
    // How many threads there are is not the format's business.
    options.number("workers", 1, 1_000)?;
    Ok((update_format, schema, options.flag("skip_schema_id", false)?))
}

impl AvroConfig {
    pub(crate) fn parse(mut options: Options<'_>) -> Result<AvroConfig, FormatError> {
        let (update_format, schema, skip_schema_id) = common(&mut options, AvroUpdateFormat::ConfluentJdbc, "input")?;
        let cdc_field = options.text("cdc_field")?;
        let registry = RegistryConfig::parse(&mut options)?;
        options.end()?;
        let config = AvroConfig { update_format, schema, skip_schema_id, cdc_field, registry };
        if config.schema.is_none() && config.registry.registry_urls.is_empty() {
            let message = "format 'avro' needs a 'schema', or 'registry_urls' to ask for those of messages";
            return Err(FormatError::new(FormatErrorKind::Config, message));
        }
        if config.skip_schema_id && !config.registry.registry_urls.is_empty() {
            let message =
                "format 'avro': with 'skip_schema_id' messages do not say which schema of the registry is theirs";
            return Err(FormatError::config("skip_schema_id", message));
        }
        if config.cdc_field.is_some() && config.update_format != AvroUpdateFormat::Raw {
            return Err(FormatError::config("cdc_field", "format 'avro': 'cdc_field' is for the update format 'raw'"));
        }
        Ok(config)
    }
}

impl AvroOutputConfig {
    pub(crate) fn parse(mut options: Options<'_>) -> Result<AvroOutputConfig, FormatError> {
        let (update_format, schema, skip_schema_id) = common(&mut options, AvroUpdateFormat::Debezium, "output")?;
        let config = AvroOutputConfig {
            update_format,
            schema,
            skip_schema_id,
            cdc_field: options.text("cdc_field")?,
            key_mode: options.choice("key_mode", &["none", "key_fields"])?,
            subject_name_strategy: options
                .choice("subject_name_strategy", &["topic_name", "record_name", "topic_record_name"])?
                .unwrap_or_default(),
            namespace: options.text("namespace")?,
            registry: RegistryConfig::parse(&mut options)?,
        };
        options.end()?;
        let wrong = |key: &str, why: &str| Err(FormatError::config(key, format!("format 'avro': '{key}' {why}")));
        if config.cdc_field.is_some() && config.update_format != AvroUpdateFormat::Raw {
            return wrong("cdc_field", "is for the update format 'raw'");
        }
        if config.cdc_field.as_deref().is_some_and(|f| !super::schema::is_name(f)) {
            return wrong("cdc_field", "is a name of letters, digits and '_'");
        }
        if config.key_mode == Some(AvroKeyMode::None) && config.update_format == AvroUpdateFormat::ConfluentJdbc {
            return wrong("key_mode", "cannot be 'none' with 'confluent_jdbc', whose deletions are but a key");
        }
        if let Some(namespace) = &config.namespace
            && !namespace.split('.').all(super::schema::is_name)
        {
            return wrong("namespace", "is names of letters, digits and '_' with dots in between");
        }
        if config.skip_schema_id && !config.registry.registry_urls.is_empty() {
            return wrong("skip_schema_id", "leaves out what 'registry_urls' are for");
        }
        Ok(config)
    }
}
