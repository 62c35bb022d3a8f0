//! Tenants, as the operator of a server makes and deletes them: in the catalog itself, or, while a server has it open, through
//! a socket in the data folder that only the server's user reaches. One line of JSON asks, one line answers.

use crate::auth::key;
use crate::manager::Manager;
use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixListener;
use weir_catalog::{ApiPermission, Catalog, CatalogError, NewApiKey, TenantSummary};

/// The folder of the socket within the data folder: whoever is not the server's user cannot enter it.
const FOLDER: &str = "admin";
const SOCKET: &str = "socket";
/// Bytes of a question. The answer has as many as there are tenants.
const QUESTION_BYTES_MAX: u64 = 64 << 10;
/// Time for one question and its answer.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Bytes that the path of a socket may have anywhere.
const SOCKET_PATH_BYTES_MAX: usize = 100;
/// The name of a tenant's first key.
const FIRST_KEY: &str = "first";

/// What an operator asks for.
#[derive(Debug, Serialize, Deserialize)]
pub enum Command {
    /// Make a tenant and its first key.
    Create {
        /// Its name.
        name: String,
    },
    /// Make another key, for a tenant that has lost its own.
    CreateKey {
        /// The tenant's name.
        tenant: String,
        /// The key's name.
        name: String,
        /// What its bearer may do.
        scopes: Vec<ApiPermission>,
    },
    /// List all tenants.
    List,
    /// Delete a tenant.
    Delete {
        /// Its name.
        name: String,
        /// Whether its pipelines go with it.
        with_pipelines: bool,
    },
}

/// A key that was made, shown this once.
#[derive(Debug, Serialize, Deserialize)]
pub struct NewKey {
    /// The tenant's identifier.
    pub tenant_id: uuid::Uuid,
    /// The tenant's name.
    pub tenant: String,
    /// The key's name.
    pub key_name: String,
    /// The key.
    pub api_key: String,
}

/// What came of it.
#[derive(Debug, Serialize, Deserialize)]
pub enum Reply {
    /// A key was made.
    Key(NewKey),
    /// All tenants.
    Tenants(Vec<TenantSummary>),
    /// It was deleted.
    Deleted,
    /// It was refused.
    Refused(String),
}

/// Carries out a command.
pub fn carry_out(catalog: &Catalog, command: Command) -> Reply {
    match attempt(catalog, command) {
        Ok(reply) => reply,
        Err(e) => Reply::Refused(format!("{e:#}")),
    }
}

fn attempt(catalog: &Catalog, command: Command) -> anyhow::Result<Reply> {
    let new_key = |name: String, scopes| {
        let api_key = key::generate().context("no randomness")?;
        let new = NewApiKey { name, scopes, hash: key::hash(&api_key) };
        Ok::<_, anyhow::Error>((api_key, new))
    };
    Ok(match command {
        Command::Create { name } => {
            let (api_key, new) = new_key(FIRST_KEY.into(), vec![ApiPermission::Read, ApiPermission::Write])?;
            let (tenant, key) = catalog.create_tenant(&name, new).map_err(|e| match e {
                CatalogError::DuplicateName => anyhow::anyhow!("there is a tenant '{name}' already"),
                e => e.into(),
            })?;
            Reply::Key(NewKey { tenant_id: tenant.id, tenant: tenant.name, key_name: key.name, api_key })
        }
        Command::CreateKey { tenant, name, scopes } => {
            let (api_key, new) = new_key(name, scopes)?;
            let tenant = catalog.find_tenant(&tenant)?.ok_or(CatalogError::UnknownTenant { tenant })?;
            let key = catalog.create_api_key(tenant.id, new)?;
            Reply::Key(NewKey { tenant_id: tenant.id, tenant: tenant.name, key_name: key.name, api_key })
        }
        Command::List => Reply::Tenants(catalog.list_tenants()?),
        Command::Delete { name, with_pipelines } => {
            catalog.delete_tenant(&name, with_pipelines).map_err(|e| match e {
                CatalogError::CannotDeleteNonShutdownPipeline => {
                    anyhow::anyhow!("the tenant '{name}' has pipelines that are not shut down")
                }
                e => e.into(),
            })?;
            Reply::Deleted
        }
    })
}

