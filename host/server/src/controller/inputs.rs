//! The input endpoints of a running pipeline. They live as long as it does.

use super::endpoint::{EndpointConfig, InputEndpoint};
use parking_lot::Mutex;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;
use weir_connectors::FormatSpec;

/// Requests that may feed one pipeline at once.
pub const INPUT_REQUESTS_MAX: usize = 100;
/// Endpoints that requests may make. Each spelling of a table and each format makes one, so clients need few.
pub const INPUT_ENDPOINTS_MAX: usize = 1_000;

/// The input endpoints by name.
#[derive(Debug)]
pub(super) struct Inputs {
    all: Mutex<Endpoints>,
    requests: Arc<Semaphore>,
}

#[derive(Debug, Default)]
struct Endpoints {
    by_name: BTreeMap<String, Arc<InputEndpoint>>,
    /// Those that requests feed: by the table as it was spelled, and the format.
    by_request: HashMap<(String, String), Arc<InputEndpoint>>,
}

impl Default for Inputs {
    fn default() -> Self {
        Inputs { all: Mutex::default(), requests: Arc::new(Semaphore::new(INPUT_REQUESTS_MAX)) }
    }
}

impl Inputs {
    /// Lets a request in; `None`: too many are there.
    pub(super) fn admit(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.requests).try_acquire_owned().ok()
    }

    /// The endpoint of requests that spell a table so and have that format, made at the first of them; `None`: there are too many.
    pub(super) fn of_requests(
        &self,
        spelled: &str,
        table: usize,
        name: &str,
        format: FormatSpec,
    ) -> Option<Arc<InputEndpoint>> {
        let mut all = self.all.lock();
        let key = (spelled.to_owned(), format!("{} {}", format.name, format.config));
        if let Some(endpoint) = all.by_request.get(&key) {
            return Some(Arc::clone(endpoint));
        }
        if all.by_request.len() >= INPUT_ENDPOINTS_MAX {
            return None;
        }
        let endpoint_name = format!("api-ingress-{spelled}-{}", Uuid::new_v4());
        let config = EndpointConfig::http_input(&endpoint_name, name, format);
        let endpoint = Arc::new(InputEndpoint::new(endpoint_name, config, table, true));
        all.by_request.insert(key, Arc::clone(&endpoint));
        all.by_name.insert(endpoint.name.clone(), Arc::clone(&endpoint));
        Some(endpoint)
    }

    /// Adds the endpoint of a connector.
    pub(super) fn add(&self, endpoint: Arc<InputEndpoint>) {
        self.all.lock().by_name.insert(endpoint.name.clone(), endpoint);
    }

    /// The endpoint of that name.
    pub(super) fn find(&self, name: &str) -> Option<Arc<InputEndpoint>> {
        self.all.lock().by_name.get(name).cloned()
    }

    /// All of them, by name.
    pub(super) fn list(&self) -> Vec<Arc<InputEndpoint>> {
        self.all.lock().by_name.values().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn one_endpoint_for_each_spelling_and_format() {
        let inputs = Inputs::default();
        let make = |spelled: &str, array: bool| {
            let format = FormatSpec { name: "json".into(), config: json!({ "array": array }) };
            inputs.of_requests(spelled, 0, "t", format)
        };
        let first = make("t", true).unwrap();
        assert!(first.name.starts_with("api-ingress-t-"), "{}", first.name);
        assert!(Arc::ptr_eq(&first, &make("t", true).unwrap()));
        assert!(!Arc::ptr_eq(&first, &make("t", false).unwrap()));
        assert!(!Arc::ptr_eq(&first, &make("T", true).unwrap()));
        assert_eq!(inputs.list().len(), 3);
        assert!(inputs.find(&first.name).is_some() && inputs.find("t.c").is_none());
        for i in 3..INPUT_ENDPOINTS_MAX {
            assert!(make(&i.to_string(), true).is_some());
        }
        assert!(make("another", true).is_none());
        assert!(make("t", true).is_some());
        let permits: Vec<_> = (0..INPUT_REQUESTS_MAX).map(|_| inputs.admit().unwrap()).collect();
        assert!(inputs.admit().is_none());
        drop(permits);
        assert!(inputs.admit().is_some());
    }
}
