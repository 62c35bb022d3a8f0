//! Section 1.0, what holds for every route.
//!
//! | rule | shown by |
//! |---|---|
//! | public paths need no authentication | `tenants.rs`: `whoever_shows_no_key_or_a_wrong_one_is_told_as_clients_expect`; `api.rs`: `what_everybody_may_read` |
//! | `/metrics` of the host on a port of its own | `metrics.rs`: `metrics_agree_with_what_was_done` |
//! | missing JSON field, content type, 413, bad selector | `api.rs`: `every_refusal_has_its_code` |
//! | CORS | `http.rs`: `pages_of_other_origins_may_call` |
//! | authentication: 401, `WWW-Authenticate`, keys | `tenants.rs`, `oidc.rs` |
//! | no authentication: `Authorization` is ignored | `tenants.rs`: `whoever_shows_no_key_or_a_wrong_one_is_told_as_clients_expect` |
//! | the form of an API key | `tenants.rs`: `keys_are_made_listed_and_deleted_and_scopes_hold` |
//!
//! Otherwise than the page, on purpose: HEAD is answered as GET without the body, and OPTIONS as a preflight, as RFC 9110 and the
//! Fetch standard have it; CORS allows the header Content-Type, too, without which no page could send JSON; scopes are enforced
//! (403 `InsufficientScope`); there is no proxy, so nothing is cached and no time limit lies between manager and pipeline, except
//! that a paused pipeline refuses data after 10 s.

use crate::shared::{ask, on_shared, request, run_paused, send};
use chrono::{DateTime, Utc};
use reqwest::Method;
use serde_json::{Value, json};

#[test]
fn within_v0_an_unknown_path_or_a_wrong_method_is_404_with_an_empty_body() {
    on_shared(async |server| {
        server.create("cross404", "").await;
        for path in [
            "/v0",
            "/v0/",
            "/v0/nothing",
            "/v0/pipelines/",
            "/v0/pipelines/cross404/",
            "/v0/pipelines/cross404/stats/x",
            "/v0/pipelines/cross404/ingress",
            "/v0/pipelines/cross404/tables/t/connectors/c",
            "/v0//pipelines",
        ] {
            ask(server, Method::GET, path).await.is_empty(404);
        }
        for (method, path) in [
            (Method::DELETE, "/v0/pipelines"),
            (Method::PUT, "/v0/pipelines"),
            (Method::POST, "/v0/pipelines/cross404"),
            (Method::GET, "/v0/pipelines/cross404/start"),
            (Method::GET, "/v0/pipelines/cross404/checkpoint"),
            (Method::GET, "/v0/pipelines/cross404/ingress/t"),
            (Method::PUT, "/v0/pipelines/cross404/ingress/t"),
            (Method::GET, "/v0/pipelines/cross404/egress/t"),
            (Method::PATCH, "/v0/api_keys/k"),
            (Method::TRACE, "/v0/pipelines"),
            (Method::from_bytes(b"BREW").unwrap(), "/v0/pipelines"),
        ] {
            ask(server, method, path).await.is_empty(404);
        }
    });
}

#[test]
fn head_is_get_without_the_body_and_options_a_preflight() {
    on_shared(async |server| {
        server.create("crosshead", "").await;
        let head = ask(server, Method::HEAD, "/v0/pipelines/crosshead").await;
        assert_eq!((head.status, head.header("content-type"), head.body.as_str()), (200, Some("application/json"), ""));
        assert_eq!(ask(server, Method::HEAD, "/v0/pipelines/nobody").await.status, 404);
        let options = ask(server, Method::OPTIONS, "/v0/pipelines").await;
        assert_eq!(
            (options.status, options.header("access-control-allow-methods")),
            (200, Some("GET,POST,PATCH,PUT,DELETE"))
        );
    });
}

#[test]
fn checkpoint_is_routed_before_actions() {
    on_shared(async |server| {
        ask(server, Method::POST, "/v0/pipelines/nobody/checkpoint").await.is_error(404, "UnknownPipelineName");
        ask(server, Method::POST, "/v0/pipelines/nobody/Checkpoint").await.is_error(400, "InvalidPipelineAction");
    });
}