/// Where the socket of a data folder is. A path that is too long for a socket is reached through the folder's descriptor, which
/// the caller keeps.
fn socket_path(folder: &Path) -> std::io::Result<(PathBuf, Option<std::fs::File>)> {
    use std::os::fd::AsRawFd;
    let path = folder.join(SOCKET);
    if path.as_os_str().len() <= SOCKET_PATH_BYTES_MAX {
        return Ok((path, None));
    }
    let open = std::fs::File::open(folder)?;
    Ok((PathBuf::from(format!("/proc/self/fd/{}/{SOCKET}", open.as_raw_fd())), Some(open)))
}

/// Answers operators while the server runs. Call it when the catalog is open: whoever has it open owns the socket.
///
/// # Errors
/// The socket cannot be made.
pub fn listen(data_dir: &Path, manager: Arc<Manager>) -> std::io::Result<()> {
    let folder = data_dir.join(FOLDER);
    match std::fs::DirBuilder::new().mode(0o700).create(&folder) {
        Err(e) if e.kind() != ErrorKind::AlreadyExists => return Err(e),
        _ => std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700))?,
    }
    let (path, _open) = socket_path(&folder)?;
    // What a server left that did not end well.
    match std::fs::remove_file(&path) {
        Err(e) if e.kind() != ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let listener = UnixListener::bind(&path)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    tokio::spawn(async move {
        loop {
            // One at a time: an operator is one.
            match listener.accept().await {
                Ok((stream, _)) => match tokio::time::timeout(TIMEOUT, answer(stream, &manager)).await {
                    Ok(Ok(())) => {}
                    Ok(Err(e)) => tracing::warn!(error = %e, "an operator's command failed"),
                    Err(_late) => tracing::warn!("an operator's command took too long"),
                },
                Err(e) => {
                    tracing::warn!(error = %e, "the operators' socket failed");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    });
    Ok(())
}

async fn answer(stream: tokio::net::UnixStream, manager: &Arc<Manager>) -> anyhow::Result<()> {
    let (question, mut reply) = stream.into_split();
    let mut line = String::new();
    tokio::io::BufReader::new(question.take(QUESTION_BYTES_MAX)).read_line(&mut line).await?;
    let command: Command = serde_json::from_str(&line)?;
    tracing::info!(?command, "an operator's command");
    let text = manager.with_catalog(move |c| Ok(serde_json::to_vec(&carry_out(c, command))?)).await?;
    reply.write_all(&text).await?;
    reply.write_all(b"\n").await?;
    Ok(())
}

/// Asks the server that has the data folder's catalog open; `None` if there is none.
///
/// # Errors
/// It did not answer.
pub fn ask(data_dir: &Path, command: &Command) -> anyhow::Result<Option<Reply>> {
    let (path, _open) = match socket_path(&data_dir.join(FOLDER)) {
        Ok(found) => found,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(e).context("looking for the server's socket"),
    };
    let mut stream = match UnixStream::connect(&path) {
        Ok(stream) => stream,
        // None was made, or the server that made it is gone.
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => return Ok(None),
        Err(e) => return Err(e).with_context(|| format!("reaching the server through {}", path.display())),
    };
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    let mut question = serde_json::to_vec(command)?;
    question.push(b'\n');
    stream.write_all(&question)?;
    let mut line = String::new();
    BufReader::new(stream.take(u64::MAX)).read_line(&mut line).context("waiting for the server's answer")?;
    if line.is_empty() {
        bail!("the server did not answer; its log says why");
    }
    Ok(Some(serde_json::from_str(&line)?))
}
