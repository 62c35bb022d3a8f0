//! `kafka_input` and `kafka_output`, on librdkafka.

mod input;
mod offsets;
mod options;
mod output;

pub(crate) use input::source;
pub(crate) use output::sink;

use crate::{Grants, TransportError};
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use std::sync::{Arc, Mutex, PoisonError};

/// What a client says of itself between answers: the reason of the last error is better than its code.
#[derive(Clone, Debug, Default)]
struct Told(Arc<Mutex<Option<String>>>);

impl Told {
    /// Keeps the reason of an error.
    fn error_came(&self, error: KafkaError, reason: &str) {
        tracing::debug!(target: "weir::kafka", %error, "{reason}");
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason.to_owned());
    }

    fn last(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// An error with the reason that came last.
    fn error(&self, what: &str, e: &KafkaError) -> TransportError {
        let why = self.last().unwrap_or_else(|| plain(e));
        let message = format!("{what}: {why}");
        if is_final(e) { TransportError::Fatal(message) } else { TransportError::Transient(message) }
    }
}

impl ClientContext for Told {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        // librdkafka's own lines name threads and brokers; whoever operates the server may read them.
        tracing::debug!(target: "weir::kafka", ?level, facility, "{message}");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.error_came(error, reason);
    }
}

/// Does what waits for threads of the library elsewhere.
fn aside(what: impl FnOnce() + Send + 'static) {
    match tokio::runtime::Handle::try_current() {
        Ok(runtime) => drop(runtime.spawn_blocking(what)),
        Err(_) => what(),
    }
}

/// An error without the library's own words around it.
fn plain(e: &KafkaError) -> String {
    e.rdkafka_error_code().map_or_else(|| e.to_string(), |code| code.to_string())
}

/// Whether trying again cannot help.
fn is_final(e: &KafkaError) -> bool {
    let code = e.rdkafka_error_code();
    matches!(e, KafkaError::ClientConfig(..) | KafkaError::ClientCreation(_) | KafkaError::MessageConsumptionFatal(_))
        || matches!(
            code,
            Some(
                Code::Authentication
                    | Code::SaslAuthenticationFailed
                    | Code::UnsupportedSASLMechanism
                    | Code::TopicAuthorizationFailed
                    | Code::ClusterAuthorizationFailed
                    | Code::AutoOffsetReset
                    | Code::InvalidTopic
                    | Code::MessageSizeTooLarge
                    | Code::UnsupportedFeature
                    | Code::Fatal
            )
        )
}

/// Brokers tell their clients where to go on, and a client goes there: that cannot be checked, so that it has to be granted.
fn check(grants: &Grants) -> Result<(), TransportError> {
    if grants.private_networks {
        return Ok(());
    }
    let message = "connectors may not reach Kafka: its brokers tell clients which addresses to connect to, private ones included; the \
        server's operator allows that with --connect-private";
    Err(TransportError::Fatal(message.into()))
}
