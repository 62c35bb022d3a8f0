//! The server is killed, again and again, while clients make, change, rename and delete: whatever it acknowledged is there
//! after the next start, whatever it did not is there whole or not at all, and no work is forgotten.
#![allow(clippy::unwrap_used, reason = "a test that unwraps says where it failed")]

mod support;

use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use support::{Server, WEIR};

/// How often the server is killed; `WEIR_KILLS` says otherwise.
const KILLS: u64 = 200;
/// Clients at once.
const CLIENTS: usize = 4;
/// Names that a client uses.
const NAMES: u64 = 5;

/// Numbers that look random; the same seed gives the same ones.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        // xorshift64
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
}

/// What is known of a pipeline: what an acknowledgement said of it.
#[derive(Clone, Debug, PartialEq)]
struct Known {
    id: Value,
    version: Value,
    description: Value,
    program_code: Value,
    desired: Value,
}

fn known(pipeline: &Value) -> Known {
    let field = |name: &str| pipeline[name].clone();
    Known {
        id: field("id"),
        version: field("version"),
        description: field("description"),
        program_code: field("program_code"),
        desired: field("deployment_desired_status"),
    }
}

/// A client: what it knows to be there, and what it asked for last without having been told.
#[derive(Clone)]
struct Client {
    number: usize,
    http: reqwest::Client,
    pipelines: BTreeMap<String, Known>,
    keys: BTreeMap<String, Value>,
    open: Option<Asked>,
    acknowledged: usize,
}

/// A request whose answer did not come.
#[derive(Clone, Debug)]
struct Asked {
    method: Method,
    path: String,
    body: Value,
}

impl Client {
    fn name(&self, n: u64) -> String {
        format!("c{}-{n}", self.number)
    }

    /// Asks for random things until the server is gone.
    async fn run(mut self, base: String, mut random: Random) -> Client {
        loop {
            let (name, other) = (self.name(random.below(NAMES)), self.name(random.below(NAMES)));
            // No program compiles, so that nothing but the catalog is at work.
            let text = format!("wrong {}", random.below(1000));
            let path = format!("/v0/pipelines/{name}");
            let new = json!({ "name": name, "program_code": text });
            let (method, path, body) = match random.below(10) {
                0 | 1 => (Method::POST, "/v0/pipelines".to_owned(), new),
                2 => (Method::PUT, path, new),
                3 => (Method::PATCH, path, json!({ "description": text })),
                4 => (Method::PATCH, path, json!({ "name": other, "description": text })),
                5 => (Method::DELETE, path, Value::Null),
                6 => (Method::POST, format!("{path}/start"), Value::Null),
                7 => (Method::POST, format!("{path}/shutdown"), Value::Null),
                8 => (Method::POST, "/v0/api_keys".to_owned(), json!({ "name": name })),
                _ => (Method::DELETE, format!("/v0/api_keys/{name}"), Value::Null),
            };
            let asked = Asked { method, path, body };
            self.open = Some(asked.clone());
            let mut request = self.http.request(asked.method.clone(), format!("{base}{}", asked.path));
            if !asked.body.is_null() {
                request = request.json(&asked.body);
            }
            let Ok(response) = request.send().await else { return self };
            let status = response.status().as_u16();
            let answer: Option<Value> = match response.bytes().await {
                Ok(bytes) => serde_json::from_slice(&bytes).ok(),
                // The head says that it was done, but not what came of it.
                Err(_) => return self,
            };
            self.open = None;
            match status {
                200..300 => {
                    self.acknowledged += 1;
                    self.done(&asked, &answer.unwrap_or_default());
                }
                400 | 404 | 409 => {}
                _ => panic!("{asked:?}: {status} {answer:?}"),
            }
        }
    }

    /// Remembers what was acknowledged.
    fn done(&mut self, asked: &Asked, answer: &Value) {
        let parts: Vec<&str> = asked.path.split('/').skip(2).collect();
        match (asked.method.as_str(), &parts[..]) {
            ("POST", ["pipelines"]) | ("PUT" | "PATCH", ["pipelines", _]) => {
                if let Some(before) = parts.get(1) {
                    self.pipelines.remove(*before);
                }
                self.pipelines.insert(answer["name"].as_str().unwrap().into(), known(answer));
            }
            ("DELETE", ["pipelines", name]) => drop(self.pipelines.remove(*name)),
            ("POST", ["pipelines", name, action]) => {
                let desired = if *action == "start" { "Running" } else { "Shutdown" };
                self.pipelines.get_mut(*name).unwrap().desired = desired.into();
            }
            ("POST", ["api_keys"]) => {
                drop(self.keys.insert(answer["name"].as_str().unwrap().into(), answer["id"].clone()))
            }
            ("DELETE", ["api_keys", name]) => drop(self.keys.remove(*name)),
            other => panic!("{other:?}"),
        }
    }

