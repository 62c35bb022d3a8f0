//! Section 1.2, the management of pipelines: the rows of its table, and versions. The rows of keys and demos in section 1.3 are in
//! `tenants.rs` (`keys_are_made_listed_and_deleted_and_scopes_hold`) and `api.rs` (`what_everybody_may_read`).
//!
//! | row | shown by |
//! |---|---|
//! | `DELETE` while compiling | `lifecycle.rs`: `deleting_a_pipeline_cancels_its_compilation` |
//! | a new platform compiles anew | unit tests of weir-catalog |
//!
//! Beyond the page: a tenant has at most 10,000 pipelines (400 `LimitReached`).

use crate::shared::{Answer, ask, on_shared, send};
use reqwest::Method;
use serde_json::{Value, json};

async fn post(server: &crate::support::Server, body: Value) -> Answer {
    send(server, Method::POST, "/v0/pipelines", &body).await
}

#[test]
fn get_pipelines_lists_all_in_order_of_creation() {
    on_shared(async |server| {
        for name in ["listc", "lista", "listb"] {
            server.create(name, "").await;
        }
        let all = ask(server, Method::GET, "/v0/pipelines").await.json();
        let all = all.as_array().unwrap();
        assert!(all.is_sorted_by_key(|p| p["id"].as_str().unwrap().to_owned()));
        let names: Vec<&str> =
            all.iter().map(|p| p["name"].as_str().unwrap()).filter(|n| n.starts_with("list")).collect();
        assert_eq!(names, ["listc", "lista", "listb"]);
    });
}

#[test]
fn get_a_pipeline_that_is_none_is_404() {
    on_shared(async |server| {
        let details = ask(server, Method::GET, "/v0/pipelines/List").await.is_error(404, "UnknownPipelineName");
        assert_eq!(details, json!({ "pipeline_name": "List" }));
    });
}

#[test]
fn post_takes_what_is_missing_or_null_for_the_default() {
    on_shared(async |server| {
        let brief = post(server, json!({ "name": "postbrief", "program_code": "" })).await;
        let nulls = post(
            server,
            json!({ "name": "postnulls", "program_code": "", "description": null, "udf_rust": null, "udf_toml": null,
                "runtime_config": null, "program_config": null, "unknown": 1 }),
        )
        .await;
        assert_eq!((brief.status, nulls.status), (201, 201));
        let (brief, nulls) = (brief.json(), nulls.json());
        for key in ["description", "udf_rust", "udf_toml"] {
            assert_eq!((&brief[key], &nulls[key]), (&json!(""), &json!("")), "{key}");
        }
        assert_eq!(brief["runtime_config"], nulls["runtime_config"]);
        assert_eq!(brief["program_config"], nulls["program_config"]);
    });
}

#[test]
fn post_checks_the_name_then_both_configurations_then_whether_it_is_taken() {
    on_shared(async |server| {
        server.create("postorder", "").await;
        let mut body = json!({ "name": "post order", "program_code": "", "runtime_config": 1, "program_config": 1 });
        post(server, body.clone()).await.is_error(400, "NameDoesNotMatchPattern");
        body["name"] = json!("postorder");
        post(server, body.clone()).await.is_error(400, "InvalidRuntimeConfig");
        body["runtime_config"] = Value::Null;
        post(server, body.clone()).await.is_error(400, "InvalidProgramConfig");
        body["program_config"] = Value::Null;
        post(server, body).await.is_error(409, "DuplicateName");
    });
}

