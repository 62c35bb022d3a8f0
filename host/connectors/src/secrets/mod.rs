//! What connectors keep secret: references to secrets within the texts of a configuration, which are replaced by their values when a pipeline starts, and nowhere
//! else told; and the texts of keys that hold secrets, which are not shown.

mod hidden;
mod masked;
mod reference;

use crate::Grants;
use crate::config::{ConnectorConfig, FormatSpec};
pub use hidden::Hidden;
use reference::{Reference, replaced};
pub(crate) use reference::{check, possible, restored};
use serde_json::Value;
use std::fmt;

/// Bytes of one secret: keys and chains of certificates have some thousands.
pub(crate) const SECRET_BYTES_MAX: usize = 64 << 10;
/// Bytes of all values that are put into a configuration: a reference is short, and there may be many.
const REPLACED_BYTES_MAX: usize = 1 << 20;

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
}
