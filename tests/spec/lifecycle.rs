//! Sections 1.2 (desired statuses) and 2, the lifecycle.
//!
//! | rule | shown by |
//! |---|---|
//! | the edges of both automata, and no others | unit tests of `automata/program.rs` and `automata/deployment.rs` |
//! | a start waits for the compiler; Paused to Running | `lifecycle.rs`: `a_start_waits_for_the_compiler_and_a_pause_holds` |
//! | state does not survive a shutdown, its folder is removed | `stats.rs`: `post_checkpoint`; [`what_was_taken_in_does_not_survive_a_shutdown`] |
//! | a restart of the manager | `lifecycle.rs`: `a_killed_server_says_what_was_lost`; `durability.rs` |
//! | `WorkerPanic` with the panic's text | `lifecycle.rs`: `an_error_of_the_program_fails_the_pipeline_with_its_place` |
//! | one compiler at a time per ..., first come first served | unit tests of `manager/queue.rs` |
//! | time from Shutdown to Running | `load.rs`: `a_start_of_a_compiled_program` |
//!
//! Otherwise than the page: drivers are woken by changes instead of looking in cycles, several programs compile at once, and a
//! pipeline lives in the server's process, so that nothing is ever Unavailable.

use crate::shared::{Answer, ask, on_shared, run_paused};
use crate::support::Server;
use reqwest::Method;
use serde_json::{Value, json};

const PROGRAM: &str = "CREATE TABLE t(x INT) WITH ('materialized' = 'true');";

async fn act(server: &Server, name: &str, action: &str) -> Answer {
    ask(server, Method::POST, &format!("/v0/pipelines/{name}/{action}")).await
}

#[test]
fn actions_are_idempotent_and_answer_at_once() {
    on_shared(async |server| {
        server.create("idem", PROGRAM).await;
        act(server, "idem", "shutdown").await.is_empty(202);
        server.until("idem", "program_status", |s| s == "Success").await;
        for (action, status) in
            [("pause", "Paused"), ("start", "Running"), ("pause", "Paused"), ("shutdown", "Shutdown")]
        {
            act(server, "idem", action).await.is_empty(202);
            act(server, "idem", action).await.is_empty(202);
            let reached = server.until_status("idem", status).await;
            assert_eq!(reached["deployment_desired_status"], status);
            act(server, "idem", action).await.is_empty(202);
        }
        // Wishes do not count as edits.
        let unchanged = server.until_status("idem", "Shutdown").await;
        assert_eq!((&unchanged["version"], &unchanged["program_version"]), (&json!(1), &json!(1)));
    });
}

#[test]
fn pause_from_shutdown_starts_paused_and_start_resumes() {
    on_shared(async |server| {
        run_paused(server, "paused", PROGRAM).await;
        // It passes through the log: never Running before it was Paused.
        act(server, "paused", "start").await.is_empty(202);
        server.until_status("paused", "Running").await;
        act(server, "paused", "shutdown").await.is_empty(202);
        server.until_status("paused", "Shutdown").await;
    });
}

#[test]
fn a_start_passes_through_provisioning_initializing_and_paused() {
    on_shared(async |server| {
        server.run("passes", PROGRAM).await;
        let log = async {
            let answer = ask(server, Method::GET, "/v0/pipelines/passes/logs").await;
            let lines = answer.body.lines().filter_map(|l| l.split_once("deployment status: "));
            lines.map(|(_, status)| status.to_owned()).collect::<Vec<_>>()
        };
        let end = async {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            act(server, "passes", "shutdown").await
        };
        let (statuses, _) = tokio::join!(log, end);
        let places = ["Initializing", "Paused", "Running"].map(|s| statuses.iter().position(|t| t == s));
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{statuses:?}");
    });
}

