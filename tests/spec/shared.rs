//! The server that all rules are shown on, and answers as they came.

use crate::support::Server;
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::Value;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{LazyLock, OnceLock};
use tokio::runtime::Runtime;

/// One runtime for all tests: connections belong to the runtime that opened them.
struct Shared {
    runtime: Runtime,
    server: Server,
}

static SHARED: LazyLock<Shared> = LazyLock::new(|| {
    let runtime = Runtime::new().expect("a runtime");
    let dir = tempfile::tempdir().expect("a folder").keep();
    let server = Server::start(&dir);
    PID.store(server.pid() as i32, Ordering::Relaxed);
    FOLDER.set(dir).expect("it is made once");
    // SAFETY: the function it is given only sends a signal and removes files.
    assert_eq!(unsafe { libc::atexit(end) }, 0);
    Shared { runtime, server }
});
static PID: AtomicI32 = AtomicI32::new(0);
static FOLDER: OnceLock<PathBuf> = OnceLock::new();

/// Statics are not dropped, so the server is ended when the tests are.
extern "C" fn end() {
    // SAFETY: kill only sends a signal, to a child that nobody has waited for.
    unsafe { libc::kill(PID.load(Ordering::Relaxed), libc::SIGKILL) };
    if let Some(folder) = FOLDER.get() {
        // What is left behind is in the folder for temporary files.
        let _ = std::fs::remove_dir_all(folder);
    }
}

/// Runs a test on the shared server.
pub(crate) fn on_shared(test: impl AsyncFnOnce(&'static Server)) {
    let shared = &*SHARED;
    shared.runtime.block_on(test(&shared.server));
}

/// The folder of the shared server's data.
pub(crate) fn folder() -> PathBuf {
    FOLDER.get().expect("the server runs").clone()
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    /// That it has no body, and says so as clients of this generation expect.
    pub(crate) fn is_empty(&self, status: u16) {
        assert_eq!(
            (self.status, self.header("content-length"), self.body.as_str()),
            (status, Some("0"), ""),
            "{self:?}"
        );
    }

    /// That it is an error of the API's form; returns its `details`.
    pub(crate) fn is_error(&self, status: u16, code: &str) -> Value {
        let error = self.json();
        assert_eq!((self.status, error["error_code"].as_str()), (status, Some(code)), "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/json"), "{self:?}");
        assert!(error["message"].as_str().is_some_and(|m| !m.is_empty()), "{self:?}");
        assert_eq!(error.as_object().unwrap().len(), 3, "{self:?}");
        error["details"].clone()
    }

    /// That it is an error of an extractor: a text.
    pub(crate) fn is_text(&self, status: u16, text: &str) {
        assert_eq!((self.status, self.body.as_str()), (status, text), "{self:?}");
        assert_eq!(self.header("content-type"), Some("text/plain; charset=utf-8"), "{self:?}");
    }
}

/// A request with these headers and this body; none if it is empty.
pub(crate) async fn request(
    server: &Server,
    method: Method,
    path: &str,
    headers: &[(&'static str, &str)],
    body: &str,
) -> Answer {
    static CLIENT: LazyLock<reqwest::Client> = LazyLock::new(reqwest::Client::new);
    let mut request = CLIENT.request(method, server.url(path));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if !body.is_empty() {
        request = request.body(body.to_owned());
    }
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, body: String::from_utf8_lossy(&response.bytes().await.unwrap()).into_owned() }
}

/// A request without a body.
pub(crate) async fn ask(server: &Server, method: Method, path: &str) -> Answer {
    request(server, method, path, &[], "").await
}

/// A request with a JSON body.
pub(crate) async fn send(server: &Server, method: Method, path: &str, body: &Value) -> Answer {
    request(server, method, path, &[("content-type", "application/json")], &body.to_string()).await
}

/// Makes, compiles and starts a pipeline, paused.
pub(crate) async fn run_paused(server: &Server, name: &str, program: &str) {
    server.create(name, program).await;
    server.action(name, "pause").await;
    server.until_status(name, "Paused").await;
}

/// The keys of an object, in the order of the text.
pub(crate) fn keys(object: &Value) -> Vec<&str> {
    object.as_object().expect("an object").keys().map(String::as_str).collect()
}
