//! Configurations as they may be shown: without what keys of secrets hold.

use super::reference::{Part, parts};
use crate::ConnectorConfig;
use ::url::Url;
use serde_json::Value;

/// What is shown instead of a secret.
const MASK: &str = "***";

impl ConnectorConfig {
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
    use crate::{FormatSpec, TransportSpec};
    use serde_json::json;

    fn config(transport: Value, format: Value) -> ConnectorConfig {
        let transport = TransportSpec { name: "url_input".into(), config: transport };
        ConnectorConfig::new(transport, Some(FormatSpec { name: "json".into(), config: format }))
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
