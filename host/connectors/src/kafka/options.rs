//! What a program may set of librdkafka. Its options reach files, libraries and memory of the host; those that do are not the program's.

use crate::ConfigError;
use rdkafka::ClientConfig;
use serde_json::{Map, Value};

/// Options that name files or libraries of the host, start programs, or only a library's caller can use.
const REFUSED: [&str; 18] = [
    "plugin.library.paths",
    "ssl.engine.location",
    "ssl.key.location",
    "ssl.certificate.location",
    "ssl.ca.location",
    "ssl.crl.location",
    "ssl.keystore.location",
    "ssl.providers",
    "sasl.kerberos.keytab",
    "sasl.kerberos.kinit.cmd",
    "sasl.oauthbearer.assertion.private.key.file",
    "sasl.oauthbearer.assertion.jwt.template.file",
    "https.ca.location",
    "debug",
    "statistics.interval.ms",
    "offset.store.path",
    "test.mock.num.brokers",
    "test.mock.broker.rtt",
];
/// Words of options that reach what [`REFUSED`] does, in versions of the library to come.
const REFUSED_ENDS: [&str; 5] = [".location", ".path", ".paths", ".file", "_cb"];
/// What options that bound memory and threads may be at most.
const BOUNDS: [(&str, i64); 12] = [
    ("queued.max.messages.kbytes", 65_536),
    ("queued.min.messages", 1_000_000),
    ("fetch.max.bytes", 64 << 20),
    ("fetch.message.max.bytes", 64 << 20),
    ("max.partition.fetch.bytes", 64 << 20),
    ("receive.message.max.bytes", 128 << 20),
    ("message.max.bytes", 32 << 20),
    ("message.copy.max.bytes", 1 << 20),
    ("queue.buffering.max.kbytes", 65_536),
    ("queue.buffering.max.messages", 1_000_000),
    ("max.in.flight.requests.per.connection", 1_000),
    ("batch.size", 32 << 20),
];
/// Bytes of an option's value.
const VALUE_BYTES_MAX: usize = 64 << 10;
/// Brokers to begin with.
const BROKERS_MAX: usize = 32;

/// The client's configuration of the options that are librdkafka's, checked by it.
pub(super) fn client(
    text: &str,
    options: &Map<String, Value>,
    defaults: &[(&str, &str)],
    log_level: Option<&str>,
) -> Result<ClientConfig, ConfigError> {
    let mut client = ClientConfig::new();
    for (key, value) in defaults {
        client.set(*key, *value);
    }
    if let Some(name) = log_level {
        let levels = ["emerg", "alert", "critical", "error", "warning", "notice", "info", "debug"];
        let level = levels.iter().position(|level| *level == name).ok_or_else(|| {
            let hint = format!("known are: {}", levels.join(", "));
            ConfigError { offset: place(text, "log_level"), ..ConfigError::new("there is no such 'log_level'") }
                .with_hint(hint)
        })?;
        client.set("log_level", level.to_string());
    }
    let wrong = |key: &str, message: String| ConfigError { offset: place(text, key), ..ConfigError::new(message) };
    for (key, value) in options {
        let value = match value {
            Value::String(s) => s.clone(),
            Value::Number(n) => n.to_string(),
            Value::Bool(b) => b.to_string(),
            _ => return Err(wrong(key, format!("'{key}' is a text, a number or a boolean"))),
        };
        if REFUSED.contains(&key.as_str()) || REFUSED_ENDS.iter().any(|end| key.ends_with(end)) {
            let problem = wrong(key, format!("'{key}' is not a program's to set: it reaches beyond it"));
            let hint = "certificates and keys are given as texts (ssl.ca.pem, ssl.certificate.pem, ssl.key.pem)";
            return Err(if key.starts_with("ssl") { problem.with_hint(hint) } else { problem });
        }
        if value.len() > VALUE_BYTES_MAX {
            return Err(wrong(key, format!("'{key}' is longer than {VALUE_BYTES_MAX} bytes")));
        }
        if let Some((_, most)) = BOUNDS.iter().find(|(k, _)| k == key)
            && value.parse::<i64>().is_ok_and(|n| n > *most)
        {
            return Err(wrong(key, format!("'{key}' is {most} at most")));
        }
        if matches!(key.as_str(), "enable.auto.commit" | "enable.auto.offset.store") && value != "false" {
            let message = format!("'{key}' must be 'false': offsets are kept with what was made of the messages");
            return Err(wrong(key, message));
        }
        client.set(key, value);
    }
    match client.get("bootstrap.servers") {
        None => {
            let hint = r#"for example "bootstrap.servers": "broker-1:9092,broker-2:9092""#;
            return Err(ConfigError::new("'bootstrap.servers' is missing").with_hint(hint));
        }
        Some(servers) if servers.split(',').count() > BROKERS_MAX => {
            return Err(wrong("bootstrap.servers", format!("there are {BROKERS_MAX} brokers at most")));
        }
        Some(_) => {}
    }
    // The library knows its options best; nothing is connected yet.
    client.create_native_config().map_err(|e| match e {
        rdkafka::error::KafkaError::ClientConfig(_, why, key, _) => wrong(&key, format!("'{key}': {why}")),
        e => ConfigError::new(e.to_string()),
    })?;
    Ok(client)
}

/// Where a key's value is told in the configuration's text.
fn place(text: &str, key: &str) -> Option<usize> {
    let quoted = serde_json::to_string(key).ok()?;
    text.find(&quoted)
}
