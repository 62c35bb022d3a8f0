//! The demos that the server offers, with data: what is new in SQL, over REST, on the engine with two workers.
#![allow(clippy::unwrap_used, reason = "a test that unwraps says where it failed")]

mod support;

use reqwest::Method;
use serde_json::json;
use support::Server;

/// Starts a demo.
async fn start(server: &Server, name: &str) {
    let (_, offered) = server.get("/v0/config/demos").await;
    let demo = offered.as_array().unwrap().iter().find(|d| d["name"] == name).unwrap().clone();
    let body = json!({ "name": name, "program_code": demo["program_code"], "program_config": { "profile": "dev" },
        "runtime_config": { "workers": 2 } });
    let (status, pipeline) = server.call(Method::POST, "/v0/pipelines", Some(body)).await;
    assert_eq!(status, 201, "{pipeline}");
    server.action(name, "start").await;
    server.until_status(name, "Running").await;
}

async fn send(server: &Server, name: &str, table: &str, rows: &str) {
    assert_eq!(server.ingress(name, table, "", rows.to_string()).await.0, 200);
}

fn serve(dir: &std::path::Path) -> Server {
    let demos = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/demos");
    Server::start_with(dir, &["--demos-dir", demos])
}

#[tokio::test]
async fn routes_are_found_anew_when_a_road_is_closed() {
    let dir = tempfile::tempdir().unwrap();
    let server = serve(dir.path());
    start(&server, "shortest-routes").await;
    let mut routes = server.egress("shortest-routes", "routes", "format=json").await;
    send(&server, "shortest-routes", "roads", "A,B,3\nB,C,4\nA,C,10\n").await;
    let route = |a: &str, b: &str, km: i32| format!(r#"{{"origin":"{a}","destination":"{b}","km":{km}}}"#);
    let (ab, bc, ac) = (route("A", "B", 3), route("B", "C", 4), route("A", "C", 7));
    routes.until(&[(&ab, 1), (&bc, 1), (&ac, 1)]).await;
    let closed = r#"{"delete":{"a":"B","b":"C","km":4}}"#;
    let (status, answer) =
        server.ingress("shortest-routes", "roads", "update_format=insert_delete&format=json", closed).await;
    assert_eq!(status, 200, "{answer}");
    let (longer_ac, longer_bc) = (route("A", "C", 10), route("B", "C", 13));
    routes.until(&[(&ac, -1), (&bc, -1), (&longer_ac, 1), (&longer_bc, 1)]).await;
}

#[tokio::test]
async fn leaders_follow_the_sales() {
    let dir = tempfile::tempdir().unwrap();
    let server = serve(dir.path());
    start(&server, "leaders-and-trends").await;
    let mut leaders = server.egress("leaders-and-trends", "leaders", "format=json").await;
    let mut trends = server.egress("leaders-and-trends", "trends", "format=json").await;
    send(&server, "leaders-and-trends", "sales", "1,Bern,2026-01-01,5\n2,Bern,2026-01-06,7\n3,Bern,2026-01-20,1\n")
        .await;
    let leader =
        |id: i32, amount: &str, place: i32| format!(r#"{{"town":"Bern","id":{id},"amount":{amount},"place":{place}}}"#);
    leaders.until(&[(&leader(2, "7.00", 1), 1), (&leader(1, "5.00", 2), 1), (&leader(3, "1.00", 3), 1)]).await;
    let trend = |id: i32, day: &str, amount: &str, week: &str, more: &str| {
        format!(r#"{{"id":{id},"town":"Bern","day":"2026-01-{day}","amount":{amount},"week":{week},"more":{more}}}"#)
    };
    let (first, second) = (trend(1, "01", "5.00", "5.00", "null"), trend(2, "06", "7.00", "12.00", "2.00"));
    let third = trend(3, "20", "1.00", "1.00", "-6.00");
    trends.until(&[(&first, 1), (&second, 1), (&third, 1)]).await;
    // A fourth sale pushes the least one out, and changes what comes after it only.
    send(&server, "leaders-and-trends", "sales", "4,Bern,2026-01-19,6\n").await;
    leaders
        .until(&[
            (&leader(1, "5.00", 2), -1),
            (&leader(3, "1.00", 3), -1),
            (&leader(4, "6.00", 2), 1),
            (&leader(1, "5.00", 3), 1),
        ])
        .await;
    let fourth = trend(4, "19", "6.00", "6.00", "-1.00");
    trends.until(&[(&third, -1), (&fourth, 1), (&trend(3, "20", "1.00", "7.00", "-5.00"), 1)]).await;
}

#[tokio::test]
async fn what_is_too_late_is_told_and_what_is_final_comes_once() {
    let dir = tempfile::tempdir().unwrap();
    let server = serve(dir.path());
    start(&server, "endless-stream").await;
    let mut minutes = server.egress("endless-stream", "per_minute", "format=json").await;
    let mut bursts = server.egress("endless-stream", "bursts", "format=json").await;
    let mut errors = server.egress("endless-stream", "error_view", "format=json").await;
    let burst = |begins: &str, ends: &str, n: i32| {
        format!(r#"{{"sensor":1,"begins":"2026-01-01 10:{begins}","ends":"2026-01-01 10:{ends}","readings":{n}}}"#)
    };
    send(&server, "endless-stream", "readings", "1,2026-01-01 10:00:05,1.5\n1,2026-01-01 10:00:09,2.5\n").await;
    bursts.until(&[(&burst("00:05", "00:19", 2), 1)]).await;
    send(&server, "endless-stream", "readings", "1,2026-01-01 10:02:30,4\n").await;
    bursts.until(&[(&burst("02:30", "02:40", 1), 1)]).await;
    // No reading of the first minute can come any more; one does.
    send(&server, "endless-stream", "readings", "1,2026-01-01 10:00:30,9\n1,2026-01-01 10:02:35,5\n").await;
    bursts.until(&[(&burst("02:30", "02:40", 1), -1), (&burst("02:30", "02:45", 2), 1)]).await;
    minutes.until(&[(r#"{"minute":"2026-01-01 10:00:00","sensor":1,"readings":2,"mean":2.0,"most":2.5}"#, 1)]).await;
    let told = errors.data().await["json_data"].to_string();
    assert!(told.contains("readings") && told.contains("10:00:30"), "{told}");
}
