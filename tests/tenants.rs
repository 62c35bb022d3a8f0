//! Tenants: keys, tokens, scopes, and that none of them sees, names, guesses or disturbs what is another's.
#![allow(clippy::unwrap_used, reason = "a test that unwraps says where it failed")]

mod support;

use reqwest::{Method, Response};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};
use support::{Server, WEIR};

const PROGRAM: &str =
    "CREATE TABLE t(x INT) WITH ('materialized' = 'true');\nCREATE MATERIALIZED VIEW v AS SELECT x + 1 AS y FROM t;";

/// Runs `weir tenant` on a data folder.
fn tenant(dir: &Path, args: &[&str]) -> Output {
    Command::new(WEIR).arg("tenant").args(args).arg("--data-dir").arg(dir).output().unwrap()
}

/// Makes a tenant; returns its first key.
fn make(dir: &Path, name: &str) -> String {
    let made = tenant(dir, &["create", name, "--json"]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let made: Value = serde_json::from_slice(&made.stdout).unwrap();
    made["api_key"].as_str().unwrap().to_owned()
}

/// One tenant's client.
#[derive(Clone)]
struct Client<'a> {
    server: &'a Server,
    http: reqwest::Client,
    token: String,
}

impl<'a> Client<'a> {
    fn new(server: &'a Server, token: &str) -> Client<'a> {
        Client { server, http: reqwest::Client::new(), token: token.into() }
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Response {
        let mut request = self.http.request(method, self.server.url(path));
        if !self.token.is_empty() {
            request = request.header("Authorization", format!("Bearer {}", self.token));
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        request.send().await.unwrap()
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> (u16, Value) {
        let response = self.send(method, path, body).await;
        let status = response.status().as_u16();
        (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or(Value::Null))
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.call(Method::GET, path, None).await
    }

    /// Makes, compiles and starts a pipeline.
    async fn run(&self, name: &str) {
        let body = json!({ "name": name, "program_code": PROGRAM, "program_config": { "profile": "unoptimized" },
            "runtime_config": { "workers": 1 } });
        assert_eq!(self.call(Method::POST, "/v0/pipelines", Some(&body)).await.0, 201);
        assert_eq!(self.call(Method::POST, &format!("/v0/pipelines/{name}/start"), None).await.0, 202);
        self.until(name, "Running").await;
    }

    async fn until(&self, name: &str, status: &str) {
        let begin = std::time::Instant::now();
        loop {
            let (_, pipeline) = self.get(&format!("/v0/pipelines/{name}?selector=status")).await;
            if pipeline["deployment_status"] == status {
                return;
            }
            assert!(begin.elapsed() < support::PATIENCE, "{pipeline}");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
}

/// Everything of an answer that a client can see, without what differs from request to request anyway.
async fn seen(response: Response) -> (u16, Vec<(String, String)>, Vec<u8>) {
    let status = response.status().as_u16();
    let headers = response.headers().iter();
    let mut headers: Vec<_> = headers
        .filter(|(name, _)| !matches!(name.as_str(), "date" | "x-request-id"))
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    headers.sort();
    (status, headers, response.bytes().await.unwrap().to_vec())
}

fn server(dir: &Path) -> Server {
    Server::start_with(dir, &["--auth", "api-key"])
}

#[tokio::test]
async fn no_route_tells_of_another_tenants_pipeline() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (make(dir.path(), "a"), make(dir.path(), "b"));
    let server = server(dir.path());
    let (a, b) = (Client::new(&server, &a), Client::new(&server, &b));
    // All routes that there are, from the server itself: a new one cannot be forgotten.
    let (_, document) = a.get("/api-doc/openapi.json").await;
    let mut requests = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in ["get", "post", "put", "patch", "delete"].iter().filter(|m| item.get(**m).is_some()) {
            if path.starts_with("/v0/") && path.contains('{') {
                requests.push((method.to_uppercase().parse::<Method>().unwrap(), path.clone()));
            }
        }
    }
    assert!(requests.len() >= 15, "{requests:?}");
    let mut ask = Vec::new();
    for (method, path) in requests {
        for action in ["start", "pause", "shutdown", "nonsense"] {
            let concrete = path
                .replace("{pipeline_name}", "secret")
                .replace("{api_key_name}", "secret")
                .replace("{table_name}", "t")
                .replace("{connector_name}", "c")
                .replace("{action}", action);
            assert!(!concrete.contains('{'), "{concrete}: say what to put in");
            let concrete =
                if concrete.ends_with("/query") { format!("{concrete}?sql=SELECT%20*%20FROM%20t") } else { concrete };
            let body = match method.as_str() {
                // Such a PUT would make one of the tenant's own.
                "PUT" => Some(json!({ "name": "other", "program_code": "" })),
                "PATCH" => Some(json!({ "description": "x" })),
                _ => None,
            };
            if !ask.iter().any(|(m, p, _)| *m == method && *p == concrete) {
                ask.push((method.clone(), concrete, body));
            }
        }
    }
    async fn answers(
        client: &Client<'_>,
        ask: &[(Method, String, Option<Value>)],
    ) -> Vec<(u16, Vec<(String, String)>, Vec<u8>)> {
        let mut all = Vec::new();
        for (method, path, body) in ask {
            all.push(seen(client.send(method.clone(), path, body.as_ref()).await).await);
        }
        all
    }
    let before = answers(&a, &ask).await;
    for ((method, path, _), answer) in ask.iter().zip(&before) {
        assert!((400..=501).contains(&answer.0), "{method} {path}: {answer:?}");
    }
    b.run("secret").await;
    assert_eq!(b.call(Method::POST, "/v0/api_keys", Some(&json!({ "name": "secret" }))).await.0, 201);
    let lists = ["/v0/pipelines", "/v0/api_keys", "/v0/metrics"];
    for list in lists {
        let text = String::from_utf8(seen(a.send(Method::GET, list, None).await).await.2).unwrap();
        assert!(!text.contains("secret") && !text.contains("pipeline-"), "{list}: {text}");
    }
    let after = answers(&a, &ask).await;
    for (((method, path, _), before), after) in ask.iter().zip(before).zip(after) {
        assert_eq!(before, after, "{method} {path} tells whether there is such a one");
    }
    // Nothing of it was disturbed, and its owner finds it.
    let (_, pipeline) = b.get("/v0/pipelines/secret").await;
    assert_eq!((&pipeline["deployment_status"], &pipeline["version"]), (&json!("Running"), &json!(1)));
    assert_eq!(b.get("/v0/api_keys/secret").await.0, 200);
    let (status, _) = b
        .call(Method::POST, "/v0/pipelines/secret/ingress/t?format=json&update_format=raw", Some(&json!({ "x": 1 })))
        .await;
    assert_eq!(status, 200);
    // A name is one's own: the other tenant takes the same, and ends it.
    let same = json!({ "name": "secret", "program_code": "" });
    assert_eq!(a.call(Method::POST, "/v0/pipelines", Some(&same)).await.0, 201);
    assert_eq!(a.call(Method::POST, "/v0/api_keys", Some(&json!({ "name": "secret" }))).await.0, 201);
    assert_eq!(a.call(Method::POST, "/v0/pipelines/secret/shutdown", None).await.0, 202);
    assert_eq!(a.call(Method::DELETE, "/v0/pipelines/secret", None).await.0, 200);
    assert_eq!(a.call(Method::DELETE, "/v0/api_keys/secret", None).await.0, 200);
    assert_eq!(b.get("/v0/pipelines/secret?selector=status").await.1["deployment_status"], "Running");
    assert_eq!(b.get("/v0/api_keys/secret").await.0, 200);
}

#[tokio::test]
async fn whoever_shows_no_key_or_a_wrong_one_is_told_as_clients_expect() {
    let dir = tempfile::tempdir().unwrap();
    let key = make(dir.path(), "a");
    let server = server(dir.path());
    let refused = |response: Response, challenge: &str| {
        assert_eq!(response.status(), 401);
        assert_eq!(response.headers()["www-authenticate"], challenge);
        assert_eq!(response.headers()["content-length"], "0");
    };
    let unauthorized = "Bearer error_description=\"Unauthorized API key\"";
    let mut wrong = key.clone();
    wrong.pop();
    for path in ["/v0/pipelines", "/v0/api_keys", "/v0/nothing", "/v0/metrics"] {
        refused(Client::new(&server, "").send(Method::GET, path, None).await, "Bearer");
        refused(Client::new(&server, "apikey:").send(Method::GET, path, None).await, unauthorized);
        refused(Client::new(&server, &wrong).send(Method::GET, path, None).await, unauthorized);
        refused(Client::new(&server, &format!("{key}x")).send(Method::GET, path, None).await, unauthorized);
        refused(Client::new(&server, "e30.e30.e30").send(Method::GET, path, None).await, unauthorized);
    }
    // A body is read to its end, or the client would not get to read the answer.
    let long = json!({ "name": "p", "program_code": "x".repeat(1 << 20) });
    refused(Client::new(&server, &wrong).send(Method::POST, "/v0/pipelines", Some(&long)).await, unauthorized);
    // What everybody may read.
    for path in ["/config", "/config/authentication", "/healthz", "/api-doc/openapi.json", "/swagger-ui/", "/"] {
        assert_eq!(Client::new(&server, "").send(Method::GET, path, None).await.status(), 200, "{path}");
    }
    let client = Client::new(&server, &key);
    assert_eq!(client.get("/v0/pipelines").await, (200, json!([])));
    assert_eq!(client.send(Method::GET, "/v0/nothing", None).await.status(), 404);
    drop(server);
    // Without authentication, what a request says of itself is ignored.
    let server = Server::start(dir.path());
    assert_eq!(Client::new(&server, &wrong).get("/v0/pipelines").await, (200, json!([])));
}

#[tokio::test]
async fn keys_are_made_listed_and_deleted_and_scopes_hold() {
    let dir = tempfile::tempdir().unwrap();
    let key = make(dir.path(), "a");
    let server = server(dir.path());
    let first = Client::new(&server, &key);
    let (status, made) = first.call(Method::POST, "/v0/api_keys", Some(&json!({ "name": "k" }))).await;
    assert_eq!((status, made.as_object().unwrap().len(), &made["name"]), (201, 3, &json!("k")));
    let secret = made["api_key"].as_str().unwrap();
    assert!(secret.starts_with("apikey:") && secret.len() == 7 + 128);
    let k = json!({ "id": made["id"], "name": "k", "scopes": ["Read", "Write"] });
    assert_eq!(first.get("/v0/api_keys/k").await, (200, json!([k])));
    let (_, all) = first.get("/v0/api_keys").await;
    assert_eq!((all.as_array().unwrap().len(), all.to_string().contains(secret)), (2, false));
    for (body, status, code) in [
        (json!({ "name": "k" }), 409, "DuplicateName"),
        (json!({ "name": "" }), 400, "EmptyName"),
        (json!({ "name": "x".repeat(101) }), 400, "TooLongName"),
        (json!({ "name": "a b" }), 400, "NameDoesNotMatchPattern"),
        (json!({ "name": "n", "scopes": [] }), 400, "NoScopes"),
    ] {
        let (found, error) = first.call(Method::POST, "/v0/api_keys", Some(&body)).await;
        assert_eq!((found, &error["error_code"]), (status, &json!(code)));
    }
    let unknown =
        json!({ "message": "Unknown API key 'n'", "error_code": "UnknownApiKey", "details": { "name": "n" } });
    assert_eq!(first.get("/v0/api_keys/n").await, (404, unknown.clone()));
    assert_eq!(first.call(Method::DELETE, "/v0/api_keys/n", None).await, (404, unknown));

    first.run("p").await;
    let body = json!({ "name": "read", "scopes": ["Read"] });
    let (_, read) = first.call(Method::POST, "/v0/api_keys", Some(&body)).await;
    let read = Client::new(&server, read["api_key"].as_str().unwrap());
    for path in [
        "/v0/pipelines",
        "/v0/pipelines/p",
        "/v0/api_keys",
        "/v0/pipelines/p/stats",
        "/v0/pipelines/p/query?sql=SELECT%201",
    ] {
        assert_eq!(read.send(Method::GET, path, None).await.status(), 200, "{path}");
    }
    assert_eq!(read.send(Method::POST, "/v0/pipelines/p/egress/v?format=json", None).await.status(), 200);
    let row = json!({ "x": 1 });
    for (method, path, body) in [
        (Method::POST, "/v0/pipelines/p/ingress/t?format=json&update_format=raw", Some(&row)),
        (Method::POST, "/v0/pipelines/p/pause", None),
        (Method::POST, "/v0/pipelines/nobodys/pause", None),
        (Method::POST, "/v0/pipelines/p/checkpoint", None),
        (Method::DELETE, "/v0/pipelines/p", None),
        (Method::PATCH, "/v0/pipelines/p", Some(&row)),
        (Method::POST, "/v0/api_keys", Some(&body)),
        (Method::DELETE, "/v0/api_keys/k", None),
    ] {
        let (status, error) = read.call(method.clone(), path, body).await;
        assert_eq!((status, &error["error_code"]), (403, &json!("InsufficientScope")), "{method} {path}");
    }
    let (status, error) = read.get("/v0/pipelines/p/query?sql=INSERT%20INTO%20t%20VALUES%20(7)").await;
    assert_eq!((status, &error["error_code"]), (403, &json!("InsufficientScope")));
    let (_, rows) = first.get("/v0/pipelines/p/query?format=json&sql=SELECT%20*%20FROM%20t").await;
    assert_eq!(rows, Value::Null, "nothing was inserted");
    let body = json!({ "name": "write", "scopes": ["Write"] });
    let (_, write) = first.call(Method::POST, "/v0/api_keys", Some(&body)).await;
    let write = Client::new(&server, write["api_key"].as_str().unwrap());
    assert_eq!(write.get("/v0/pipelines/p").await.0, 403);
    assert_eq!(write.call(Method::POST, "/v0/pipelines/p/pause", None).await.0, 202);

    // A key that is deleted is none from then on; its name is free.
    assert_eq!(first.send(Method::DELETE, "/v0/api_keys/k", None).await.status(), 200);
    assert_eq!(Client::new(&server, secret).send(Method::GET, "/v0/pipelines", None).await.status(), 401);
    assert_eq!(first.call(Method::POST, "/v0/api_keys", Some(&json!({ "name": "k" }))).await.0, 201);
}

#[tokio::test]
async fn operators_make_and_delete_tenants_while_the_server_runs() {
    let dir = tempfile::tempdir().unwrap();
    // A path that is longer than sockets allow.
    let dir = dir.path().join("x".repeat(120));
    let mut server = server(&dir);
    let key = make(&dir, "a");
    let again = tenant(&dir, &["create", "a"]);
    assert!(
        !again.status.success() && String::from_utf8_lossy(&again.stderr).contains("there is a tenant 'a' already")
    );
    let client = Client::new(&server, &key);
    let body = json!({ "name": "p", "program_code": "not SQL" });
    assert_eq!(client.call(Method::POST, "/v0/pipelines", Some(&body)).await.0, 201);
    let read = tenant(&dir, &["key", "a", "again", "--read-only", "--json"]);
    let read: Value = serde_json::from_slice(&read.stdout).unwrap();
    assert_eq!(Client::new(&server, read["api_key"].as_str().unwrap()).get("/v0/pipelines/p").await.0, 200);
    let listed = tenant(&dir, &["list", "--json"]);
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(
        (&listed[1]["name"], &listed[1]["pipelines"], &listed[1]["api_keys"]),
        (&json!("a"), &json!(1), &json!(2))
    );
    let refused = |args: &[&str], why: &str| {
        let refused = tenant(&dir, args);
        let text = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && text.contains(why), "{text}");
    };
    refused(&["delete", "a"], "has 1 pipelines");
    refused(&["delete", "default"], "cannot be deleted");
    refused(&["delete", "nobody"], "Unknown tenant 'nobody'");
    assert_eq!(client.call(Method::POST, "/v0/pipelines/p/start", None).await.0, 202);
    refused(&["delete", "a", "--with-pipelines"], "not shut down");
    client.until("p", "Failed").await;
    assert_eq!(client.call(Method::POST, "/v0/pipelines/p/shutdown", None).await.0, 202);
    client.until("p", "Shutdown").await;
    assert!(tenant(&dir, &["delete", "a", "--with-pipelines"]).status.success());
    assert_eq!(client.send(Method::GET, "/v0/pipelines", None).await.status(), 401);
    // The socket is its owner's alone.
    use std::os::unix::fs::PermissionsExt;
    let mode = |name: &str| std::fs::metadata(dir.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("admin"), mode("admin/socket")), (0o700, 0o600));
    // One that was killed leaves a socket that nobody answers: the catalog is opened.
    server.signal(libc::SIGKILL);
    server.wait();
    let key = make(&dir, "a");
    let server = self::server(&dir);
    assert_eq!(Client::new(&server, &key).get("/v0/pipelines").await, (200, json!([])));
}
