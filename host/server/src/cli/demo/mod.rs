//! `weir demo`: the whole chain at work. It is a client of the server like any other; the server runs in the same process.

mod client;
mod flights;
mod nexmark;
mod screen;

use super::CacheArgs;
use super::serve;
use crate::api::Options;
use anyhow::Context;
use clap::Args;
use client::Client;
use screen::Screen;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Arguments of `weir demo`.
#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// Keep serving when the show is over, until Ctrl-C.
    #[arg(long)]
    keep: bool,
    /// Auction events per second.
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(100..=1_000_000))]
    rate: u64,
    /// Seconds of auction.
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// Port to serve on [default: a free one].
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Folder for the catalog [default: a temporary one].
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    #[command(flatten)]
    cache: CacheArgs,
}

pub(super) fn main(args: DemoArgs) -> anyhow::Result<ExitCode> {
    serve::runtime()?.block_on(show(args))
}

async fn show(args: DemoArgs) -> anyhow::Result<ExitCode> {
    let begin = Instant::now();
    let mut screen = Screen::new();
    screen.title("Weir: SQL over changing data");
    let temporary = std::env::temp_dir().join(format!("weir-demo-{}", std::process::id()));
    let data_dir = args.data_dir.clone().unwrap_or_else(|| temporary.clone());
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], args.port));
    let server = serve::start(address, data_dir, args.cache.clone(), Default::default(), Options::default(), &|step| {
        println!("  {step}")
    })
    .await?;
    screen.line(&format!("Everything needed is there after {}.", seconds(begin.elapsed())));
    let address = server.address;
    screen.line(&format!("A server listens on http://{address}; what follows goes through its REST API."));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(server.run(async move {
        // A dropped sender means stop as well.
        let _ = stopped.await;
    }));
    let client = Client::new(address);
    let shown = tokio::select! {
        shown = perform(&client, &mut screen, &args) => shown,
        _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
    };
    if shown.is_ok() {
        screen.line(&format!("\nThe show took {} in all.", seconds(begin.elapsed())));
        farewell(&mut screen, args.keep.then_some(address));
        if args.keep {
            tokio::signal::ctrl_c().await.context("waiting for Ctrl-C")?;
        }
    }
    let _ = stop.send(());
    serving.await?;
    if args.data_dir.is_none() {
        // What the demo leaves in the temporary folder is nobody's.
        let _ = std::fs::remove_dir_all(temporary);
    }
    shown.map(|()| ExitCode::SUCCESS)
}

async fn perform(client: &Client, screen: &mut Screen, args: &DemoArgs) -> anyhow::Result<()> {
    flights::show(client, screen).await.context("the flights")?;
    nexmark::show(client, screen, args.rate, Duration::from_secs(args.seconds)).await.context("the auction")
}

fn farewell(screen: &mut Screen, kept: Option<std::net::SocketAddr>) {
    let host = match kept {
        Some(address) => {
            screen.line("\nThe server goes on until Ctrl-C. Try, in another terminal:");
            address.to_string()
        }
        None => {
            screen.line("\nTo go on alone:  weir serve   (or: weir demo --keep), and then, in another terminal:");
            "127.0.0.1:8080".to_owned()
        }
    };
    for line in [
        "# a program with one table and one view",
        &format!(
            "curl -s -X PUT http://{host}/v0/pipelines/hello -H 'Content-Type: application/json' -d '{{\"name\": \"hello\", \"program_code\": \"CREATE TABLE t(k INT, x INT); CREATE MATERIALIZED VIEW v AS SELECT k, SUM(x) AS total FROM t GROUP BY k;\"}}'"
        ),
        &format!("curl -s -X POST http://{host}/v0/pipelines/hello/start"),
        &format!(
            "curl -s -N -X POST 'http://{host}/v0/pipelines/hello/egress/v?format=json' &   # its changes, as they come"
        ),
        &format!(
            "curl -s -X POST 'http://{host}/v0/pipelines/hello/ingress/t?format=json' -d '{{\"insert\": {{\"k\": 1, \"x\": 5}}}} {{\"insert\": {{\"k\": 1, \"x\": 37}}}}'"
        ),
        &format!(
            "curl -s -G http://{host}/v0/pipelines/hello/query --data-urlencode 'sql=SELECT * FROM v'   # a question"
        ),
    ] {
        screen.line(&format!("  {line}"));
    }
}

/// A duration for people.
fn seconds(d: Duration) -> String {
    if d < Duration::from_secs(1) { format!("{} ms", d.as_millis()) } else { format!("{:.1} s", d.as_secs_f64()) }
}
/// Rows as JSON objects.
const RAW: &[(&str, &str)] = &[("format", "json"), ("update_format", "raw")];
