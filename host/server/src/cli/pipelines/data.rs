//! Data into and out of running pipelines.

use super::super::client::Client;
use anyhow::Context;
use clap::{Args, ValueEnum};
use futures_util::StreamExt;
use reqwest::{Body, Method};
use serde_json::Value;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

/// Bytes of a file that are sent at once.
const PIECE_BYTES: usize = 64 << 10;

/// How a result is written.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum QueryFormat {
    /// A table for people.
    Text,
    /// A JSON object per row.
    Json,
    /// A Parquet file.
    Parquet,
    /// An Arrow stream.
    #[value(name = "arrow_ipc")]
    ArrowIpc,
}

#[derive(Debug, Args)]
pub(super) struct QueryArgs {
    /// The pipeline's name.
    name: String,
    /// The query; `-` reads it from stdin.
    sql: String,
    /// How the result is written [default: text, or json with --json].
    #[arg(long, value_enum)]
    format: Option<QueryFormat>,
    /// The file to write, instead of stdout.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct IngressArgs {
    /// The pipeline's name.
    name: String,
    /// The table, as in SQL.
    table: String,
    /// Files to send, one after the other; `-` reads stdin.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The files' format [default: csv for `*.csv`, else json].
    #[arg(long, value_parser = ["json", "csv"])]
    format: Option<String>,
    /// JSON: what a record says.
    #[arg(long, default_value = "raw", value_parser = ["raw", "insert_delete", "debezium", "weighted"])]
    update_format: String,
    /// JSON: the file is an array of records.
    #[arg(long)]
    array: bool,
    /// Send to a paused pipeline, too.
    #[arg(long)]
    force: bool,
}

#[derive(Debug, Args)]
pub(super) struct EgressArgs {
    /// The pipeline's name.
    name: String,
    /// The view or table, as in SQL.
    view: String,
    /// How changes are written.
    #[arg(long, default_value = "json", value_parser = ["json", "csv"])]
    format: String,
}

pub(super) async fn query(client: &Client, args: QueryArgs, json: bool) -> anyhow::Result<()> {
    let sql = if args.sql == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("reading stdin")?;
        text
    } else {
        args.sql
    };
    let format = match args.format {
        Some(QueryFormat::Text) => "text",
        None if !json => "text",
        Some(QueryFormat::Json) | None => "json",
        Some(QueryFormat::Parquet) => "parquet",
        Some(QueryFormat::ArrowIpc) => "arrow_ipc",
    };
    let request = client.request(Method::GET, &["pipelines", &args.name, "query"])?;
    let response = client.send(request.query(&[("sql", sql.as_str()), ("format", format)])).await?;
    let mut pieces = response.bytes_stream();
    let mut out: Box<dyn Write> = match &args.output {
        Some(path) => Box::new(std::fs::File::create(path).with_context(|| format!("creating {}", path.display()))?),
        None => Box::new(std::io::stdout().lock()),
    };
    while let Some(piece) = pieces.next().await {
        out.write_all(&piece?)?;
    }
    if format == "text" {
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(())
}

pub(super) async fn ingress(client: &Client, args: IngressArgs) -> anyhow::Result<()> {
    for file in &args.files {
        let is_csv = file.extension().is_some_and(|e| e == "csv");
        let format = args.format.as_deref().unwrap_or(if is_csv { "csv" } else { "json" });
        let request = client.request(Method::POST, &["pipelines", &args.name, "ingress", &args.table])?;
        let request = request.query(&[
            ("format", format),
            ("update_format", &args.update_format),
            ("array", if args.array { "true" } else { "false" }),
            ("force", if args.force { "true" } else { "false" }),
        ]);
        client
            .send(request.body(stream(file)?))
            .await
            .with_context(|| format!("sending {} to '{}'", file.display(), args.table))?;
    }
    Ok(())
}

/// A file's bytes, read as they are sent.
fn stream(path: &Path) -> anyhow::Result<Body> {
    let mut from: Box<dyn Read + Send> = if path.as_os_str() == "-" {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(path).with_context(|| format!("opening {}", path.display()))?)
    };
    let (sender, receiver) = mpsc::channel::<std::io::Result<Vec<u8>>>(4);
    tokio::task::spawn_blocking(move || {
        loop {
            let mut piece = vec![0; PIECE_BYTES];
            let read = from.read(&mut piece);
            let last = !matches!(read, Ok(n) if n > 0);
            let piece = read.map(|n| {
                piece.truncate(n);
                piece
            });
            if matches!(&piece, Ok(p) if p.is_empty()) || sender.blocking_send(piece).is_err() || last {
                return;
            }
        }
    });
    Ok(Body::wrap_stream(ReceiverStream::new(receiver)))
}

pub(super) async fn egress(client: &Client, args: EgressArgs) -> anyhow::Result<()> {
    let request = client.request(Method::POST, &["pipelines", &args.name, "egress", &args.view])?;
    let request = request.query(&[("format", args.format.as_str()), ("backpressure", "true")]);
    let mut pieces = client.send(request).await?.bytes_stream();
    let mut out = std::io::stdout().lock();
    let mut rest: Vec<u8> = Vec::new();
    while let Some(piece) = pieces.next().await {
        rest.extend_from_slice(&piece?);
        while let Some(end) = rest.iter().position(|b| *b == b'\n') {
            let line: Vec<u8> = rest.drain(..=end).collect();
            let chunk: Value = serde_json::from_slice(&line).context("reading a chunk of the stream")?;
            for event in chunk["json_data"].as_array().into_iter().flatten() {
                writeln!(out, "{event}")?;
            }
            if let Some(text) = chunk["text_data"].as_str() {
                out.write_all(text.as_bytes())?;
            }
        }
        out.flush()?;
    }
    Ok(())
}
