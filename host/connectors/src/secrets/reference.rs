//! References to secrets, within texts and within configurations.

use crate::config::Object;
use serde_json::Value;
use serde_json::value::RawValue;
use std::fmt;

/// Bytes of a variable's name, and of a key's.
const NAME_BYTES_MAX: usize = 253;
/// Bytes of a secret's name, which is a label of DNS.
const LABEL_BYTES_MAX: usize = 63;
/// What may stand for a value that nobody knows while a program is compiled: a number or part of a name, a delimiter, a URL.
const STAND_INS: [&str; 3] = ["1", ";", "https://1/"];

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

pub(super) enum Part<'t> {
    Text(&'t str),
    Reference(Reference),
}

/// A text as what is between references, and these.
pub(super) fn parts(text: &str) -> Result<Vec<Part<'_>>, BadReference> {
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
pub(super) fn replaced<E>(value: &Value, with: &mut dyn FnMut(Reference) -> Result<String, E>) -> Result<Value, E> {
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
