//! What connectors keep secret: references to secrets within the texts of a configuration, which are replaced by their values when a pipeline starts, and nowhere
//! else told; and the texts of keys that hold secrets, which are not shown.

use crate::config::{ConnectorConfig, FormatSpec, Object};
use crate::{Grants, TransportError};
use ::url::Url;
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// Bytes of one secret: keys and chains of certificates have some thousands.
pub(crate) const SECRET_BYTES_MAX: usize = 64 << 10;
/// Bytes of all values that are put into a configuration: a reference is short, and there may be many.
const REPLACED_BYTES_MAX: usize = 1 << 20;
/// Bytes of a variable's name, and of a key's.
const NAME_BYTES_MAX: usize = 253;
/// Bytes of a secret's name, which is a label of DNS.
const LABEL_BYTES_MAX: usize = 63;
/// What may stand for a value that nobody knows while a program is compiled: a number or part of a name, a delimiter, a URL.
const STAND_INS: [&str; 3] = ["1", ";", "https://1/"];
/// Parts of a secret that are this short are told: they are in every other text.
const PART_BYTES_MIN: usize = 4;
/// What is shown instead of a secret.
const MASK: &str = "***";

/// A secret by where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reference {
    /// A variable of the server's environment.
    Env(String),
    /// A file of the folder of secrets, as Kubernetes mounts them.
    Kubernetes { name: String, key: String },
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reference::Env(name) => write!(f, "${{env:{name}}}"),
            Reference::Kubernetes { name, key } => write!(f, "${{secret:kubernetes:{name}/{key}}}"),
        }
    }
}

/// A reference that is none, and where it stands.
#[derive(Debug)]
pub(crate) struct BadReference {
    pub(crate) offset: usize,
    pub(crate) length: usize,
    pub(crate) message: String,
    pub(crate) hint: &'static str,
}

const ENV_HINT: &str = "write ${env:NAME}, the name of a variable of the server's that its operator granted";
const SECRET_HINT: &str = "write ${secret:kubernetes:NAME/KEY}, both of lowercase letters, digits and '-'; a KEY may have capitals, '_' and '.', too";

enum Part<'t> {
    Text(&'t str),
    Reference(Reference),
}

/// A text as what is between references, and these.
fn parts(text: &str) -> Result<Vec<Part<'_>>, BadReference> {
    let (mut parts, mut done, mut from) = (Vec::new(), 0, 0);
    while let Some(at) = text[from..].find("${").map(|at| from + at) {
        let inner = &text[at + 2..];
        if !inner.starts_with("env:") && !inner.starts_with("secret:") {
            from = at + 2;
            continue;
        }
        let hint = if inner.starts_with("env:") { ENV_HINT } else { SECRET_HINT };
        let Some(end) = inner.find('}') else {
            let message = "a reference to a secret begins here, and does not end".into();
            return Err(BadReference { offset: at, length: text.len() - at, message, hint });
        };
        let reference = reference(&inner[..end]).ok_or_else(|| {
            let message = format!("'${{{}}}' is no reference to a secret", &inner[..end]);
            BadReference { offset: at, length: end + 3, message, hint }
        })?;
        parts.push(Part::Text(&text[done..at]));
        parts.push(Part::Reference(reference));
        (done, from) = (at + end + 3, at + end + 3);
    }
    parts.push(Part::Text(&text[done..]));
    Ok(parts)
}

fn reference(inner: &str) -> Option<Reference> {
    if let Some(name) = inner.strip_prefix("env:") {
        let is_name = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            && name.bytes().next().is_some_and(|b| !b.is_ascii_digit())
            && name.len() <= NAME_BYTES_MAX;
        return is_name.then(|| Reference::Env(name.into()));
    }
    let (name, key) = inner.strip_prefix("secret:kubernetes:")?.split_once('/')?;
    let is_label = !name.is_empty()
        && name.len() <= LABEL_BYTES_MAX
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-');
    let is_key = !key.is_empty()
        && key.len() <= NAME_BYTES_MAX
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        && !key.starts_with("..")
        && key != ".";
    (is_label && is_key).then(|| Reference::Kubernetes { name: name.into(), key: key.into() })
}

