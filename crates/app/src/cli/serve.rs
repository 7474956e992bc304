//! `lifeboat serve`.

use std::path::PathBuf;

use clap::Args;

use crate::bounds;
use crate::config::{Config, Values};
use crate::failure::Failure;
use crate::{log, wire};

#[derive(Args)]
#[command(
    after_help = "You can also set each value in the file (`data_dir`, `file_roots = [\"/backup\"]`) or in the environment \
    (LIFEBOAT_DATA_DIR, LIFEBOAT_FILE_ROOTS=/a,/b). Flags override the environment, which overrides the file.\n\n\
    The first start writes a random password for the account `admin` to <data-dir>/initial-password, unless \
    LIFEBOAT_ADMIN_PASSWORD_FILE names a file with a password."
)]
pub(crate) struct ServeArgs {
    /// The configuration file. Defaults to lifeboat.toml if it exists
    #[arg(long, value_name = "FILE", env = "LIFEBOAT_CONFIG", hide_env_values = true)]
    config: Option<PathBuf>,
    /// Print each value and its source, then exit
    #[arg(long)]
    print_config: bool,
    /// The data directory of the server. Defaults to ./lifeboat-data
    #[arg(long, value_name = "DIR")]
    data_dir: Option<String>,
    /// A database for the metadata, which several Lifeboat servers can share. The password comes from
    /// LIFEBOAT_METADATA_PASSWORD or LIFEBOAT_METADATA_PASSWORD_FILE. Defaults to a file in the data directory
    #[arg(long, value_name = "mysql://USER@HOST/DB")]
    metadata: Option<String>,
    /// The address to listen on. Defaults to 127.0.0.1:8180
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// The PEM file with the certificate of the server and its chain. The server then accepts only HTTPS
    #[arg(long, value_name = "FILE")]
    tls_cert: Option<String>,
    /// The PEM file with the private key of the certificate
    #[arg(long, value_name = "FILE")]
    tls_key: Option<String>,
    /// Allow plain HTTP from other machines. Passwords can then be read on the network
    #[arg(long)]
    insecure_http: bool,
    /// The form of the log on standard error: `text`, or `json` for one object per line. Defaults to text
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<String>,
    /// A directory that storages may use; repeatable. Defaults to the data directory
    #[arg(long, value_name = "DIR")]
    file_root: Vec<String>,
    /// The name of the server, shown as the executing node of a task. Defaults to the host name
    #[arg(long, value_name = "NAME")]
    server_name: Option<String>,
    /// The maximum number of running tasks. Defaults to 8
    #[arg(long, value_name = "NUMBER")]
    tasks_at_once: Option<String>,
    /// Hold back scheduled backups while this many data backups are running. Defaults to 4
    #[arg(long, value_name = "NUMBER")]
    data_backups_at_once: Option<String>,
    /// Hold back scheduled backups to a storage while this many data backups to it are running. Defaults to no limit
    #[arg(long, value_name = "NUMBER")]
    backups_per_storage: Option<String>,
    /// A proxy whose forwarding headers are trusted; repeatable
    #[arg(long, value_name = "ADDRESS")]
    trusted_proxy: Vec<String>,
    /// Connect to clusters and object stores in this network, which is otherwise refused; repeatable. An address, a network
    /// such as 10.0.0.0/8, or `loopback` for this machine
    #[arg(long, value_name = "NETWORK")]
    egress_allow: Vec<String>,
    /// Do not connect to clusters and object stores in this network; repeatable
    #[arg(long, value_name = "NETWORK")]
    egress_deny: Vec<String>,
}

pub(crate) async fn run(args: ServeArgs) -> Result<(), Failure> {
    let config = Config::settle(&args.flags(), args.config.as_deref())?;
    if args.print_config {
        print!("{}", config.explain());
        return Ok(());
    }
    log::start(config.log_format);
    wire::serve(config).await
}

impl ServeArgs {
    fn flags(&self) -> Values {
        let one = |value: &Option<String>| value.iter().cloned().collect::<Vec<_>>();
        let all = [
            ("data_dir", one(&self.data_dir)),
            ("metadata", one(&self.metadata)),
            ("listen", one(&self.listen)),
            ("tls_cert", one(&self.tls_cert)),
            ("tls_key", one(&self.tls_key)),
            ("insecure_http", self.insecure_http.then(|| "true".to_owned()).into_iter().collect()),
            ("log.format", one(&self.log_format)),
            ("file_roots", self.file_root.clone()),
            ("server_name", one(&self.server_name)),
            ("tasks_at_once", one(&self.tasks_at_once)),
            ("data_backups_at_once", one(&self.data_backups_at_once)),
            ("backups_per_storage", one(&self.backups_per_storage)),
            ("trusted_proxies", self.trusted_proxy.clone()),
            (bounds::ALLOW, self.egress_allow.clone()),
            (bounds::DENY, self.egress_deny.clone()),
        ];
        all.into_iter().filter(|(_, values)| !values.is_empty()).collect()
    }
}
