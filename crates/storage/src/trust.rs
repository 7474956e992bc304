//! Which certificates of servers are trusted.

use std::sync::Arc;

use rustls::ClientConfig;
use rustls_platform_verifier::BuilderVerifierExt;

/// Returns how servers are checked: with the certificates of the system.
pub(crate) fn of_system() -> Result<Arc<ClientConfig>, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(BuilderVerifierExt::with_platform_verifier);
    config.map(|config| Arc::new(config.with_no_client_auth())).map_err(|error| error.to_string())
}