/// Looks for references that are none in a JSON value that serde has read as a whole; offsets are from its text's beginning.
pub(crate) fn check(raw: &RawValue) -> Result<(), BadReference> {
    let text = raw.get();
    let within = |part: &RawValue| {
        // What was read without a copy lies within the text.
        let offset = (part.get().as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
        check(part).map_err(|e| BadReference { offset: offset + e.offset, ..e })
    };
    match text.bytes().next() {
        Some(b'{') => {
            let Ok(Object(members)) = serde_json::from_str(text) else { return Ok(()) };
            members.iter().try_for_each(|(_, value)| within(value))
        }
        Some(b'[') => {
            let Ok(values) = serde_json::from_str::<Vec<&RawValue>>(text) else { return Ok(()) };
            values.into_iter().try_for_each(within)
        }
        Some(b'"') => {
            let Ok(read) = serde_json::from_str::<String>(text) else { return Ok(()) };
            parts(&read).map(drop).map_err(|e| {
                // Where it is written without escapes, that part of the text; else all of it.
                let part = &read[e.offset..e.offset + e.length];
                match text.find(part) {
                    Some(offset) => BadReference { offset, ..e },
                    None => BadReference { offset: 0, length: text.len(), ..e },
                }
            })
        }
        _ => Ok(()),
    }
}

/// A value with its references replaced.
fn replaced<E>(value: &Value, with: &mut dyn FnMut(Reference) -> Result<String, E>) -> Result<Value, E> {
    Ok(match value {
        Value::String(text) => match parts(text) {
            Ok(parts) => {
                let mut out = String::new();
                for part in parts {
                    match part {
                        Part::Text(text) => out.push_str(text),
                        Part::Reference(reference) => out.push_str(&with(reference)?),
                    }
                }
                out.into()
            }
            // The compiler refuses such.
            Err(_) => value.clone(),
        },
        Value::Array(of) => Value::Array(of.iter().map(|v| replaced(v, with)).collect::<Result<_, E>>()?),
        Value::Object(of) => {
            let member = |(key, value): (&String, &Value)| Ok((key.clone(), replaced(value, with)?));
            Value::Object(of.iter().map(member).collect::<Result<_, E>>()?)
        }
        other => other.clone(),
    })
}

fn has_references(value: &Value) -> bool {
    match value {
        Value::String(text) => parts(text).is_ok_and(|parts| parts.len() > 1),
        Value::Array(of) => of.iter().any(has_references),
        Value::Object(of) => of.values().any(has_references),
        _ => false,
    }
}

/// Reads a configuration whose secrets nobody knows yet: as it is written, or, if that is refused, with what may stand for them. So it is refused only if what is
/// wrong is not the secrets' doing, and then as it is written.
pub(crate) fn possible<T, E>(written: &Value, read: impl Fn(Option<&Value>) -> Result<T, E>) -> Result<T, E> {
    let refused = match read(None) {
        Ok(read) => return Ok(read),
        Err(refused) => refused,
    };
    if has_references(written) {
        for stand_in in STAND_INS {
            let with = replaced(written, &mut |_| Ok::<_, E>(stand_in.into()))?;
            if let Ok(read) = read(Some(&with)) {
                return Ok(read);
            }
        }
    }
    Err(refused)
}

/// A format's configuration with its defaults, and its references as they are written.
pub(crate) fn restored(mut shown: Value, written: &Value) -> Value {
    if let (Value::Object(shown), Value::Object(written)) = (&mut shown, written) {
        for (key, value) in written.iter().filter(|(_, value)| has_references(value)) {
            shown.insert(key.clone(), value.clone());
        }
    }
    shown
}

/// Why there is no value for a reference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reference}: {why}")]
pub struct SecretError {
    reference: String,
    why: String,
}

/// A connector's configuration with the values of its secrets.
pub struct Resolved {
    /// The transport's configuration, as it reads it.
    pub transport: String,
    /// The format.
    pub format: Option<FormatSpec>,
    /// What must not be told.
    pub hidden: Hidden,
}

impl fmt::Debug for Resolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolved").field("hidden", &self.hidden).finish_non_exhaustive()
    }
}