#[test]
fn start_with_a_wrong_program_is_202_and_the_pipeline_becomes_failed() {
    on_shared(async |server| {
        server.create("wrong", "CREATE VIEW v AS SELECT nothing FROM nowhere;").await;
        // Before or after the compiler has found out: always 202.
        act(server, "wrong", "start").await.is_empty(202);
        let failed = server.until_status("wrong", "Failed").await;
        let error = &failed["deployment_error"];
        assert_eq!(error["error_code"], "StartFailedDueToFailedCompilation");
        let compiler_error = error["details"]["compiler_error"].as_str().unwrap();
        assert!(compiler_error.contains("nowhere"), "{error}");
        assert!(error["message"].as_str().unwrap().contains("nowhere"), "{error}");

        // Neither /start nor /pause; the hint says what to do.
        let hint = "Cannot restart a pipeline which is failed. Clear the failed error state first by invoking the '/shutdown' endpoint.";
        for (action, requested) in [("start", "Running"), ("pause", "Paused")] {
            let answer = act(server, "wrong", action).await;
            let details = answer.is_error(400, "IllegalPipelineStateTransition");
            let expected = json!({ "hint": hint, "status": "Failed", "desired_status": "Running", "requested_desired_status": requested });
            assert_eq!(details, expected);
            let message = format!(
                "Deployment status (current: 'Failed', desired: 'Running') cannot have desired changed to '{requested}'. {hint}"
            );
            assert_eq!(answer.json()["message"], message);
        }
        act(server, "wrong", "shutdown").await.is_empty(202);
        let shut = server.until_status("wrong", "Shutdown").await;
        assert_eq!(shut["deployment_error"], Value::Null);
        assert!(shut["program_status"].get("SqlError").is_some(), "{shut}");
        // The same after the compiler has found out.
        act(server, "wrong", "pause").await.is_empty(202);
        server.until_status("wrong", "Failed").await;
    });
}

#[test]
fn nothing_can_be_started_while_it_is_shut_down() {
    on_shared(async |server| {
        server.run("shutting", PROGRAM).await;
        let hint = "Cannot restart the pipeline while it is shutting down. Wait for the shutdown to complete before starting the pipeline again.";
        // A shutdown takes milliseconds: it is tried until a start comes in between.
        for _ in 0..50 {
            let (_, answer) = tokio::join!(act(server, "shutting", "shutdown"), async {
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
                act(server, "shutting", "start").await
            });
            if answer.status == 400 {
                let details = answer.is_error(400, "IllegalPipelineStateTransition");
                assert_eq!((&details["hint"], &details["desired_status"]), (&json!(hint), &json!("Shutdown")));
                server.until_status("shutting", "Shutdown").await;
                act(server, "shutting", "start").await.is_empty(202);
                return;
            }
            server.action("shutting", "shutdown").await;
            server.until_status("shutting", "Shutdown").await;
            server.action("shutting", "start").await;
            server.until_status("shutting", "Running").await;
        }
        panic!("no start ever met a pipeline that is being shut down");
    });
}

#[test]
fn what_was_taken_in_does_not_survive_a_shutdown() {
    on_shared(async |server| {
        server.run("forgets", PROGRAM).await;
        let count = async || {
            let path = "/v0/pipelines/forgets/query?format=json&sql=SELECT%20COUNT(*)%20AS%20n%20FROM%20t";
            ask(server, Method::GET, path).await.json()["n"].clone()
        };
        assert_eq!(server.ingress("forgets", "t", "", "1\n2\n").await.0, 200);
        assert_eq!(count().await, 2);
        act(server, "forgets", "shutdown").await.is_empty(202);
        server.until_status("forgets", "Shutdown").await;
        act(server, "forgets", "start").await.is_empty(202);
        server.until_status("forgets", "Running").await;
        assert_eq!(count().await, 0);
    });
}

#[test]
fn pipelines_that_keep_state_on_disk_leave_no_folder_behind() {
    on_shared(async |server| {
        let made = server.create("ondisk", PROGRAM).await;
        let patch = json!({ "runtime_config": { "workers": 1, "storage": true } });
        assert_eq!(crate::shared::send(server, Method::PATCH, "/v0/pipelines/ondisk", &patch).await.status, 200);
        act(server, "ondisk", "start").await.is_empty(202);
        server.until_status("ondisk", "Running").await;
        let folder = crate::shared::folder().join("pipelines").join(made["id"].as_str().unwrap());
        assert!(folder.exists());
        act(server, "ondisk", "checkpoint").await.is_empty(200);
        act(server, "ondisk", "shutdown").await.is_empty(202);
        server.until_status("ondisk", "Shutdown").await;
        assert!(!folder.exists());
    });
}
