//! `weir serve`.

use super::CacheArgs;
use super::auth::AuthArgs;
use crate::manager::Manager;
use crate::metrics::Gauge;
use crate::{admin, api};
use anyhow::Context;
use cap_std::ambient_authority;
use cap_std::fs::Dir;
use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use weir_connectors::Grants;

/// Arguments of `weir serve`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  weir serve --bind 127.0.0.1:8080 --data-dir ./weir-data\n  curl http://127.0.0.1:8080/v0/pipelines"
)]
pub(super) struct ServeArgs {
    /// Address and port to listen on; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS:PORT")]
    bind: SocketAddr,
    /// Address and port of `/metrics`, which tells of the server and all tenants' pipelines; without it there is none. Whoever
    /// reaches it may read it.
    #[arg(long, env = "WEIR_METRICS_BIND", value_name = "ADDRESS:PORT")]
    metrics_bind: Option<SocketAddr>,
    /// Folder for the catalog.
    #[arg(long, default_value = "weir-data", env = "WEIR_DATA_DIR", value_name = "DIR")]
    data_dir: PathBuf,
    /// Folder of demo programs (`*.sql`), which clients offer to begin with.
    #[arg(long, env = "WEIR_DEMOS_DIR", value_name = "DIR")]
    demos_dir: Option<PathBuf>,
    /// Seconds that a client may be silent within a request before its connection is closed.
    #[arg(long, default_value_t = api::SILENCE_MAX.as_secs(), value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    client_timeout: u64,
    /// Lets web pages of any origin send any header, for those who develop one.
    #[arg(long)]
    dev_mode: bool,
    #[command(flatten)]
    connect: ConnectArgs,
    #[command(flatten)]
    cache: CacheArgs,
    #[command(flatten)]
    auth: AuthArgs,
}

/// What connectors of programs may reach.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct ConnectArgs {
    /// Folder whose files connectors of any tenant may read and write (`file_input`, `file_output`); may be given several times. Relative
    /// paths begin in the first one.
    #[arg(long = "connect-dir", env = "WEIR_CONNECT_DIRS", value_name = "DIR", value_delimiter = ':')]
    dirs: Vec<PathBuf>,
    /// Lets connectors connect to this machine and to private networks, too, not just to addresses of the open internet.
    #[arg(long, env = "WEIR_CONNECT_PRIVATE")]
    connect_private: bool,
    /// Variable of this server's environment that connectors of any tenant may use, as `${env:NAME}` in a text of their configuration;
    /// may be given several times. Whoever may write a program can read its value. No others are told.
    #[arg(long = "connect-env", env = "WEIR_CONNECT_ENV", value_name = "NAME", value_delimiter = ',')]
    variables: Vec<String>,
    /// Folder of secrets that connectors of any tenant may use, as `${secret:kubernetes:NAME/KEY}`, which is the file NAME/KEY in it, as
    /// Kubernetes mounts them. Whoever may write a program can read them.
    #[arg(long = "connect-secrets", env = "WEIR_CONNECT_SECRETS", value_name = "DIR")]
    secrets: Option<PathBuf>,
}

impl ConnectArgs {
    fn grants(&self) -> anyhow::Result<Grants> {
        let grants =
            Grants::new(&self.dirs, self.connect_private).context("opening the folders that connectors may use")?;
        let grants = grants.with_variables(self.variables.iter().cloned());
        match &self.secrets {
            Some(dir) => {
                grants.with_secrets(dir).with_context(|| format!("opening the folder of secrets {}", dir.display()))
            }
            None => Ok(grants),
        }
    }
}

impl ServeArgs {
    fn options(&self) -> anyhow::Result<api::Options> {
        let demos = match &self.demos_dir {
            Some(path) => {
                let read = || api::read_demos(&Dir::open_ambient_dir(path, ambient_authority())?);
                read().with_context(|| format!("reading the demos in {}", path.display()))?
            }
            None => Vec::new(),
        };
        Ok(api::Options {
            auth: self.auth.open()?,
            dev_mode: self.dev_mode,
            silence: Duration::from_secs(self.client_timeout),
            demos,
        })
    }
}