impl ConnectorConfig {
    /// The configuration with the values of all secrets that it refers to.
    ///
    /// # Errors
    /// One that the operator did not grant, or that is not there.
    pub fn resolve(&self, grants: &Grants) -> Result<Resolved, SecretError> {
        let mut hidden = Hidden::default();
        let mut bytes = 0;
        let mut value = |reference: Reference| {
            let error = |why: String| SecretError { reference: reference.to_string(), why };
            let value = match &reference {
                Reference::Env(name) => grants.variable(name),
                Reference::Kubernetes { name, key } => grants.secret(name, key),
            };
            let value = value.map_err(error)?;
            bytes += value.len();
            if bytes > REPLACED_BYTES_MAX {
                return Err(error(format!(
                    "the connector's secrets have more than {REPLACED_BYTES_MAX} bytes together"
                )));
            }
            hidden.add(&value, &reference.to_string());
            Ok(value)
        };
        let transport = match &self.transport.config {
            Value::Null => "{}".into(),
            config => replaced(config, &mut value)?.to_string(),
        };
        let format = match &self.format {
            Some(format) => {
                Some(FormatSpec { name: format.name.clone(), config: replaced(&format.config, &mut value)? })
            }
            None => None,
        };
        hidden.sort();
        Ok(Resolved { transport, format, hidden })
    }

    /// The configuration as it may be shown: without what keys of secrets hold. References stay, since they tell nothing.
    #[must_use]
    pub fn masked(&self) -> ConnectorConfig {
        let mut shown = self.clone();
        mask(&mut shown.transport.config, false);
        if let Some(format) = &mut shown.format {
            mask(&mut format.config, false);
        }
        shown
    }
}

/// Values that must not be told, each with the reference that is told instead.
#[derive(Clone, Default)]
pub struct Hidden {
    /// Forms in lower case, the longest first.
    forms: Vec<(String, String)>,
    references: Vec<String>,
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Hidden").field(&self.references).finish()
    }
}

impl Hidden {
    fn add(&mut self, value: &str, reference: &str) {
        if self.references.iter().any(|r| r == reference) {
            return;
        }
        self.references.push(reference.into());
        let mut forms = vec![value.to_owned(), value.trim().to_owned()];
        // As errors quote it.
        forms.extend([format!("{value:?}"), Value::from(value).to_string()].map(|q| q[1..q.len() - 1].to_owned()));
        let mut parts: Vec<String> = Vec::new();
        // Lines are told one by one.
        parts.extend(value.lines().map(|line| line.trim().to_owned()));
        // As URLs have it: put into each of their parts, and escaped for them.
        for (before, behind) in [("https://h/", ""), ("https://h/?", ""), ("https://", "/")] {
            if let Ok(url) = Url::parse(&format!("{before}{value}{behind}")) {
                let whole = &url.as_str()[before.len().min(url.as_str().len())..];
                parts.push(whole.strip_suffix(behind).unwrap_or(whole).to_owned());
                parts.extend([url.host_str(), url.fragment()].into_iter().flatten().map(str::to_owned));
            }
        }
        if let Ok(mut url) = Url::parse("https://h/") {
            url.set_path(value);
            parts.push(url.path().trim_start_matches('/').into());
            url.set_query(Some(value));
            parts.push(url.query().unwrap_or("").into());
        }
        parts.push(::url::form_urlencoded::byte_serialize(value.as_bytes()).collect());
        // A URL as others tell it: with a '/', without its password, or but its host.
        if let Ok(url) = Url::parse(value) {
            parts.extend([url.to_string(), crate::url::shown(&url), url.path().to_owned()]);
            parts.extend([url.host_str(), url.password(), url.query()].into_iter().flatten().map(str::to_owned));
        }
        forms.extend(parts.into_iter().filter(|part| part.len() >= PART_BYTES_MIN));
        forms.retain(|form| !form.is_empty());
        self.forms.extend(forms.into_iter().map(|form| (form.to_ascii_lowercase(), reference.to_owned())));
    }

    fn sort(&mut self) {
        self.forms.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.cmp(b)));
        self.forms.dedup();
    }

    /// A text without the values.
    pub fn hide<'t>(&self, text: &'t str) -> Cow<'t, str> {
        // Byte for byte as long.
        let lower = if self.forms.is_empty() { String::new() } else { text.to_ascii_lowercase() };
        if !self.forms.iter().any(|(form, _)| lower.contains(form)) {
            return text.into();
        }
        let (mut out, mut at) = (String::new(), 0);
        while let Some(c) = text[at..].chars().next() {
            match self.forms.iter().find(|(form, _)| lower[at..].starts_with(form)) {
                Some((form, reference)) => {
                    out.push_str(reference);
                    at += form.len();
                }
                None => {
                    out.push(c);
                    at += c.len_utf8();
                }
            }
        }
        out.into()
    }

    /// An error without the values.
    #[must_use]
    pub fn error(&self, e: TransportError) -> TransportError {
        match e {
            TransportError::Transient(message) => TransportError::Transient(self.hide(&message).into()),
            TransportError::Fatal(message) => TransportError::Fatal(self.hide(&message).into()),
        }
    }

    /// What is wrong with a configuration. With secrets in it nothing of it is told but the key: messages quote values, and parts of them.
    pub fn wrong(&self, what: &str, key: Option<&str>, message: &str) -> String {
        if self.references.is_empty() {
            return message.to_owned();
        }
        let key = key.map(|key| format!("'{key}' of ")).unwrap_or_default();
        format!("{key}the configuration of its {what} is not right with the values of {}", self.references.join(", "))
    }
}

