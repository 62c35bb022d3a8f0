//! The command line as a client of a server.
#![allow(clippy::unwrap_used, reason = "a test that unwraps says where it failed")]

mod support;

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Output, Stdio};
use support::{Server, WEIR};

struct Cli<'a>(&'a Server);

impl Cli<'_> {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(WEIR);
        command.arg("pipelines").args(arguments).env("WEIR_HOST", &self.0.base).env_remove("WEIR_API_KEY");
        command
    }

    fn run(&self, arguments: &[&str], stdin: &str) -> Output {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    /// What a command that succeeds prints.
    fn says(&self, arguments: &[&str], stdin: &str) -> String {
        let output = self.run(arguments, stdin);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {error}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// What a command that fails tells.
    fn fails(&self, arguments: &[&str], stdin: &str) -> String {
        let output = self.run(arguments, stdin);
        assert!(!output.status.success(), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.says(&[arguments, &["--json"]].concat(), "")).unwrap()
    }
}

const PROGRAM: &str = "CREATE TABLE t(n INT NOT NULL, s VARCHAR) WITH ('materialized' = 'true');
CREATE MATERIALIZED VIEW v AS SELECT s, SUM(n) AS total FROM t GROUP BY s;";

#[tokio::test(flavor = "multi_thread")]
async fn a_pipelines_life_from_the_command_line() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let cli = Cli(&server);
    cli.says(&["create", "sales", "-", "--workers", "2", "--profile", "unoptimized", "--start"], PROGRAM);
    let shown = cli.json(&["show", "sales"]);
    assert_eq!((&shown["deployment_status"], &shown["runtime_config"]["workers"]), (&json!("Running"), &json!(2)));
    let list = cli.says(&["list"], "");
    assert!(list.contains("sales") && list.contains("Running") && list.starts_with("NAME"), "{list}");
    assert_eq!(cli.json(&["list"]).as_array().unwrap().len(), 1);
    assert!(cli.says(&["show", "sales"], "").contains("t(n INTEGER NOT NULL, s VARCHAR)"));
    assert_eq!(cli.says(&["program", "sales"], ""), PROGRAM);

    let mut egress = cli.command(&["egress", "sales", "v"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut changes = BufReader::new(egress.stdout.take().unwrap()).lines();
    // The listener attaches before there is something to hear.
    loop {
        let stats = cli.json(&["stats", "sales"]);
        if !stats["outputs"].as_array().unwrap().is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let rows = dir.path().join("rows.csv");
    std::fs::write(&rows, "1,a\n2,a\n5,b\n").unwrap();
    cli.says(&["ingress", "sales", "t", rows.to_str().unwrap()], "");
    cli.says(&["ingress", "sales", "t", "-"], "{\"n\": 7, \"s\": \"c\"}\n");
    let heard: Vec<Value> = (0..3).map(|_| serde_json::from_str(&changes.next().unwrap().unwrap()).unwrap()).collect();
    assert!(heard.contains(&json!({ "insert": { "s": "a", "total": 3 } })), "{heard:?}");
    assert_eq!(
        cli.says(&["query", "sales", "SELECT s, total FROM v ORDER BY s LIMIT 1"], ""),
        "+---+-------+\n| s | total |\n+---+-------+\n| a | 3     |\n+---+-------+\n"
    );
    assert_eq!(cli.json(&["query", "sales", "SELECT count(*) AS n FROM t"]), json!({ "n": 4 }));
    assert!(cli.says(&["stats", "sales"], "").contains("total_input_records"));
    let zip = dir.path().join("profile.zip");
    cli.says(&["profile", "sales", "-o", zip.to_str().unwrap()], "");
    assert!(std::fs::read(&zip).unwrap().starts_with(b"PK"));
    assert!(cli.says(&["logs", "sales", "--no-follow"], "").contains("is ready"));

    cli.says(&["pause", "sales"], "");
    cli.says(&["start", "sales"], "");
    assert!(cli.fails(&["update", "sales", "--description", "x"], "").contains("CannotUpdateNonShutdownPipeline"));
    cli.says(&["shutdown", "sales"], "");
    assert!(egress.wait().unwrap().success());
    cli.says(&["update", "sales", "--description", "by item", "--rename", "totals"], "");
    assert_eq!(cli.json(&["show", "totals"])["description"], "by item");
    cli.says(&["delete", "totals"], "");
    assert_eq!(cli.json(&["list"]), json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_wrong_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let cli = Cli(&server);
    let error = cli.fails(&["create", "bad", "-"], "CREATE TABLE t(n INT);\nCREATE VIEW v AS SELECT m FROM t;");
    assert!(error.contains("2:") && error.contains("SELECT m FROM t"), "{error}");
    assert!(cli.fails(&["create", "bad", "-"], PROGRAM).contains("DuplicateName"));
    assert!(cli.fails(&["show", "nobody"], "").contains("UnknownPipelineName"));
    assert!(cli.fails(&["query", "bad", "SELECT 1"], "").contains("PipelineNotRunningOrPaused"));
    assert!(cli.fails(&["start", "bad"], "").contains("does not compile"));
    let gone = Command::new(WEIR).args(["pipelines", "list", "--host", "http://127.0.0.1:1"]).output().unwrap();
    assert!(!gone.status.success() && String::from_utf8_lossy(&gone.stderr).contains("weir serve"));
}

#[test]
fn completions_name_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let output = Command::new(WEIR).args(["completions", shell]).output().unwrap();
        let script = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && script.contains("pipelines") && script.contains("toolchain"), "{shell}");
    }
}