#[test]
fn put_makes_replaces_whole_and_renames() {
    on_shared(async |server| {
        let put =
            async |name: &str, body: Value| send(server, Method::PUT, &format!("/v0/pipelines/{name}"), &body).await;
        let other_name = json!({ "name": "putother", "program_code": "" });
        put("putnew", other_name).await.is_error(400, "CannotRenameNonExistingPipeline");
        let full = json!({ "name": "putnew", "program_code": "CREATE TABLE t(x INT);", "description": "d", "udf_rust": "", "udf_toml": "",
            "runtime_config": { "workers": 3 }, "program_config": { "profile": "dev" } });
        let made = put("putnew", full.clone()).await;
        assert_eq!((made.status, &made.json()["version"]), (201, &json!(1)));
        // The same again changes nothing.
        let same = put("putnew", full).await;
        assert_eq!(
            (same.status, &same.json()["version"], &same.json()["program_version"]),
            (200, &json!(1), &json!(1))
        );
        // What is left out is reset.
        let reset = put("putnew", json!({ "name": "putnew", "program_code": "CREATE TABLE t(x INT);" })).await.json();
        assert_eq!((&reset["description"], &reset["runtime_config"]["workers"]), (&json!(""), &json!(8)));
        assert_eq!(reset["program_config"]["profile"], Value::Null);
        assert_eq!((&reset["version"], &reset["program_version"]), (&json!(2), &json!(2)));
        // The body's name renames, unless it is taken.
        server.create("puttaken", "").await;
        let body = |name: &str| json!({ "name": name, "program_code": "CREATE TABLE t(x INT);" });
        put("putnew", body("puttaken")).await.is_error(409, "DuplicateName");
        let renamed = put("putnew", body("putrenamed")).await;
        assert_eq!((renamed.status, &renamed.json()["id"]), (200, &reset["id"]));
        ask(server, Method::GET, "/v0/pipelines/putnew").await.is_error(404, "UnknownPipelineName");
        // The old name is free.
        assert_eq!(put("putnew", body("putnew")).await.status, 201);
    });
}

#[test]
fn patch_leaves_what_is_absent_or_null_and_replaces_configurations_whole() {
    on_shared(async |server| {
        let body = json!({ "name": "patchnull", "program_code": "", "description": "d",
            "runtime_config": { "workers": 3, "storage": true }, "program_config": { "profile": "dev" } });
        let made = post(server, body).await.json();
        let patch = async |patch: Value| send(server, Method::PATCH, "/v0/pipelines/patchnull", &patch).await;
        let nulls = json!({ "name": null, "description": null, "runtime_config": null, "program_code": null, "udf_rust": null,
            "udf_toml": null, "program_config": null, "unknown": 1 });
        for nothing in [json!({}), nulls] {
            let answer = patch(nothing).await;
            assert_eq!(answer.status, 200);
            let mut patched = answer.json();
            // The compiler goes on meanwhile.
            for key in ["program_status", "program_status_since", "program_info"] {
                patched[key] = made[key].clone();
            }
            assert_eq!(patched, made);
        }
        let patched = patch(json!({ "runtime_config": { "workers": 4 } })).await.json();
        assert_eq!(
            (&patched["runtime_config"]["workers"], &patched["runtime_config"]["storage"]),
            (&json!(4), &json!(false))
        );
        patch(json!({ "name": 1 }))
            .await
            .is_text(400, "Json deserialize error: invalid type: integer `1`, expected a string at line 1 column 9");
    });
}

#[test]
fn patch_checks_the_name_then_the_configurations_then_the_pipeline_then_its_state() {
    on_shared(async |server| {
        server.create("patchorder", "").await;
        server.create("patchtaken", "").await;
        server.action("patchorder", "pause").await;
        let patch =
            async |name: &str, body: Value| send(server, Method::PATCH, &format!("/v0/pipelines/{name}"), &body).await;
        for name in ["patchorder", "nobody"] {
            let body = json!({ "name": "", "runtime_config": 1, "program_config": 1 });
            patch(name, body).await.is_error(400, "EmptyName");
            patch(name, json!({ "runtime_config": 1, "program_config": 1 }))
                .await
                .is_error(400, "InvalidRuntimeConfig");
            patch(name, json!({ "program_config": 1 })).await.is_error(400, "InvalidProgramConfig");
        }
        patch("nobody", json!({ "name": "patchtaken" })).await.is_error(404, "UnknownPipelineName");
        // Even what would change nothing; the name is looked at last.
        let refused = patch("patchorder", json!({})).await.is_error(400, "CannotUpdateNonShutdownPipeline");
        assert_eq!(refused, Value::Null);
        patch("patchorder", json!({ "name": "patchtaken" })).await.is_error(400, "CannotUpdateNonShutdownPipeline");
        let put = json!({ "name": "patchorder", "program_code": "" });
        send(server, Method::PUT, "/v0/pipelines/patchorder", &put)
            .await
            .is_error(400, "CannotUpdateNonShutdownPipeline");
        ask(server, Method::DELETE, "/v0/pipelines/patchorder").await.is_error(400, "CannotDeleteNonShutdownPipeline");
        server.action("patchorder", "shutdown").await;
        server.until_status("patchorder", "Shutdown").await;
        patch("patchorder", json!({ "name": "patchtaken" })).await.is_error(409, "DuplicateName");
        ask(server, Method::DELETE, "/v0/pipelines/patchorder").await.is_empty(200);
        ask(server, Method::DELETE, "/v0/pipelines/patchorder").await.is_error(404, "UnknownPipelineName");
    });
}