/// What the name of a key that holds a secret has in it.
const SECRET_KEYS: [&str; 11] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "credential",
    "authorization",
    "private_key",
    "key.pem",
    "jaas",
    "oauthbearer.config",
];

fn names_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    key.ends_with("_key") || SECRET_KEYS.iter().any(|part| key.contains(part))
}

/// Takes away what must not be shown; `secret`: the value of such a key.
fn mask(value: &mut Value, secret: bool) {
    match value {
        Value::Object(of) => of.iter_mut().for_each(|(key, value)| mask(value, names_secret(key))),
        Value::Array(of) => of.iter_mut().for_each(|value| mask(value, secret)),
        Value::Number(_) if secret => *value = MASK.into(),
        Value::String(text) if secret => {
            let told =
                parts(text).is_ok_and(|parts| parts.iter().all(|p| !matches!(p, Part::Text(t) if !t.is_empty())));
            if !told {
                *value = MASK.into();
            }
        }
        Value::String(text) => {
            if text.contains('@')
                && let Ok(mut url) = Url::parse(text)
                && url.password().is_some()
                && url.set_password(Some(MASK)).is_ok()
            {
                *value = String::from(url).into();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TransportSpec;
    use serde_json::json;

    fn config(transport: Value, format: Value) -> ConnectorConfig {
        let transport = TransportSpec { name: "url_input".into(), config: transport };
        ConnectorConfig::new(transport, Some(FormatSpec { name: "json".into(), config: format }))
    }

    #[test]
    fn references_and_what_is_none() {
        let count =
            |text: &str| parts(text).map(|p| p.len() / 2).map_err(|e| text[e.offset..e.offset + e.length].to_owned());
        for (text, expected) in [
            ("", Ok(0)),
            ("${env:A}", Ok(1)),
            ("a${env:_a1}b${secret:kubernetes:my-db/Pass_word.1}é", Ok(2)),
            ("$${x} ${ENV:A} ${environment} ${", Ok(0)),
            ("é${env:A", Err("${env:A")),
            ("${env:}", Err("${env:}")),
            ("${env:1A}x", Err("${env:1A}")),
            ("${env:A B}", Err("${env:A B}")),
            ("${env:${env:A}}", Err("${env:${env:A}")),
            ("${secret:vault:a/b}", Err("${secret:vault:a/b}")),
            ("${secret:kubernetes:a}", Err("${secret:kubernetes:a}")),
            ("${secret:kubernetes:A/b}", Err("${secret:kubernetes:A/b}")),
            ("${secret:kubernetes:../b}", Err("${secret:kubernetes:../b}")),
            ("${secret:kubernetes:a/..}", Err("${secret:kubernetes:a/..}")),
            ("${secret:kubernetes:a/b/c}", Err("${secret:kubernetes:a/b/c}")),
            ("${secret:kubernetes:-a/b}", Err("${secret:kubernetes:-a/b}")),
        ] {
            assert_eq!(count(text), expected.map_err(str::to_owned), "{text}");
        }
    }

    #[test]
    fn values_come_from_what_is_granted() {
        let temporary = tempfile::tempdir().unwrap();
        let dir = temporary.path().join("secrets");
        std::fs::create_dir_all(dir.join("db")).unwrap();
        std::fs::create_dir_all(dir.join("..data")).unwrap();
        std::fs::write(dir.join("..data/user"), "scott\r\n").unwrap();
        // As Kubernetes mounts them, and as somebody would to get at others.
        std::os::unix::fs::symlink("../..data/user", dir.join("db/user")).unwrap();
        std::fs::write(temporary.path().join("outside"), "no").unwrap();
        std::os::unix::fs::symlink("../../outside", dir.join("db/out")).unwrap();
        std::fs::write(dir.join("db/long"), vec![b'x'; SECRET_BYTES_MAX + 1]).unwrap();
        std::fs::write(dir.join("db/binary"), [0xff]).unwrap();
        let grants = Grants::default().with_variables(["CARGO_PKG_NAME".to_owned(), "WEIR_TEST_NEVER_SET".to_owned()]);
        let grants = grants.with_secrets(&dir).unwrap();
        let of = |text: &str| config(json!({ "a": [{ "b": text }] }), json!({})).resolve(&grants).map(|r| r.transport);
        assert_eq!(of("<${env:CARGO_PKG_NAME}>").unwrap(), r#"{"a":[{"b":"<weir-connectors>"}]}"#);
        assert_eq!(of("${secret:kubernetes:db/user}").unwrap(), r#"{"a":[{"b":"scott"}]}"#);
        for (text, expected) in [
            ("${env:HOME}", "--connect-env HOME"),
            ("${env:WEIR_TEST_NEVER_SET}", "has no such variable"),
            ("${secret:kubernetes:db/out}", "cannot be read"),
            ("${secret:kubernetes:db/gone}", "there is no file 'db/gone'"),
            ("${secret:kubernetes:other/gone}", "there is no file 'other/gone'"),
            ("${secret:kubernetes:db/long}", "longer than"),
            ("${secret:kubernetes:db/binary}", "no text"),
        ] {
            let e = of(text).unwrap_err().to_string();
            assert!(e.starts_with(text) && e.contains(expected), "{e}");
        }
        let none = config(json!({ "a": "${secret:kubernetes:db/user}" }), json!({})).resolve(&Grants::default());
        assert!(none.unwrap_err().to_string().contains("--connect-secrets DIR"));
        // Many short references to a long one.
        std::fs::write(dir.join("db/large"), vec![b'x'; SECRET_BYTES_MAX]).unwrap();
        let e = of(&"${secret:kubernetes:db/large}".repeat(17)).unwrap_err();
        assert!(e.to_string().contains("together"), "{e}");
    }

    #[test]
    fn what_is_hidden() {
        let mut hidden = Hidden::default();
        hidden.add("pa ss\"wörd", "${env:A}");
        hidden.add("https://user:hush@Example.org/dir?token=abcdef", "${env:U}");
        hidden.add("x", "${env:X}");
        hidden.add("Üb#ss", "${env:F}");
        hidden.sort();
        for told in [
            "it is pa ss\"wörd!",
            r#"it is "pa ss\"wörd"!"#,
            "it is PA SS\"WöRD!",
            "GET https://h/pa%20ss%22w%C3%B6rd",
            "?a=pa+ss%22w%C3%B6rd",
            "GET https://h/?x=%C3%9Cb#ss",
            "GET https://user:hush@Example.org/dir?token=abcdef",
            "GET https://example.org/dir?token=abcdef: refused",
            "no such host: example.org",
            "xyz",
        ] {
            let said = hidden.hide(told);
            assert!(said.contains("${env:"), "{said}");
            for part in ["ss", "SS", "hush", "xample", "abcdef", "xyz"] {
                assert!(!said.contains(part), "{said}");
            }
        }
        assert_eq!(hidden.hide("nothing of that"), "nothing of that");
        assert!(!format!("{hidden:?}").contains("hush"));
        assert!(!hidden.wrong("format", Some("quote"), "'quote' is not pa ss\"wörd").contains("ss\""));
    }

    #[test]
    fn what_is_masked() {
        let shown = config(
            json!({ "path": "https://u:p@example.org/x", "key": "object", "aws_access_key_id": "who", "aws_secret_access_key": "knows",
                "sasl.password": "p", "ssl.key.pem": "p", "fields": { "token": { "values": ["a"] } }, "password": ["a", 5, null],
                "token": "${env:T}", "secret": "a${env:T}" }),
            json!({ "registry_password": "p", "registry_username": "u", "key_fields": ["a"] }),
        )
        .masked();
        let transport = json!({ "path": "https://u:***@example.org/x", "key": "object", "aws_access_key_id": "who", "aws_secret_access_key": "***",
            "sasl.password": "***", "ssl.key.pem": "***", "fields": { "token": { "values": ["a"] } }, "password": ["***", "***", null],
            "token": "${env:T}", "secret": "***" });
        assert_eq!(shown.transport.config, transport);
        let format = json!({ "registry_password": "***", "registry_username": "u", "key_fields": ["a"] });
        assert_eq!(shown.format.unwrap().config, format);
    }
}
