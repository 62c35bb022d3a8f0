//! The client of schema registries, against one in this process: what is asked, what is kept, who may ask; and registries that are away, wrong, slow or endless.
#![allow(clippy::unwrap_used, reason = "a test that unwraps says where it failed")]

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::{Value as Json, json};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use weir_circuit::{Column, Table};
use weir_connectors::{Answer, Grants, Registry, TransportError};
use weir_io::{Changes, InputFormat, OutputFormat, RegistryConfig, TableColumns};
use weir_row::{Block, ColumnType, SortLayout, SqlType, Value};

/// Requests as `METHOD path`, and what was sent, in order.
type Asked = Arc<Mutex<Vec<(String, String)>>>;

/// What a registry has: schemas with their subjects and kinds; their numbers are their places from 1 on.
#[derive(Clone, Default)]
struct Registered {
    schemas: Arc<Mutex<Vec<(String, Json)>>>,
    asked: Asked,
    /// The header `authorization` that is asked for.
    authorization: Option<&'static str>,
}

async fn answer(State(registry): State<Registered>, request: Request) -> Response {
    let header = request.headers().get("authorization").map(|h| h.to_str().unwrap().to_owned());
    let what = format!("{} {}", request.method(), request.uri().path());
    let body = axum::body::to_bytes(request.into_body(), 1 << 20).await.unwrap();
    registry.asked.lock().unwrap().push((what.clone(), String::from_utf8(body.to_vec()).unwrap()));
    if header.as_deref() != registry.authorization {
        return (StatusCode::UNAUTHORIZED, "who are you?").into_response();
    }
    let absent = |code: u32| {
        let body = json!({ "error_code": code, "message": "not found" }).to_string();
        (StatusCode::NOT_FOUND, body).into_response()
    };
    let mut schemas = registry.schemas.lock().unwrap();
    let path: Vec<&str> = what.split(['/', ' ']).collect();
    match path[..] {
        ["GET", "", "api", "schemas", "ids", id] => match schemas.get(id.parse::<usize>().unwrap().wrapping_sub(1)) {
            Some((_, schema)) => schema.to_string().into_response(),
            None => absent(40403),
        },
        ["GET", "", "api", "subjects", subject, "versions", version] => {
            let of = schemas.iter().filter(|(s, _)| s == subject);
            match of.clone().nth(version.parse::<usize>().unwrap() - 1) {
                Some((_, schema)) => schema.to_string().into_response(),
                None => absent(40402),
            }
        }
        ["POST", "", "api", "subjects", subject, "versions"] => {
            let schema: Json = serde_json::from_slice(&body).unwrap();
            let entry = (subject.to_owned(), schema);
            let at = schemas.iter().position(|e| *e == entry).unwrap_or_else(|| {
                schemas.push(entry);
                schemas.len() - 1
            });
            json!({ "id": at + 1 }).to_string().into_response()
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

impl Registered {
    fn with(schemas: &[(&str, Json)]) -> Registered {
        let registered = Registered::default();
        let entries = schemas.iter().map(|(subject, schema)| ((*subject).to_owned(), schema.clone()));
        registered.schemas.lock().unwrap().extend(entries);
        registered
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().iter().map(|(what, _)| what.clone()).collect()
    }
}

async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}/api")
}

async fn registry(registered: &Registered) -> String {
    serve(Router::new().fallback(answer).with_state(registered.clone())).await
}

fn config(urls: &[&str]) -> RegistryConfig {
    RegistryConfig { registry_urls: urls.iter().map(|u| (*u).to_owned()).collect(), ..RegistryConfig::default() }
}

fn client(urls: &[&str]) -> Registry {
    Registry::new(&config(urls)).unwrap()
}

fn granted() -> Grants {
    Grants::new(&[], true).unwrap()
}

/// The address of nobody.
fn nobody() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}/", listener.local_addr().unwrap())
}