#[test]
fn a_pipeline_that_waits_for_its_compiler_can_be_neither_edited_nor_deleted() {
    on_shared(async |server| {
        // Unlike any program compiled before, so that it takes a while.
        let stamp = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();
        let program = format!("CREATE TABLE t(x INT); CREATE VIEW v AS SELECT x, '{stamp}' AS s FROM t GROUP BY x;");
        server.create("early", &program).await;
        ask(server, Method::POST, "/v0/pipelines/early/start").await.is_empty(202);
        send(server, Method::PATCH, "/v0/pipelines/early", &json!({}))
            .await
            .is_error(400, "CannotUpdateNonShutdownPipeline");
        ask(server, Method::DELETE, "/v0/pipelines/early").await.is_error(400, "CannotDeleteNonShutdownPipeline");
        let waits = ask(server, Method::GET, "/v0/pipelines/early").await.json();
        assert_eq!(waits["deployment_desired_status"], "Running");
        // The wish can be taken back; then it can be deleted, though it is being compiled.
        server.action("early", "shutdown").await;
        server.until_status("early", "Shutdown").await;
        ask(server, Method::DELETE, "/v0/pipelines/early").await.is_empty(200);
    });
}

#[test]
fn actions_are_words_in_their_case() {
    on_shared(async |server| {
        server.create("actions", "").await;
        for word in ["Start", "PAUSE", "resume", "stop", "shutdown%20"] {
            let details = ask(server, Method::POST, &format!("/v0/pipelines/actions/{word}")).await;
            let word = word.replace("%20", " ");
            assert_eq!(details.is_error(400, "InvalidPipelineAction"), json!({ "action": word }));
        }
        for word in ["start", "pause", "shutdown"] {
            ask(server, Method::POST, &format!("/v0/pipelines/nobody/{word}"))
                .await
                .is_error(404, "UnknownPipelineName");
        }
    });
}

#[test]
fn versions_count_differences_and_some_of_them_compile_anew() {
    on_shared(async |server| {
        server.create("versions", "CREATE TABLE t(x INT);").await;
        let before = server.until("versions", "program_status", |s| s == "Success").await;
        let (mut version, mut program_version, mut name) = (1, 1, "versions");
        // The edit, and whether it is a difference, and one of the program.
        for (edit, differs, compiles) in [
            (json!({}), false, false),
            (json!({ "name": "versions" }), false, false),
            (json!({ "description": "new" }), true, false),
            (json!({ "description": "new" }), false, false),
            (json!({ "runtime_config": { "workers": 1 } }), true, false),
            // The same once defaults are filled in.
            (json!({ "runtime_config": { "workers": 1, "storage": false, "unknown": 1 } }), false, false),
            (json!({ "name": "versions2" }), true, false),
            (json!({ "program_code": "CREATE TABLE t(x INT);" }), false, false),
            (json!({ "program_code": "CREATE TABLE t(x INT); " }), true, true),
            (json!({ "udf_rust": " " }), true, true),
            (json!({ "udf_toml": " " }), true, true),
            (json!({ "udf_rust": "", "udf_toml": "" }), true, true),
            (json!({ "program_config": { "profile": "dev" } }), true, true),
            (json!({ "program_config": { "profile": "dev", "cache": true } }), false, false),
            (json!({ "program_config": { "profile": "unoptimized" }, "description": "" }), true, true),
        ] {
            server.until(name, "program_status", |s| s == "Success" || s.is_object()).await;
            let answer = send(server, Method::PATCH, &format!("/v0/pipelines/{name}"), &edit).await;
            assert_eq!(answer.status, 200, "{edit}: {answer:?}");
            let patched = answer.json();
            version += i64::from(differs);
            program_version += i64::from(compiles);
            assert_eq!(patched["version"], version, "{edit}");
            assert_eq!(patched["program_version"], program_version, "{edit}");
            if compiles {
                assert_eq!(
                    (&patched["program_status"], &patched["program_info"]),
                    (&json!("Pending"), &Value::Null),
                    "{edit}"
                );
                assert!(patched["program_status_since"].as_str() > before["program_status_since"].as_str());
            } else {
                assert_ne!(patched["program_status"], "Pending", "{edit}");
            }
            if edit["name"] == "versions2" {
                name = "versions2";
            }
        }
    });
}
