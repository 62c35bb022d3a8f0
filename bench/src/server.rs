//! A server to measure: the `weir` binary beside this one.

use anyhow::Context;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Longest wait for an answer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// The `weir` binary beside this one, serving from an empty folder.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
    folder: std::path::PathBuf,
}

impl Server {
    pub(crate) fn start() -> anyhow::Result<Server> {
        Server::start_with(&[])
    }

    /// The same with more arguments.
    pub(crate) fn start_with(arguments: &[&str]) -> anyhow::Result<Server> {
        let binary = std::env::current_exe()?.with_file_name("weir");
        anyhow::ensure!(binary.exists(), "{} is missing: cargo build --release -p weir-server", binary.display());
        let folder = std::env::temp_dir().join(format!("weir-bench-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let mut child = Command::new(binary)
            .args(["serve", "--bind", "127.0.0.1:0", "--data-dir"])
            .arg(&folder)
            .args(arguments)
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
    pub(crate) fn life(&self, name: &str, sql: &str) -> anyhow::Result<Duration> {
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

    pub(crate) fn until(&self, name: &str, status: &str) -> anyhow::Result<()> {
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

    /// Makes a pipeline of one worker, and starts it.
    pub(crate) fn begin(&self, name: &str, sql: &str) -> anyhow::Result<()> {
        let body = serde_json::json!({ "name": name, "description": "", "program_code": sql,
            "program_config": { "profile": "dev" }, "runtime_config": { "workers": 1 } });
        self.ask("POST", "/v0/pipelines", &body.to_string())?;
        self.ask("POST", &format!("/v0/pipelines/{name}/start"), "")?;
        self.until(name, "Running")
    }

    /// Records that a pipeline has worked on.
    pub(crate) fn processed(&self, name: &str) -> anyhow::Result<u64> {
        let stats: serde_json::Value =
            serde_json::from_str(&self.ask("GET", &format!("/v0/pipelines/{name}/stats"), "")?)?;
        stats["global_metrics"]["total_processed_records"].as_u64().context("no count")
    }

    /// A request on a connection of its own; the answer's body.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> anyhow::Result<String> {
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

/// CPU time and memory of a process, from /proc.
pub(crate) struct Usage {
    pub(crate) cpu: Duration,
    pub(crate) resident_bytes: u64,
}

impl Server {
    /// What the server has used so far, and has now.
    pub(crate) fn usage(&self) -> anyhow::Result<Usage> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // Behind the name, which is in parentheses and may have spaces: fields 14 and 15 are user and system time, 24 resident pages.
        let fields: Vec<&str> = stat.rsplit_once(") ").context("no /proc")?.1.split(' ').collect();
        let field = |i: usize| fields.get(i - 3).and_then(|f| f.parse::<u64>().ok()).context("no /proc");
        let ticks = rustix::param::clock_ticks_per_second();
        let cpu = Duration::from_secs_f64((field(14)? + field(15)?) as f64 / ticks as f64);
        Ok(Usage { cpu, resident_bytes: field(24)? * rustix::param::page_size() as u64 })
    }
}

impl Server {
    /// The most memory that the server had at once.
    pub(crate) fn peak_bytes(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).context("no /proc")?;
        let kib: u64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kib << 10)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
