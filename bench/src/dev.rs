//! Profile `dev`: from the POST of a program to a pipeline that runs, and the parts of that, in process.
//!
//! Cost model: the front end is a few milliseconds for a small program; the engine's native code is mapped once and shared by all
//! programs, so a pipeline costs its instance (tenths of a millisecond) and the making of register programs from the circuit. Over REST
//! there are three to five durable commits (milliseconds each, by the disk) and the states that a start goes through.

use crate::measure::{Setup, median, ms, table};
use anyhow::{Context, bail};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use weir_compiler::CancelToken;
use weir_runtime::{Pipeline, PipelineOptions, Program};

/// Runs of each; the median counts.
const RUNS: usize = 15;
/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

const PROGRAMS: [(&str, &str); 2] = [
    (
        "one aggregate",
        "CREATE TABLE t(k INT, x INT); CREATE MATERIALIZED VIEW v AS SELECT k, SUM(x) AS s, COUNT(*) AS n FROM t GROUP BY k;",
    ),
    (
        "nexmark q4",
        concat!(include_str!("../../examples/nexmark/tables.sql"), include_str!("../../examples/nexmark/q4.sql")),
    ),
];

pub(crate) fn run(setup: &Setup) -> anyhow::Result<()> {
    println!("\n# Profile dev: from POST to Running (median of {RUNS})\n");
    let server = Server::start()?;
    let mut rows = Vec::new();
    for (name, sql) in PROGRAMS {
        let parts = parts(setup, sql)?;
        let mut whole = Vec::new();
        for run in 0..RUNS {
            whole.push(server.life(&format!("bench-{run}"), sql)?);
        }
        let mut row = vec![name.to_owned(), ms(median(&whole))];
        row.extend(parts.iter().map(|times| ms(median(times))));
        rows.push(row);
    }
    let head = [
        "program",
        "POST to Running over REST, ms",
        "SQL to circuit",
        "map the engine",
        "open a worker, make its program",
        "first step",
    ];
    table(&head, &rows);
    Ok(())
}

/// The times of the parts: front end, mapping, opening, first step.
fn parts(setup: &Setup, sql: &str) -> anyhow::Result<[Vec<Duration>; 4]> {
    let artifact = setup.compiler.engine(&|step| eprintln!("{step}"), &CancelToken::new())?;
    let mut parts: [Vec<Duration>; 4] = Default::default();
    for _ in 0..RUNS {
        let begin = Instant::now();
        let Ok(compiled) = weir_sql::compile(sql) else { bail!("the program has errors") };
        let circuit = serde_json::to_vec(&compiled.circuit)?;
        parts[0].push(begin.elapsed());
        let begin = Instant::now();
        let program =
            Program::load(&setup.engine, &artifact.native, &artifact.native_sha256)?.with_circuit(&circuit)?;
        parts[1].push(begin.elapsed());
        let begin = Instant::now();
        let mut pipeline = Pipeline::open(&program, PipelineOptions::default())?;
        parts[2].push(begin.elapsed());
        let begin = Instant::now();
        pipeline.step(0)?;
        parts[3].push(begin.elapsed());
    }
    Ok(parts)
}

/// The `weir` binary beside this one, serving from an empty folder.
struct Server {
    child: Child,
    address: String,
    folder: std::path::PathBuf,
}

impl Server {
    fn start() -> anyhow::Result<Server> {
        let binary = std::env::current_exe()?.with_file_name("weir");
        anyhow::ensure!(binary.exists(), "{} is missing: cargo build --release -p weir-server", binary.display());
        let folder = std::env::temp_dir().join(format!("weir-bench-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let mut child = Command::new(binary)
            .args(["serve", "--bind", "127.0.0.1:0", "--data-dir"])
            .arg(&folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let stdout = child.stdout.take().context("the server has no output")?;
        // Its first line says where it listens.
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line.split("http://").nth(1).and_then(|rest| rest.split_whitespace().next());
        let address = address.with_context(|| format!("the server does not say where it listens: {line}"))?.to_owned();
        Ok(Server { child, address: address.trim_end_matches('/').to_owned(), folder })
    }

    /// Creates a pipeline, starts it, waits until it runs, and removes it. The time from the first to the third.
    fn life(&self, name: &str, sql: &str) -> anyhow::Result<Duration> {
        let body = serde_json::json!({
            "name": name, "description": "", "program_code": sql,
            "program_config": { "profile": "dev" }, "runtime_config": { "workers": 1 },
        });
        let begin = Instant::now();
        self.ask("POST", "/v0/pipelines", &body.to_string())?;
        self.ask("POST", &format!("/v0/pipelines/{name}/start"), "")?;
        self.until(name, "Running")?;
        let took = begin.elapsed();
        self.ask("POST", &format!("/v0/pipelines/{name}/shutdown"), "")?;
        self.until(name, "Shutdown")?;
        self.ask("DELETE", &format!("/v0/pipelines/{name}"), "")?;
        Ok(took)
    }

    fn until(&self, name: &str, status: &str) -> anyhow::Result<()> {
        let begin = Instant::now();
        loop {
            let answer = self.ask("GET", &format!("/v0/pipelines/{name}?selector=status"), "")?;
            let pipeline: serde_json::Value = serde_json::from_str(&answer)?;
            if pipeline["deployment_status"] == status {
                return Ok(());
            }
            anyhow::ensure!(begin.elapsed() < PATIENCE, "'{name}' is not {status}: {answer}");
            std::thread::sleep(Duration::from_micros(500));
        }
    }

    /// A request on a connection of its own; the answer's body.
    fn ask(&self, method: &str, path: &str, body: &str) -> anyhow::Result<String> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: weir\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").context("no HTTP answer")?;
        anyhow::ensure!(head.starts_with("HTTP/1.1 2"), "{method} {path}: {answer}");
        Ok(body.to_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
