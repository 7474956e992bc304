//! TLS of this server: connections are encrypted with a certificate from files, which are reloaded when they change. If
//! the new files are not usable, the old certificate stays in use.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use model::Problem;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::sync::watch;

/// The interval between two checks of the files.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// The location of the certificate and its key, as PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TlsFiles {
    /// The certificate, followed by its chain.
    pub(crate) certificate: PathBuf,
    /// Its private key.
    pub(crate) key: PathBuf,
}

impl TlsFiles {
    /// Reads both files.
    fn read(&self) -> Result<Arc<ServerConfig>, Problem> {
        let unreadable = |path: &PathBuf, cause: &dyn std::fmt::Display| {
            Problem::invalid("tls-file-unreadable").with("path", path.display()).raw(cause)
        };
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&self.certificate)
            .and_then(Iterator::collect)
            .map_err(|cause| unreadable(&self.certificate, &cause))?;
        if chain.is_empty() {
            return Err(unreadable(&self.certificate, &"no CERTIFICATE in it"));
        }
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(|cause| unreadable(&self.key, &cause))?;
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key);
        let mut config = config.map_err(|cause| {
            let problem = Problem::invalid("tls-pair-unfit").with("certificate", self.certificate.display());
            problem.with("key", self.key.display()).raw(cause)
        })?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    /// Returns when each file was last changed.
    fn changed(&self) -> [Option<SystemTime>; 2] {
        [&self.certificate, &self.key]
            .map(|path| std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok())
    }
}

/// The current certificate and key.
pub(crate) type Certificate = watch::Receiver<Arc<ServerConfig>>;

/// Reads the files, and reloads them whenever they change.
///
/// # Errors
/// When the files can't be used.
pub(crate) fn certificate(files: TlsFiles) -> Result<Certificate, Problem> {
    let seen = files.changed();
    let (newest, config) = watch::channel(files.read()?);
    tokio::spawn(keep_newest(files, seen, newest));
    Ok(config)
}

/// Reloads the files when they change, until there is no receiver.
async fn keep_newest(
    files: TlsFiles,
    mut seen: [Option<SystemTime>; 2],
    newest: watch::Sender<Arc<ServerConfig>>,
) {
    loop {
        tokio::select! {
            () = newest.closed() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        let changed = files.changed();
        if changed == seen {
            continue;
        }
        match files.read() {
            Ok(config) => {
                seen = changed;
                let _ = newest.send(config);
                tracing::info!(certificate = %files.certificate.display(), "the certificate was reloaded");
            }
            // The other file may not have been replaced yet; the next check finds both.
            Err(problem) => tracing::warn!(%problem, "the new certificate can't be used; the old one stays"),
        }
    }
}
