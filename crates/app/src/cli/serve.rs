//! `lifeboat serve`.

use std::path::PathBuf;

use clap::Args;

use crate::bounds;
use crate::config::{Config, Values};
use crate::failure::Failure;
use crate::wire;

#[derive(Args)]
#[command(
    after_help = "Each value can also stand in the file (`data_dir`, `file_roots = [\"/backup\"]`) and in the environment \
    (LIFEBOAT_DATA_DIR, LIFEBOAT_FILE_ROOTS=/a,/b). Flags outrank the environment, which outranks the file.\n\n\
    On the first start a random password of the account `admin` is written to <data-dir>/initial-password, unless \
    LIFEBOAT_ADMIN_PASSWORD_FILE names a file with one."
)]
pub(crate) struct ServeArgs {
    /// The file to read; lifeboat.toml where there is one
    #[arg(long, value_name = "FILE", env = "LIFEBOAT_CONFIG", hide_env_values = true)]
    config: Option<PathBuf>,
    /// Show each value and its source, and do nothing
    #[arg(long)]
    print_config: bool,
    /// Where the server keeps its own data; ./lifeboat-data when left out
    #[arg(long, value_name = "DIR")]
    data_dir: Option<String>,
    /// The database on a server that keeps the metadata, so that several Lifeboats share it; its password is taken from
    /// LIFEBOAT_METADATA_PASSWORD or LIFEBOAT_METADATA_PASSWORD_FILE. In the data directory when left out
    #[arg(long, value_name = "mysql://USER@HOST/DB")]
    metadata: Option<String>,
    /// Where to listen; 127.0.0.1:8180 when left out
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// The server's certificate as PEM, followed by those that signed it; the server then speaks HTTPS only
    #[arg(long, value_name = "FILE")]
    tls_cert: Option<String>,
    /// The certificate's private key as PEM
    #[arg(long, value_name = "FILE")]
    tls_key: Option<String>,
    /// Let plain HTTP leave this machine; passwords can then be read on the way
    #[arg(long)]
    insecure_http: bool,
    /// A directory below which storages may lie; may be given several times; the data directory when left out
    #[arg(long, value_name = "DIR")]
    file_root: Vec<String>,
    /// The server's name, shown as who runs a task; the machine's when left out
    #[arg(long, value_name = "NAME")]
    server_name: Option<String>,
    /// How many tasks run at once; 8 when left out
    #[arg(long, value_name = "NUMBER")]
    tasks_at_once: Option<String>,
    /// With how many running data backups strategies start no more; 4 when left out
    #[arg(long, value_name = "NUMBER")]
    data_backups_at_once: Option<String>,
    /// With how many running data backups to one storage strategies start no more to it; no such limit when left out
    #[arg(long, value_name = "NUMBER")]
    backups_per_storage: Option<String>,
    /// A proxy whose word on where a request came from is taken; may be given several times
    #[arg(long, value_name = "ADDRESS")]
    trusted_proxy: Vec<String>,
    /// A network of clusters and object stores to connect to although it is refused otherwise: an address, 10.0.0.0/8, or
    /// `loopback` for this machine; may be given several times
    #[arg(long, value_name = "NETWORK")]
    egress_allow: Vec<String>,
    /// A network of clusters and object stores not to connect to; may be given several times
    #[arg(long, value_name = "NETWORK")]
    egress_deny: Vec<String>,
}

pub(crate) async fn run(args: ServeArgs) -> Result<(), Failure> {
    let config = Config::settle(&args.flags(), args.config.as_deref())?;
    if args.print_config {
        print!("{}", config.explain());
        return Ok(());
    }
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
