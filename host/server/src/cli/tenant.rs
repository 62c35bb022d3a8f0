//! `weir tenant`: makes, lists and deletes tenants, and makes keys for them.

use crate::PLATFORM_VERSION;
use crate::admin::{self, Command, NewKey, Reply};
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use weir_catalog::{ApiPermission, Catalog, CatalogError, TenantSummary};

/// Arguments of `weir tenant`.
#[derive(Debug, Args)]
#[command(
    after_help = "A running server is asked through a socket in its data folder, so run this as the user that the server runs as; without one the \
folder itself is changed.\n\nExample:\n  weir tenant create acme --data-dir ./weir-data\n  weir serve --auth api-key --data-dir ./weir-data\n  \
curl -H \"Authorization: Bearer apikey:...\" http://127.0.0.1:8080/v0/pipelines"
)]
pub(super) struct TenantArgs {
    #[command(subcommand)]
    command: TenantCommand,
    /// Folder of the server's catalog.
    #[arg(long, default_value = "weir-data", env = "WEIR_DATA_DIR", value_name = "DIR", global = true)]
    data_dir: PathBuf,
    /// Print JSON.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum TenantCommand {
    /// Make a tenant; prints its identifier and its first API key, which is shown this once.
    Create {
        /// Its name: 1 to 100 letters, digits, _ and -.
        name: String,
    },
    /// Make another API key for a tenant, as when its own are lost; prints the key, which is shown this once.
    Key {
        /// The tenant's name.
        tenant: String,
        /// The key's name.
        name: String,
        /// The key may only ask, and listen to views.
        #[arg(long)]
        read_only: bool,
    },
    /// List all tenants.
    List,
    /// Delete a tenant and its API keys. Refused while it has pipelines, unless they are to be deleted with it; and in any case
    /// while one of them is not shut down.
    Delete {
        /// Its name.
        name: String,
        /// Delete its pipelines, too; all must be shut down.
        #[arg(long)]
        with_pipelines: bool,
    },
}

pub(super) fn main(args: TenantArgs) -> anyhow::Result<ExitCode> {
    let command = match args.command {
        TenantCommand::Create { name } => Command::Create { name },
        TenantCommand::Key { tenant, name, read_only } => {
            let mut scopes = vec![ApiPermission::Read];
            if !read_only {
                scopes.push(ApiPermission::Write);
            }
            Command::CreateKey { tenant, name, scopes }
        }
        TenantCommand::List => Command::List,
        TenantCommand::Delete { name, with_pipelines } => Command::Delete { name, with_pipelines },
    };
    match carry_out(&args.data_dir, command)? {
        Reply::Refused(why) => bail!("{why}"),
        Reply::Key(key) => print_key(&key, args.json)?,
        Reply::Tenants(tenants) => print_tenants(&tenants, args.json)?,
        Reply::Deleted => {}
    }
    Ok(ExitCode::SUCCESS)
}

/// Has the server do it that has the folder, or does it.
fn carry_out(data_dir: &Path, command: Command) -> anyhow::Result<Reply> {
    if let Some(reply) = admin::ask(data_dir, &command)? {
        return Ok(reply);
    }
    if matches!(command, Command::Create { .. }) {
        std::fs::create_dir_all(data_dir).with_context(|| format!("making the folder {}", data_dir.display()))?;
    }
    let path = data_dir.join("catalog.redb");
    let mut options = File::options();
    options.read(true).write(true).create(matches!(command, Command::Create { .. })).truncate(false);
    let file = options.open(&path).with_context(|| format!("opening the catalog {}", path.display()))?;
    match Catalog::open(file, PLATFORM_VERSION) {
        Ok(catalog) => Ok(admin::carry_out(&catalog, command)),
        Err(CatalogError::InUse) => bail!(
            "a server has the data folder {} open, but offers no socket in it: it is just starting or ending, so try again in a moment; \
or it could not make the socket, as its log then says: stop it, and run this before it is started again",
            data_dir.display()
        ),
        Err(e) => Err(e).context("opening the catalog"),
    }
}

fn print_key(key: &NewKey, json: bool) -> anyhow::Result<()> {
    if json {
        println!("{}", serde_json::to_string(key)?);
    } else {
        println!("tenant   {} ({})", key.tenant, key.tenant_id);
        println!("key      {}", key.key_name);
        println!("{}", key.api_key);
        eprintln!("Keep the key: it is not stored, and is not shown again.");
    }
    Ok(())
}

fn print_tenants(tenants: &[TenantSummary], json: bool) -> anyhow::Result<()> {
    if json {
        println!("{}", serde_json::to_string(tenants)?);
        return Ok(());
    }
    println!("{:<36}  {:>9}  {:>5}  NAME", "ID", "PIPELINES", "KEYS");
    for t in tenants {
        println!("{}  {:>9}  {:>5}  {}", t.tenant.id, t.pipelines, t.api_keys, t.tenant.name);
    }
    Ok(())
}
