//! Making and changing pipelines.

use super::super::client::Client;
use super::print;
use crate::api::{PatchPipeline, PipelineInfo, PostPutPipeline};
use anyhow::Context;
use clap::{Args, ValueEnum};
use reqwest::Method;
use serde_json::{Map, Value, json};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;
use weir_catalog::DeploymentStatus;

/// How a program is compiled.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Profile {
    /// Starts soonest.
    Dev,
    /// Compiled, barely optimised.
    Unoptimized,
    /// Compiled and optimised.
    Optimized,
}

/// What can be chosen of a pipeline besides its program.
#[derive(Debug, Args)]
struct Choices {
    /// What the pipeline is for.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Workers: threads that share a step's work [default: 8].
    #[arg(long, value_name = "N")]
    workers: Option<u16>,
    /// Memory that the pipeline may take, in megabytes.
    #[arg(long, value_name = "MB")]
    memory: Option<u64>,
    /// The whole runtime configuration, as JSON.
    #[arg(long, value_name = "JSON", conflicts_with_all = ["workers", "memory"])]
    runtime_config: Option<String>,
    /// How the program is compiled [default: optimized].
    #[arg(long, value_enum)]
    profile: Option<Profile>,
    /// File with the Rust functions of the program.
    #[arg(long, value_name = "FILE")]
    udf_rust: Option<PathBuf>,
    /// File with what they depend on.
    #[arg(long, value_name = "FILE")]
    udf_toml: Option<PathBuf>,
}

impl Choices {
    fn runtime_config(&self) -> anyhow::Result<Option<Value>> {
        if let Some(text) = &self.runtime_config {
            return Ok(Some(serde_json::from_str(text).context("--runtime-config is no JSON")?));
        }
        let mut config = Map::new();
        if let Some(workers) = self.workers {
            config.insert("workers".into(), workers.into());
        }
        if let Some(memory) = self.memory {
            config.insert("resources".into(), json!({ "memory_mb_max": memory }));
        }
        Ok((!config.is_empty()).then_some(Value::Object(config)))
    }

    fn program_config(&self) -> Option<Value> {
        let profile = match self.profile? {
            Profile::Dev => "dev",
            Profile::Unoptimized => "unoptimized",
            Profile::Optimized => "optimized",
        };
        Some(json!({ "profile": profile }))
    }
}

#[derive(Debug, Args)]
pub(super) struct CreateArgs {
    /// The pipeline's name: letters, digits, `_` and `-`.
    name: String,
    /// File with the SQL program; `-` reads it from stdin.
    program: PathBuf,
    #[command(flatten)]
    choices: Choices,
    /// Start the pipeline, too.
    #[arg(long)]
    start: bool,
    /// Replace the pipeline if there is one of that name.
    #[arg(long)]
    replace: bool,
    /// Return at once, without waiting for the compiler.
    #[arg(long)]
    no_wait: bool,
}

#[derive(Debug, Args)]
pub(super) struct UpdateArgs {
    /// The pipeline's name.
    name: String,
    /// File with a new SQL program; `-` reads it from stdin.
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// A new name.
    #[arg(long, value_name = "NAME")]
    rename: Option<String>,
    #[command(flatten)]
    choices: Choices,
    /// Return at once, without waiting for the compiler.
    #[arg(long)]
    no_wait: bool,
}

pub(super) async fn create(client: &Client, args: CreateArgs, json: bool) -> anyhow::Result<()> {
    let body = PostPutPipeline {
        name: args.name.clone(),
        description: args.choices.description.clone(),
        runtime_config: args.choices.runtime_config()?.unwrap_or_default(),
        program_code: read(&args.program)?,
        udf_rust: args.choices.udf_rust.as_deref().map(read).transpose()?,
        udf_toml: args.choices.udf_toml.as_deref().map(read).transpose()?,
        program_config: args.choices.program_config().unwrap_or_default(),
    };
    let made: PipelineInfo = if args.replace {
        client.put_pipeline(&args.name, &body).await?
    } else {
        client.with_body(Method::POST, &["pipelines"], &body).await?
    };
    if args.start {
        client.order(Method::POST, &["pipelines", &args.name, "start"]).await?;
    }
    if !args.no_wait {
        client.compiled(&args.name, print::progress).await?;
        if args.start {
            client.deployed(&args.name, DeploymentStatus::Running, Duration::from_secs(300)).await?;
            eprintln!("{} is Running", args.name);
        }
    }
    if json { print::json(&made) } else { Ok(()) }
}

pub(super) async fn update(client: &Client, args: UpdateArgs, json: bool) -> anyhow::Result<()> {
    let body = PatchPipeline {
        name: args.rename.clone(),
        description: args.choices.description.clone(),
        runtime_config: args.choices.runtime_config()?,
        program_code: args.program.as_deref().map(read).transpose()?,
        udf_rust: args.choices.udf_rust.as_deref().map(read).transpose()?,
        udf_toml: args.choices.udf_toml.as_deref().map(read).transpose()?,
        program_config: args.choices.program_config(),
    };
    let changed: PipelineInfo = client.with_body(Method::PATCH, &["pipelines", &args.name], &body).await?;
    if !args.no_wait {
        client.compiled(&changed.name, print::progress).await?;
    }
    if json { print::json(&changed) } else { Ok(()) }
}

/// The text of a file, or of stdin.
fn read(path: &Path) -> anyhow::Result<String> {
    if path.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("reading stdin")?;
        return Ok(text);
    }
    std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))
}