pub(super) fn main(args: ServeArgs) -> anyhow::Result<ExitCode> {
    runtime()?.block_on(async move {
        let options = args.options()?;
        let mut server =
            start(args.bind, args.data_dir, args.cache, args.connect, options, &|step| eprintln!("{step}")).await?;
        if let Some(bind) = args.metrics_bind {
            eprintln!("metrics are on http://{}/metrics", server.bind_metrics(bind).await?);
        }
        // Tests and scripts read the port from this line.
        println!("weir {} listens on http://{}", crate::PLATFORM_VERSION, server.address);
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        server
            .run(async move {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                tracing::info!("shutting down");
            })
            .await;
        Ok(ExitCode::SUCCESS)
    })
}

/// The runtime of the server: a thread per core, and blocking threads for steps and compilations.
pub(super) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("weir").build()?)
}

/// A server that is ready to run.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    listener: TcpListener,
    metrics: Option<TcpListener>,
    manager: Arc<Manager>,
    options: api::Options,
}

/// Prepares everything that a server needs: folder, toolchain, catalog, port.
pub(super) async fn start(
    bind: SocketAddr,
    data_dir: PathBuf,
    cache: CacheArgs,
    connect: ConnectArgs,
    options: api::Options,
    progress: &(dyn Fn(&str) + Sync),
) -> anyhow::Result<Server> {
    // From here on the server reaches files of its data folder only through this handle.
    let open = || {
        Dir::create_ambient_dir_all(&data_dir, ambient_authority())?;
        Dir::open_ambient_dir(&data_dir, ambient_authority())
    };
    let folder = open().with_context(|| format!("opening the folder {}", data_dir.display()))?;
    let listener = TcpListener::bind(bind).await.with_context(|| format!("listening on {bind}"))?;
    let compiler = super::compiler::open(&cache)?;
    compiler.engine(progress, &weir_compiler::CancelToken::new())?;
    let engine = weir_runtime::Engine::new()?;
    let manager = Manager::open(&folder, compiler, engine, connect.grants()?).context("opening the catalog")?;
    if let Err(e) = admin::listen(&data_dir, Arc::clone(&manager)) {
        tracing::warn!(error = %e, "`weir tenant` cannot reach this server: the socket in the data folder cannot be made");
    }
    Ok(Server { address: listener.local_addr()?, listener, metrics: None, manager, options })
}

impl Server {
    /// Has `/metrics` answered on a port of its own; returns the address.
    pub(super) async fn bind_metrics(&mut self, bind: SocketAddr) -> anyhow::Result<SocketAddr> {
        let listener = TcpListener::bind(bind).await.with_context(|| format!("listening on {bind} for metrics"))?;
        let address = listener.local_addr()?;
        self.metrics = Some(listener);
        Ok(address)
    }

    /// Serves until `stop` is ready, then ends what runs.
    pub(super) async fn run(self, stop: impl Future<Output = ()>) {
        let manager = Arc::clone(&self.manager);
        let (open, silence) = (manager.metrics().connections.clone(), self.options.silence);
        let (metrics_stops, metrics_stop) = tokio::sync::oneshot::channel::<()>();
        let metrics = self.metrics.map(|listener| {
            let router = api::metrics_router(Arc::clone(&manager));
            // The sender's end stops it, too.
            let stop = async move { drop(metrics_stop.await) };
            tokio::spawn(api::serve(listener, router, Gauge::default(), silence, stop, async {}))
        });
        let router = api::router(self.manager, self.options);
        api::serve(self.listener, router, open, silence, stop, async move { manager.shut_down().await }).await;
        drop(metrics_stops);
        if let Some(task) = metrics
            && let Err(e) = task.await
        {
            tracing::error!(error = %e, "the listener for metrics failed");
        }
    }
}
