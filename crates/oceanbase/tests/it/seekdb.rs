//! The shared seekdb of this run, as an endpoint.

use model::Secret;
use model::cluster::Address;
use oceanbase::Endpoint;

/// Returns where it is, as `root`.
pub(crate) fn endpoint() -> Endpoint {
    let server = server();
    as_user(&server, "root", &server.password)
}

/// Returns where it is, as that user.
pub(crate) fn as_user(server: &xtask::seekdb::Server, user: &str, password: &str) -> Endpoint {
    let address = Address { host: server.host.clone(), port: server.port };
    Endpoint::new(vec![address], user, Secret::new(password))
}

/// Returns the server itself.
pub(crate) fn server() -> xtask::seekdb::Server {
    xtask::seekdb::shared().expect("seekdb starts on this machine")
}
