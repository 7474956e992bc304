//! Assembles a server and runs it until it is stopped.

use std::io::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use control::{Control, Heartbeat, Opened};
use model::Problem;
use model::text::Text;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::connections::Limits;
use crate::failure::Failure;
use crate::language::language;
use crate::{connections, metadata_place, secrets, tls};

/// How long pending requests may delay the stop of the server.
const GRACE: Duration = Duration::from_secs(20);

/// Runs a server until it gets SIGTERM or SIGINT. Unfinished tasks continue after the next start.
pub(crate) async fn serve(config: Config) -> Result<(), Failure> {
    let heartbeat = config.heartbeat_url_file.as_deref().map(secrets::from_file).transpose()?;
    let settings = control::Settings {
        metadata: config.metadata.as_deref().map(metadata_place::server).transpose()?,
        file_roots: config.file_roots,
        server_name: config.server_name.clone(),
        tasks_at_once: config.tasks_at_once,
        data_backups_at_once: config.data_backups_at_once,
        backups_per_storage: config.backups_per_storage,
        egress: config.egress,
        limits: config.limits,
        history: config.history,
        heartbeat: heartbeat.map(|url| Heartbeat { url, every: config.heartbeat_every }),
        configuration: config.shown,
        admin_password: secrets::from_environment("LIFEBOAT_ADMIN_PASSWORD")?,
        ..control::Settings::new(config.data_dir)
    };
    let Opened { control, initial_password } =
        Control::open(settings).await.map_err(control::Error::into_problem)?;
    let is_encrypted = config.tls.is_some();
    let (listener, address) = listen(config.listen).await?;
    let shutdown = CancellationToken::new();
    stop_on_signals(&shutdown)?;
    let limits = Limits::new(&config.trusted_proxies);
    let settings = api::Settings {
        server_name: config.server_name,
        is_https: is_encrypted,
        trusted_proxies: config.trusted_proxies,
        shutdown: shutdown.clone(),
    };
    let router = api::router(control.clone(), settings);
    let certificate = config.tls.map(tls::certificate).transpose()?;
    let http = connections::serve(listener, certificate, router, limits, shutdown.clone());
    let scheme = if is_encrypted { "https" } else { "http" };
    announce(&Text::new("cli-listening").with("address", format_args!("{scheme}://{address}")));
    if let Some(path) = initial_password {
        announce(&Text::new("cli-initial-password").with("path", path.display()));
    }
    let too_long = async {
        shutdown.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    let http = async {
        tokio::select! {
            () = http => {}
            () = too_long => {}
        }
    };
    tokio::join!(http, control.run(shutdown.clone()));
    announce(&Text::new("cli-stopped"));
    Ok(())
}

async fn listen(wish: SocketAddr) -> Result<(TcpListener, SocketAddr), Problem> {
    let failed = |cause: std::io::Error| Problem::invalid("listen-failed").with("address", wish).raw(cause);
    let listener = TcpListener::bind(wish).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

fn stop_on_signals(shutdown: &CancellationToken) -> Result<(), Problem> {
    let failed = |cause: std::io::Error| Problem::internal("signals-failed").raw(cause);
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let shutdown = shutdown.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        shutdown.cancel();
    });
    Ok(())
}

/// Prints a message for the user who started the server; a closed standard output is not a reason to stop.
fn announce(text: &Text) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{}", text.message(language()));
    let _ = out.flush();
}