fn schema(answer: Answer) -> (String, Vec<String>) {
    match answer {
        Answer::Schema(schema) => (schema.schema.clone(), schema.references.clone()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn numbers_and_schemas() {
    let refers = |schema: &str, to: &[&str]| {
        let to: Vec<Json> = to.iter().map(|s| json!({ "name": s, "subject": s, "version": 1 })).collect();
        json!({ "schema": schema, "references": to })
    };
    let registered = Registered::with(&[
        ("a", json!({ "schema": "one" })),
        ("b", json!({ "schema": "two", "schemaType": "PROTOBUF" })),
        ("d", refers("d", &[])),
        ("c", refers("c", &["d"])),
        ("e", refers("e", &["d", "c"])),
        ("f", refers("f", &["c", "e"])),
        ("g", refers("g", &["gone"])),
        ("loop", refers("loop", &["loop"])),
    ]);
    let url = registry(&registered).await;
    let (mut client, grants) = (client(&[&url]), granted());
    for _ in 0..2 {
        assert_eq!(schema(client.schema(1, &grants).await.unwrap()), ("one".into(), vec![]));
        let Answer::Refused(why) = client.schema(2, &grants).await.unwrap() else { panic!("it is another kind") };
        assert!(why.contains("PROTOBUF"), "{why}");
        assert_eq!(client.schema(99, &grants).await.unwrap(), Answer::Absent);
    }
    // Each was asked for once.
    assert_eq!(registered.asked(), ["GET /api/schemas/ids/1", "GET /api/schemas/ids/2", "GET /api/schemas/ids/99"]);
    // What is referred to comes after what that refers to, once.
    let (whole, references) = schema(client.schema(6, &grants).await.unwrap());
    assert_eq!((whole.as_str(), references), ("f", ["d", "c", "e"].map(str::to_owned).to_vec()));
    let Answer::Refused(why) = client.schema(7, &grants).await.unwrap() else { panic!("it refers to nothing") };
    assert!(why.contains("there is no version 1 of 'gone'"), "{why}");
    assert_eq!(schema(client.schema(8, &grants).await.unwrap()).1, ["loop"]);
    // The same schema has the same number; names are one part of a path whatever is in them.
    let first = client.register("t-value", "x", &grants).await.unwrap();
    assert_eq!(client.register("t-value", "x", &grants).await.unwrap(), first);
    assert_ne!(client.register("t-value", "y", &grants).await.unwrap(), first);
    client.register("../a?b#c é%2f", "x", &grants).await.unwrap();
    let (asked, sent) = registered.asked.lock().unwrap().last().unwrap().clone();
    assert_eq!(asked, "POST /api/subjects/..%2Fa%3Fb%23c%20%C3%A9%252f/versions");
    assert_eq!(sent, r#"{"schema":"x"}"#);
    assert!(matches!(client.register("..", "x", &grants).await, Err(TransportError::Fatal(_))));
}

#[tokio::test]
async fn who_asks_says_who() {
    let basic = RegistryConfig {
        registry_username: Some("scott".into()),
        registry_password: Some("ti:ger".into()),
        ..RegistryConfig::default()
    };
    let bearer = RegistryConfig { registry_authorization_token: Some("t0ken".into()), ..RegistryConfig::default() };
    for (config, header) in [(basic, "Basic c2NvdHQ6dGk6Z2Vy"), (bearer, "Bearer t0ken")] {
        let mut registered = Registered::with(&[("a", json!({ "schema": "one" }))]);
        registered.authorization = Some(header);
        let url = registry(&registered).await;
        let config = RegistryConfig { registry_urls: vec![url.clone()], ..config };
        let mut named = Registry::new(&config).unwrap();
        assert_eq!(schema(named.schema(1, &granted()).await.unwrap()).0, "one");
        named.register("a", "two", &granted()).await.unwrap();
        let refused = client(&[&url]).schema(1, &granted()).await.unwrap_err();
        assert!(matches!(&refused, TransportError::Fatal(m) if m.contains("401")), "{refused}");
    }
    // A name in the URL is sent, and not told.
    let mut registered = Registered::with(&[("a", json!({ "schema": "one" }))]);
    registered.authorization = Some("Basic c2NvdHQ6dGlnZXI=");
    let url = registry(&registered).await.replace("http://", "http://scott:tiger@");
    assert_eq!(schema(client(&[&url]).schema(1, &granted()).await.unwrap()).0, "one");
    for wrong in [nobody(), registry(&Registered { authorization: Some("other"), ..registered }).await] {
        let url = wrong.replace("http://", "http://scott:tiger@");
        let e = client(&[&url]).schema(1, &granted()).await.unwrap_err().to_string();
        assert!(e.contains("schemas/ids/1") && !e.contains("tiger"), "{e}");
    }
}

#[tokio::test]
async fn registries_that_are_away_and_come_back() {
    let registered = Registered::with(&[("a", json!({ "schema": "one" })), ("b", json!({ "schema": "two" }))]);
    let (there, away) = (registry(&registered).await, nobody());
    // One after the other; then the one that answered.
    let mut both = client(&[&away, &there]);
    assert_eq!(schema(both.schema(1, &granted()).await.unwrap()).0, "one");
    assert_eq!(schema(both.schema(2, &granted()).await.unwrap()).0, "two");
    let e = client(&[&away, &away]).schema(1, &granted()).await.unwrap_err();
    assert!(matches!(e, TransportError::Transient(_)), "{e}");
    // Busy for a while.
    for (status, answers) in [
        (StatusCode::SERVICE_UNAVAILABLE, 2),
        (StatusCode::TOO_MANY_REQUESTS, 2),
        (StatusCode::INTERNAL_SERVER_ERROR, 1_000),
    ] {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let url = serve(Router::new().fallback(async move || {
            let busy = count.fetch_add(1, Relaxed) < answers;
            if busy { (status, "later").into_response() } else { r#"{"schema": "x"}"#.into_response() }
        }))
        .await;
        let answer = client(&[&url]).schema(1, &granted()).await;
        match answer {
            Ok(answer) => assert_eq!((schema(answer).0.as_str(), answers), ("x", 2)),
            Err(e) => assert!(matches!(&e, TransportError::Transient(m) if m.contains("500")) && answers > 2, "{e}"),
        }
        assert_eq!(asked.load(Relaxed), 3);
    }
    // One that never answers.
    let silent = serve(Router::new().fallback(async || std::future::pending::<()>().await)).await;
    let config = RegistryConfig { registry_timeout_secs: Some(1), ..config(&[&silent]) };
    let begin = Instant::now();
    let e = Registry::new(&config).unwrap().schema(1, &granted()).await.unwrap_err();
    assert!(matches!(e, TransportError::Transient(_)) && begin.elapsed() < Duration::from_secs(10), "{e}");
}

#[tokio::test]
async fn answers_that_are_none() {
    let said = |status: u16, body: &'static str| {
        Router::new().fallback(async move || (StatusCode::from_u16(status).unwrap(), body))
    };
    for (status, body, expected) in [
        (200, "<html>hello</html>", "no JSON"),
        (200, r#"{"schema": 5}"#, "not what registries say"),
        (200, "[]", "not what registries say"),
        (404, "<html>hello</html>", "404"),
        (404, r#"{"detail": "no route"}"#, "404"),
        (403, r#"{"error_code": 403, "message": "not\nyours"}"#, "not yours"),
    ] {
        let url = serve(said(status, body)).await;
        let e = client(&[&url]).schema(1, &granted()).await.unwrap_err();
        assert!(matches!(&e, TransportError::Fatal(m) if m.contains(expected)), "{body}: {e}");
    }
    for (status, body, expected) in [
        (409, r#"{"error_code": 409, "message": "incompatible with an earlier schema"}"#, "incompatible"),
        (422, r#"{"error_code": 42201, "message": "invalid"}"#, "invalid"),
        (404, r#"{"error_code": 40401, "message": "no"}"#, "takes no schemas"),
        (200, r#"{"id": -1}"#, "not what registries say"),
        (200, r#"{"id": 4294967296}"#, "not what registries say"),
    ] {
        let url = serve(said(status, body)).await;
        let e = client(&[&url]).register("s", "x", &granted()).await.unwrap_err();
        assert!(matches!(&e, TransportError::Fatal(m) if m.contains(expected)), "{body}: {e}");
    }
    // One without end: it is left, and nothing of it is kept.
    let endless = serve(Router::new().fallback(async || {
        let bytes = Ok::<_, std::io::Error>(Bytes::from(vec![b' '; 64 << 10]));
        Response::new(Body::from_stream(futures_util::stream::repeat_with(move || {
            bytes.as_ref().map(Bytes::clone).map_err(|e| std::io::Error::other(e.to_string()))
        })))
    }))
    .await;
    let Answer::Refused(why) = client(&[&endless]).schema(1, &granted()).await.unwrap() else { panic!("endless") };
    assert!(why.contains("longer than"), "{why}");
    let e = client(&[&endless]).register("s", "x", &granted()).await.unwrap_err();
    assert!(matches!(&e, TransportError::Fatal(m) if m.contains("longer than")), "{e}");
    let circle = serve(Router::new().fallback(async || Redirect::temporary("/api/schemas/ids/1"))).await;
    let e = client(&[&circle]).schema(1, &granted()).await.unwrap_err();
    assert!(matches!(&e, TransportError::Fatal(m) if m.contains("redirect")), "{e}");
}

#[tokio::test]
async fn addresses_that_are_not_granted() {
    let url = registry(&Registered::default()).await;
    for url in [url.clone(), url.replace("127.0.0.1", "localhost"), "http://[::ffff:10.0.0.1]/".into()] {
        let e = client(&[&url]).schema(1, &Grants::default()).await.unwrap_err();
        assert!(matches!(&e, TransportError::Fatal(m) if m.contains("--connect-private")), "{e}");
    }
}

#[tokio::test]
async fn rows_there_and_back() {
    let column = |name: &str, sql, nullable| Column {
        name: name.into(),
        case_sensitive: false,
        ty: ColumnType { sql, nullable },
        default: None,
    };
    let columns = vec![column("id", SqlType::BigInt, false), column("name", SqlType::Varchar(None), true)];
    let types: Vec<ColumnType> = columns.iter().map(|c| c.ty.clone()).collect();
    let registered = Registered::with(&[("other", json!({ "schema": "\"int\"" }))]);
    let (url, grants) = (registry(&registered).await, granted());
    let config = json!({ "registry_urls": [url] });
    // Out, with a key.
    let format = OutputFormat::parse("avro", &config).unwrap();
    let mut encoder = format.encoder(columns.clone().into(), SortLayout::ascending(&types), Some(vec![0])).unwrap();
    let mut client = Registry::new(format.registry().unwrap()).unwrap();
    let mut ids = Vec::new();
    for schema in encoder.schemas("people") {
        ids.push((schema.is_key, client.register(&schema.subject, &schema.schema, &grants).await.unwrap()));
    }
    assert_eq!(ids, [(true, 2), (false, 3)]);
    let subjects: Vec<String> = registered.schemas.lock().unwrap().iter().map(|(s, _)| s.clone()).collect();
    assert_eq!(subjects, ["other", "people-key", "people-value"]);
    encoder.registered(Some(2), Some(3));
    let mut block = Block::new(0);
    for row in [[Value::I64(1), Value::Text("é".into())], [Value::I64(2), Value::Null]] {
        let mut words = Vec::new();
        SortLayout::ascending(&types).encode(&row, &mut words).unwrap();
        block.push(&words, 1);
    }
    encoder.begin(Arc::new(vec![block])).unwrap();
    let messages: Vec<Vec<u8>> = std::iter::from_fn(|| encoder.next().unwrap()).map(|p| p.value.unwrap()).collect();
    assert_eq!((messages.len(), &messages[0][..5]), (2, &[0, 0, 0, 0, 3][..]));
    // And in, with a client that knows nothing yet.
    let table = Arc::new(TableColumns::new(&Table {
        name: "t".into(),
        case_sensitive: false,
        columns,
        primary_key: None,
        materialized: false,
        append_only: false,
    }));
    let format = InputFormat::parse("avro", &config).unwrap();
    let mut client = Registry::new(format.registry().unwrap()).unwrap();
    let mut reader = format.reader(Arc::clone(&table), 0, false).unwrap();
    let (mut changes, mut problems) = (Changes::new(&table, 1), Vec::new());
    for message in &messages {
        if let Some(id) = reader.wants(message) {
            let (schema, references) = schema(client.schema(id, &grants).await.unwrap());
            reader.provide(id, &schema, &references).unwrap();
        }
        reader.push(message, &mut changes, &mut problems);
        reader.finish(&mut changes, &mut problems);
    }
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(changes.rows(), 2);
}