    /// Compares what is there with what is known. One request may have been carried out or not; then takes over what is there.
    fn check(&mut self, pipelines: &BTreeMap<String, Known>, keys: &BTreeMap<String, Value>) {
        let own = format!("c{}-", self.number);
        let found: BTreeMap<_, _> =
            pipelines.iter().filter(|(n, _)| n.starts_with(&own)).map(|(n, k)| (n.clone(), k.clone())).collect();
        let found_keys: BTreeMap<_, _> =
            keys.iter().filter(|(n, _)| n.starts_with(&own)).map(|(n, k)| (n.clone(), k.clone())).collect();
        let open = self.open.take();
        let lost =
            || format!("known {:?} {:?}, asked {open:?}, found {found:?} {found_keys:?}", self.pipelines, self.keys);
        if found != self.pipelines || found_keys != self.keys {
            let asked = open.clone().unwrap_or_else(|| panic!("nothing was open: {}", lost()));
            let mut after = self.clone();
            // What the answer would have said, as far as only the server could know it, is taken from what is there.
            let name = asked.body["name"].as_str().or(asked.path.split('/').nth(3)).unwrap_or_default();
            let made = if asked.path.starts_with("/v0/api_keys") {
                json!({ "name": name, "id": found_keys.get(name) })
            } else {
                let there = found.get(name);
                let mut answer = json!({ "name": name });
                if let Some(there) = there {
                    let before = asked.path.split('/').nth(3).and_then(|n| self.pipelines.get(n));
                    let same = before.is_none_or(|b| {
                        b.id == there.id && there.version.as_i64() == b.version.as_i64().map(|v| v + 1)
                    });
                    assert!(same || asked.path.split('/').count() > 4, "{}", lost());
                    for (field, value) in asked.body.as_object().into_iter().flatten() {
                        let found = match field.as_str() {
                            "description" => &there.description,
                            "program_code" => &there.program_code,
                            _ => continue,
                        };
                        assert_eq!(found, value, "half of a change: {}", lost());
                    }
                    answer = json!({ "name": name, "id": there.id, "version": there.version, "description": there.description,
                        "program_code": there.program_code, "deployment_desired_status": there.desired });
                }
                answer
            };
            after.done(&asked, &made);
            assert!(after.pipelines == found && after.keys == found_keys, "{}", lost());
        }
        (self.pipelines, self.keys) = (found, found_keys);
    }
}

/// All that is there, as the server says.
async fn there(server: &Server) -> (BTreeMap<String, Known>, BTreeMap<String, Value>) {
    let named = |list: Value, what: fn(&Value) -> Value| -> Vec<(String, Value)> {
        list.as_array().unwrap().iter().map(|v| (v["name"].as_str().unwrap().to_owned(), what(v))).collect()
    };
    let (status, pipelines) = server.get("/v0/pipelines").await;
    assert_eq!(status, 200, "{pipelines}");
    let all = named(pipelines, Value::clone);
    let pipelines: BTreeMap<_, _> = all.iter().map(|(name, p)| (name.clone(), known(p))).collect();
    assert_eq!(pipelines.len(), all.len(), "a name twice");
    for name in pipelines.keys() {
        assert_eq!(server.get(&format!("/v0/pipelines/{name}")).await.0, 200, "listed but not found: {name}");
    }
    let (status, keys) = server.get("/v0/api_keys").await;
    assert_eq!(status, 200, "{keys}");
    (pipelines, named(keys, |key| key["id"].clone()).into_iter().collect())
}

/// Starts a server and kills it before it can serve.
fn cut_off_start(dir: &Path, after: Duration) {
    let mut child = Command::new(WEIR)
        .args(["serve", "--bind", "127.0.0.1:0", "--data-dir"])
        .arg(dir)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
}