#[test]
fn errors_have_message_code_and_details_in_this_order() {
    on_shared(async |server| {
        let answer = ask(server, Method::GET, "/v0/pipelines/abc").await;
        assert_eq!(
            answer.body,
            r#"{"message":"Unknown pipeline name 'abc'","error_code":"UnknownPipelineName","details":{"pipeline_name":"abc"}}"#
        );
        // Variants without fields have null.
        let taken = json!({ "name": "crosserrors", "program_code": "" });
        server.create("crosserrors", "").await;
        assert_eq!(
            send(server, Method::POST, "/v0/pipelines", &taken).await.is_error(409, "DuplicateName"),
            Value::Null
        );
        let empty = json!({ "name": "", "program_code": "" });
        assert_eq!(send(server, Method::POST, "/v0/pipelines", &empty).await.is_error(400, "EmptyName"), Value::Null);
    });
}

#[test]
fn what_cannot_be_read_at_all_is_answered_with_a_text() {
    on_shared(async |server| {
        run_paused(server, "crosstext", "CREATE TABLE t(x INT);").await;
        let json = [("content-type", "application/json")];
        for (body, text) in [
            ("{", "Json deserialize error: EOF while parsing an object at line 1 column 1"),
            ("null", "Json deserialize error: invalid type: null, expected struct PostPutPipeline at line 1 column 4"),
            (r#"{"name":"x"}"#, "Json deserialize error: missing field `program_code` at line 1 column 12"),
            (
                r#"{"name":1}"#,
                "Json deserialize error: invalid type: integer `1`, expected a string at line 1 column 9",
            ),
        ] {
            request(server, Method::POST, "/v0/pipelines", &json, body).await.is_text(400, text);
        }
        for (kind, status) in [("application/json; charset=utf-8", 409), ("text/json", 400), ("text/plain", 400)] {
            let body = r#"{"name":"crosstext","program_code":""}"#;
            let answer = request(server, Method::POST, "/v0/pipelines", &[("content-type", kind)], body).await;
            assert_eq!(answer.status, status, "{kind}: {answer:?}");
        }
        let flag = "Query deserialize error: provided string was not `true` or `false`";
        for (method, path, text) in [
            (Method::GET, "?selector=x", "Query deserialize error: unknown variant `x`, expected `all` or `status`"),
            (Method::GET, "?selector=all&selector=all", "Query deserialize error: duplicate field `selector`"),
            (Method::GET, "/query", "Query deserialize error: missing field `sql`"),
            (Method::POST, "/ingress/t?format=csv&format=csv", "Query deserialize error: duplicate field `format`"),
            (Method::POST, "/ingress/t?force=1", flag),
            (Method::POST, "/egress/t?backpressure=True", flag),
        ] {
            ask(server, method, &format!("/v0/pipelines/crosstext{path}")).await.is_text(400, text);
        }
    });
}

#[test]
fn json_of_the_manager_is_not_to_be_cached_but_config_and_stats_say_nothing() {
    on_shared(async |server| {
        run_paused(server, "crosscache", "").await;
        for (path, expected) in [
            ("/v0/pipelines", Some("no-cache")),
            ("/v0/pipelines/crosscache", Some("no-cache")),
            ("/v0/api_keys", Some("no-cache")),
            ("/v0/config/demos", Some("no-cache")),
            ("/v0/pipelines/crosscache/stats", None),
            ("/config", None),
            ("/config/authentication", None),
        ] {
            assert_eq!(ask(server, Method::GET, path).await.header("cache-control"), expected, "{path}");
        }
    });
}

#[test]
fn names_are_checked_by_bytes_first_empty_then_too_long_then_pattern() {
    on_shared(async |server| {
        server.create("crossnames", "").await;
        let (hundred, more) = ("x".repeat(100), "x".repeat(101));
        // 100 bytes in 50 characters, 102 bytes in 51.
        let (umlauts, many_umlauts) = ("ä".repeat(50), "ä".repeat(51));
        for (name, code) in [
            ("", "EmptyName"),
            (more.as_str(), "TooLongName"),
            (many_umlauts.as_str(), "TooLongName"),
            (umlauts.as_str(), "NameDoesNotMatchPattern"),
            ("a b", "NameDoesNotMatchPattern"),
            ("a.b", "NameDoesNotMatchPattern"),
            ("a/b", "NameDoesNotMatchPattern"),
            (" ", "NameDoesNotMatchPattern"),
        ] {
            let body = json!({ "name": name, "program_code": "" });
            for (method, path) in [
                (Method::POST, "/v0/pipelines"),
                (Method::PUT, "/v0/pipelines/crossnames"),
                (Method::PATCH, "/v0/pipelines/crossnames"),
                (Method::POST, "/v0/api_keys"),
            ] {
                let details = send(server, method.clone(), path, &body).await.is_error(400, code);
                let expected = match code {
                    "EmptyName" => Value::Null,
                    "TooLongName" => json!({ "name": name, "length": name.len(), "max_length": 100 }),
                    _ => json!({ "name": name }),
                };
                assert_eq!(details, expected, "{method} {path}");
            }
        }
        for name in [hundred.as_str(), "-", "_", "0", "aZ_-9"] {
            let body = json!({ "name": name, "program_code": "" });
            assert_eq!(send(server, Method::POST, "/v0/pipelines", &body).await.status, 201, "{name}");
            assert_eq!(ask(server, Method::DELETE, &format!("/v0/pipelines/{name}")).await.status, 200);
        }
    });
}

#[test]
fn segments_of_the_path_are_decoded_after_routing() {
    on_shared(async |server| {
        let details = |name: &str| json!({ "pipeline_name": name });
        let answer = ask(server, Method::GET, "/v0/pipelines/a%2Fb%20%25%2B+").await;
        assert_eq!(answer.is_error(404, "UnknownPipelineName"), details("a/b %++"));
        let answer = ask(server, Method::POST, "/v0/pipelines/%C3%A4/start").await;
        assert_eq!(answer.is_error(404, "UnknownPipelineName"), details("ä"));
        let answer = ask(server, Method::POST, "/v0/pipelines/x/st%61rt").await;
        assert_eq!(answer.is_error(404, "UnknownPipelineName"), details("x"));
        // Nothing has a name that is not UTF-8.
        ask(server, Method::GET, "/v0/pipelines/%FF").await.is_empty(404);
    });
}

#[test]
fn interaction_is_refused_unless_the_status_is_running_or_paused() {
    on_shared(async |server| {
        server.create("crossproxy", "CREATE VIEW v AS SELECT nothing FROM nowhere;").await;
        let routes = [
            (Method::GET, "stats"),
            (Method::GET, "query?sql=SELECT%201"),
            (Method::GET, "circuit_profile"),
            (Method::GET, "heap_profile"),
            (Method::POST, "checkpoint"),
            (Method::POST, "ingress/t"),
            (Method::POST, "egress/t"),
            (Method::POST, "tables/t/connectors/c/pause"),
        ];
        for (method, route) in &routes {
            let unknown = ask(server, method.clone(), &format!("/v0/pipelines/nobody/{route}")).await;
            assert_eq!(unknown.is_error(404, "UnknownPipelineName"), json!({ "pipeline_name": "nobody" }));
        }
        for status in ["Shutdown", "Failed"] {
            if status == "Failed" {
                server.action("crossproxy", "start").await;
                server.until_status("crossproxy", "Failed").await;
            }
            for (method, route) in &routes {
                let refused = ask(server, method.clone(), &format!("/v0/pipelines/crossproxy/{route}")).await;
                assert_eq!(refused.is_error(400, "PipelineNotRunningOrPaused")["status"], status, "{route}");
            }
        }
    });
}

#[test]
fn times_are_rfc_3339_in_utc_with_microseconds() {
    on_shared(async |server| {
        let made = server.create("crosstimes", "").await;
        for key in ["created_at", "program_status_since", "deployment_status_since"] {
            let text = made[key].as_str().unwrap();
            let time: DateTime<Utc> = text.parse().unwrap();
            assert!((Utc::now() - time).num_seconds().abs() < 60, "{text}");
            // 2025-01-28T21:33:01.123456Z
            assert_eq!((text.len(), &text[10..11], &text[19..20], &text[26..]), (27, "T", ".", "Z"), "{text}");
        }
    });
}
