//! `weir pipelines`: the pipelines of a server.

mod data;
mod edit;
mod print;

use super::client::{Client, ServerArgs};
use crate::api::PipelineSelectedInfo;
use clap::{Args, Subcommand};
use futures_util::StreamExt;
use reqwest::Method;
use serde_json::Value;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use weir_catalog::DeploymentStatus;

/// Arguments of `weir pipelines`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  weir pipelines create sales program.sql --start
  weir pipelines ingress sales orders orders.json
  weir pipelines query sales 'SELECT * FROM totals'
  weir pipelines egress sales totals")]
pub(super) struct PipelinesArgs {
    #[command(flatten)]
    server: ServerArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List all pipelines.
    List,
    /// Show a pipeline: statuses, versions, tables and views.
    Show(Name),
    /// Print a pipeline's SQL program.
    Program(Name),
    /// Make a pipeline from a SQL program.
    Create(edit::CreateArgs),
    /// Change a pipeline that is shut down.
    Update(edit::UpdateArgs),
    /// Delete a pipeline that is shut down.
    Delete(Name),
    /// Start a pipeline, or let one go on that is paused.
    Start(Deploy),
    /// Pause a pipeline; one that is shut down is started, paused.
    Pause(Deploy),
    /// End a pipeline; what it holds in memory is lost.
    Shutdown(Deploy),
    /// Print a pipeline's log, and follow it.
    Logs(LogsArgs),
    /// Print a pipeline's statistics.
    Stats(Name),
    /// Run a SQL query over the contents of a running pipeline.
    Query(data::QueryArgs),
    /// Send data to a table.
    Ingress(data::IngressArgs),
    /// Print the changes of a view or a table as they come.
    Egress(data::EgressArgs),
    /// Fetch time and rows of each operator, as a zip of Graphviz files.
    Profile(ProfileArgs),
    /// Have a pipeline write down its state.
    Checkpoint(Name),
    /// Start or pause a connector of a table.
    Connector(ConnectorArgs),
}

#[derive(Debug, Args)]
struct Name {
    /// The pipeline's name.
    name: String,
}

#[derive(Debug, Args)]
struct Deploy {
    /// The pipeline's name.
    name: String,
    /// Return at once, without waiting for it to come true.
    #[arg(long)]
    no_wait: bool,
    /// Seconds to wait at most.
    #[arg(long, default_value_t = 300, value_name = "SECONDS")]
    timeout: u64,
}

#[derive(Debug, Args)]
struct LogsArgs {
    /// The pipeline's name.
    name: String,
    /// Print the lines so far and end.
    #[arg(long)]
    no_follow: bool,
}

#[derive(Debug, Args)]
struct ProfileArgs {
    /// The pipeline's name.
    name: String,
    /// The file to write.
    #[arg(long, short, default_value = "profile.zip", value_name = "FILE")]
    output: PathBuf,
}

#[derive(Debug, Args)]
struct ConnectorArgs {
    /// The pipeline's name.
    name: String,
    /// The table.
    table: String,
    /// The connector.
    connector: String,
    /// `start` or `pause`.
    #[arg(value_parser = ["start", "pause"])]
    action: String,
}

/// Silence after which the lines so far have been read.
const LOG_SILENCE: Duration = Duration::from_millis(250);

pub(super) fn main(args: PipelinesArgs) -> anyhow::Result<ExitCode> {
    super::serve::runtime()?.block_on(async move {
        let client = args.server.client();
        run(&client, args.command, args.server.json).await?;
        Ok(ExitCode::SUCCESS)
    })
}

async fn run(client: &Client, command: Command, json: bool) -> anyhow::Result<()> {
    match command {
        Command::List => {
            let request = client.request(Method::GET, &["pipelines"])?.query(&[("selector", "status")]);
            let pipelines: Vec<PipelineSelectedInfo> = client.send(request).await?.json().await?;
            if json { print::json(&pipelines) } else { print::list(&pipelines) }
        }
        Command::Show(Name { name }) => {
            let pipeline: PipelineSelectedInfo = client.get(&["pipelines", &name]).await?;
            if json { print::json(&pipeline) } else { print::pipeline(&pipeline) }
        }
        Command::Program(Name { name }) => {
            let pipeline: PipelineSelectedInfo = client.get(&["pipelines", &name]).await?;
            print::text(&pipeline.program_code.unwrap_or_default())
        }
        Command::Create(args) => edit::create(client, args, json).await,
        Command::Update(args) => edit::update(client, args, json).await,
        Command::Delete(Name { name }) => client.order(Method::DELETE, &["pipelines", &name]).await,
        Command::Start(args) => deploy(client, args, "start", DeploymentStatus::Running).await,
        Command::Pause(args) => deploy(client, args, "pause", DeploymentStatus::Paused).await,
        Command::Shutdown(args) => deploy(client, args, "shutdown", DeploymentStatus::Shutdown).await,
        Command::Logs(args) => logs(client, args).await,
        Command::Stats(Name { name }) => {
            let stats: Value = client.get(&["pipelines", &name, "stats"]).await?;
            if json { print::json(&stats) } else { print::stats(&stats) }
        }
        Command::Query(args) => data::query(client, args, json).await,
        Command::Ingress(args) => data::ingress(client, args).await,
        Command::Egress(args) => data::egress(client, args).await,
        Command::Profile(args) => {
            let request = client.request(Method::GET, &["pipelines", &args.name, "circuit_profile"])?;
            let bytes = client.send(request).await?.bytes().await?;
            std::fs::write(&args.output, &bytes)?;
            eprintln!("wrote {} ({} bytes); unpack it and run 'make' for pictures", args.output.display(), bytes.len());
            Ok(())
        }
        Command::Checkpoint(Name { name }) => client.order(Method::POST, &["pipelines", &name, "checkpoint"]).await,
        Command::Connector(a) => {
            let path = ["pipelines", &a.name, "tables", &a.table, "connectors", &a.connector, &a.action];
            client.order(Method::POST, &path).await
        }
    }
}

async fn deploy(client: &Client, args: Deploy, action: &str, to: DeploymentStatus) -> anyhow::Result<()> {
    client.order(Method::POST, &["pipelines", &args.name, action]).await?;
    if args.no_wait {
        return Ok(());
    }
    if to != DeploymentStatus::Shutdown {
        client.compiled(&args.name, print::progress).await?;
    }
    client.deployed(&args.name, to, Duration::from_secs(args.timeout)).await?;
    eprintln!("{} is {to}", args.name);
    Ok(())
}

async fn logs(client: &Client, args: LogsArgs) -> anyhow::Result<()> {
    let request = client.request(Method::GET, &["pipelines", &args.name, "logs"])?;
    let mut pieces = client.send(request).await?.bytes_stream();
    let mut out = std::io::stdout().lock();
    loop {
        let piece = if args.no_follow {
            match tokio::time::timeout(LOG_SILENCE, pieces.next()).await {
                Ok(piece) => piece,
                Err(_silence) => return Ok(()),
            }
        } else {
            pieces.next().await
        };
        let Some(piece) = piece else { return Ok(()) };
        out.write_all(&piece?)?;
        out.flush()?;
    }
}
