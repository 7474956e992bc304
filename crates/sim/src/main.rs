//! `lifeboat-sim`: a simulated OceanBase cluster on real ports.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use sim::{Backend, ClusterConfig, Config, Fault, Profile, Server, TenantConfig, TlsFiles};

/// Simulate one or more OceanBase clusters over the MySQL protocol
#[derive(Debug, Parser)]
#[command(name = "lifeboat-sim", version)]
struct Arguments {
    /// Version to simulate: 2.2.77, 3.1.5, 3.2.4, 4.0, 4.1, 4.2.5, 4.3.5, 4.4, 4.4.2.3 or 4.6.0; with several,
    /// separated by commas, the clusters alternate
    #[arg(long, value_delimiter = ',', default_value = "4.2.5")]
    profile: Vec<Profile>,
    /// Version of the data (COMPATIBLE), if older than that of the binary: an unfinished upgrade
    #[arg(long)]
    compatible: Option<String>,
    /// Name of the cluster; several clusters get a number each
    #[arg(long, default_value = "obcluster")]
    name: String,
    /// ID of the first cluster
    #[arg(long, default_value_t = 1)]
    cluster_id: u64,
    /// Number of clusters
    #[arg(long, default_value_t = 1)]
    clusters: u32,
    /// Zones of each cluster
    #[arg(long, default_value_t = 1)]
    zones: u32,
    /// Servers in each zone
    #[arg(long, default_value_t = 1)]
    servers_per_zone: u32,
    /// Name of a user tenant; may be given more than once
    #[arg(long = "tenant", default_value = "mysql")]
    tenants: Vec<String>,
    /// Size of each tenant's data in MiB
    #[arg(long, default_value_t = 256)]
    data_mib: u64,
    /// Time zone of the clusters
    #[arg(long, default_value = "+08:00", allow_hyphen_values = true)]
    time_zone: String,
    /// When the daily major compaction starts, or `disable`
    #[arg(long, default_value = "02:00")]
    major_freeze_duty_time: String,
    /// JSON file with a list of clusters, instead of the flags above
    #[arg(long)]
    topology: Option<PathBuf>,
    /// Address that the servers listen on
    #[arg(long, default_value = "127.0.0.1")]
    listen: IpAddr,
    /// SQL port of the first server; 0 uses free ports
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Address of the control port
    #[arg(long, default_value = "127.0.0.1:0")]
    control: SocketAddr,
    /// Simulated seconds per real second
    #[arg(long, default_value_t = 1.0)]
    speed: f64,
    /// Stop the clock until the control port moves it
    #[arg(long, conflicts_with = "speed")]
    paused: bool,
    /// Seed of the random numbers
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Fault to start with: a name, or JSON such as {"name":"statement_slow","seconds":5}
    #[arg(long = "fault", value_parser = fault)]
    faults: Vec<Fault>,
    /// Real server that answers a tenant's data statements: tenant=host:port
    #[arg(long = "tenant-backend", value_parser = backend)]
    backends: Vec<(String, String)>,
    /// User at the real servers
    #[arg(long, default_value = "root")]
    backend_user: String,
    /// Certificate (PEM) to offer TLS with
    #[arg(long, requires = "tls_key")]
    tls_certificate: Option<PathBuf>,
    /// Private key (PEM) of the certificate
    #[arg(long, requires = "tls_certificate")]
    tls_key: Option<PathBuf>,
    /// Directory for file:/// addresses
    #[arg(long)]
    file_root: Option<PathBuf>,
    /// Password of root in sys and in every tenant
    #[arg(long, env = "LIFEBOAT_SIM_PASSWORD", hide = true, default_value = "", hide_env_values = true)]
    password: String,
    /// Password at the real servers
    #[arg(
        long,
        env = "LIFEBOAT_SIM_BACKEND_PASSWORD",
        hide = true,
        default_value = "",
        hide_env_values = true
    )]
    backend_password: String,
}

fn fault(text: &str) -> Result<Fault, String> {
    let json =
        if text.trim_start().starts_with('{') { text.to_owned() } else { format!(r#"{{"name":"{text}"}}"#) };
    serde_json::from_str(&json).map_err(|error| error.to_string())
}

fn backend(text: &str) -> Result<(String, String), String> {
    let (tenant, address) = text.split_once('=').ok_or("write tenant=host:port")?;
    if !address.contains(':') {
        return Err("write tenant=host:port".to_owned());
    }
    Ok((tenant.to_owned(), address.to_owned()))
}

#[tokio::main]
async fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let arguments = Arguments::parse();
    match run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("lifeboat-sim: {message}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), String> {
    let config = configure(arguments)?;
    let seed = config.seed;
    let handle = Server::start(config).await.map_err(|error| chain(&error))?;
    let ready =
        serde_json::json!({ "control": handle.control_port, "seed": seed, "clusters": handle.clusters });
    println!("{ready}");
    tokio::signal::ctrl_c().await.map_err(|error| format!("cannot wait for the end: {error}"))
}

/// Returns the text of an error with all its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

fn configure(arguments: Arguments) -> Result<Config, String> {
    let clusters = match &arguments.topology {
        Some(path) => {
            let text =
                std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
            serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?
        }
        None => clusters(&arguments),
    };
    let backends = arguments.backends.into_iter().map(|(tenant, address)| Backend {
        tenant,
        address,
        user: arguments.backend_user.clone(),
        password: arguments.backend_password.clone(),
    });
    Ok(Config {
        clusters,
        listen: arguments.listen,
        control: arguments.control,
        speed: if arguments.paused { 0.0 } else { arguments.speed },
        start_us: None,
        seed: arguments.seed,
        faults: arguments.faults,
        backends: backends.collect(),
        tls: arguments
            .tls_certificate
            .zip(arguments.tls_key)
            .map(|(certificate, key)| TlsFiles { certificate, key }),
        file_root: arguments.file_root,
    })
}

fn clusters(arguments: &Arguments) -> Vec<ClusterConfig> {
    let servers = (arguments.zones * arguments.servers_per_zone).max(1);
    (0..arguments.clusters)
        .map(|at| ClusterConfig {
            name: if arguments.clusters == 1 {
                arguments.name.clone()
            } else {
                format!("{}{}", arguments.name, at + 1)
            },
            id: arguments.cluster_id + u64::from(at),
            version: arguments.profile[at as usize % arguments.profile.len()].to_string(),
            port: if arguments.port == 0 { 0 } else { arguments.port + (at * servers) as u16 },
            zones: arguments.zones,
            servers_per_zone: arguments.servers_per_zone,
            sys_password: arguments.password.clone(),
            time_zone: arguments.time_zone.clone(),
            standby: false,
            standbys: 0,
            compatible: arguments.compatible.clone(),
            major_freeze_duty_time: arguments.major_freeze_duty_time.clone(),
            tenants: arguments
                .tenants
                .iter()
                .map(|name| TenantConfig {
                    password: arguments.password.clone(),
                    data_mib: arguments.data_mib,
                    ..TenantConfig::named(name)
                })
                .collect(),
        })
        .collect()
}