/// The tables of a folder that no server has open agree with each other.
fn check_tables(dir: &Path) {
    let file = File::options().read(true).write(true).open(dir.join("catalog.redb")).unwrap();
    let catalog = weir_catalog::Catalog::open(file, "0.36.0").unwrap();
    assert_eq!(catalog.check().unwrap(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_was_acknowledged_survives_being_killed() {
    let kills: u64 = std::env::var("WEIR_KILLS").map_or(KILLS, |n| n.parse().unwrap());
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let seed = std::env::var("WEIR_SEED").map_or(now.as_nanos() as u64, |n| n.parse().unwrap());
    println!("WEIR_SEED={seed}");
    let mut random = Random(seed | 1);
    let dir = tempfile::tempdir().unwrap();
    let new = |number| Client {
        number,
        http: reqwest::Client::new(),
        pipelines: BTreeMap::new(),
        keys: BTreeMap::new(),
        open: None,
        acknowledged: 0,
    };
    let mut clients: Vec<Client> = (0..CLIENTS).map(new).collect();
    let begin = Instant::now();
    for kill in 0..kills {
        let mut server = Server::start(dir.path());
        let (pipelines, keys) = there(&server).await;
        for client in &mut clients {
            client.check(&pipelines, &keys);
        }
        let of_clients: usize = clients.iter().map(|c| c.pipelines.len()).sum();
        assert_eq!(of_clients, pipelines.len(), "nobody made {pipelines:?}");
        let running: Vec<_> = clients
            .drain(..)
            .map(|client| tokio::spawn(client.run(server.base.clone(), Random(random.below(u64::MAX - 1) | 1))))
            .collect();
        tokio::time::sleep(Duration::from_micros(random.below(80_000))).await;
        server.signal(libc::SIGKILL);
        server.wait();
        for client in running {
            clients.push(client.await.unwrap());
        }
        if kill % 8 == 0 {
            cut_off_start(dir.path(), Duration::from_micros(random.below(150_000)));
        }
        if kill % 8 == 4 {
            check_tables(dir.path());
        }
    }
    let acknowledged: usize = clients.iter().map(|c| c.acknowledged).sum();
    println!("{kills} kills, {acknowledged} acknowledged changes, {:?}", begin.elapsed());
    assert!(acknowledged as u64 > kills, "too little was done to tell anything");
    // No work was forgotten: every program is found wrong, everything started has failed, everything ended is shut down.
    let server = Server::start(dir.path());
    let begin = Instant::now();
    loop {
        let (_, pipelines) = server.get("/v0/pipelines").await;
        let settled = |p: &&Value| {
            let status = &p["deployment_status"];
            let reached = if p["deployment_desired_status"] == "Shutdown" { "Shutdown" } else { "Failed" };
            p["program_status"].get("SqlError").is_some() && status == reached
        };
        let open: Vec<&Value> = pipelines.as_array().unwrap().iter().filter(|p| !settled(p)).collect();
        if open.is_empty() {
            break;
        }
        assert!(begin.elapsed() < Duration::from_secs(30), "forgotten: {open:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    drop(server);
    check_tables(dir.path());
}

#[tokio::test]
async fn a_compiled_program_is_not_compiled_again_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = Server::start(dir.path());
    server.run("ran", "CREATE TABLE t(x INT);\nCREATE VIEW v AS SELECT x + 1 AS y FROM t;").await;
    server.create("ready", "CREATE TABLE t(x INT);\nCREATE VIEW v AS SELECT x + 1 AS y FROM t;").await;
    let ready = server.until("ready", "program_status", |s| s == "Success").await;
    server.signal(libc::SIGKILL);
    server.wait();
    let server = Server::start(dir.path());
    let failed = server.until_status("ran", "Failed").await;
    let error = &failed["deployment_error"];
    assert_eq!(error["error_code"], "PipelineDeploymentError");
    assert!(error["message"].as_str().unwrap().contains("its state, which was in memory, is lost"), "{error}");
    assert_eq!(failed["program_status"], "Success");
    let (_, after) = server.get("/v0/pipelines/ready").await;
    let fields = ["program_status", "program_status_since", "program_version", "version", "program_info"];
    for field in fields {
        assert_eq!(after[field], ready[field], "{field}");
    }
    server.action("ready", "start").await;
    let running = server.until_status("ready", "Running").await;
    for field in fields {
        assert_eq!(running[field], ready[field], "{field}");
    }
}
