//! The REST API: OCP's envelope, paths and field names around the use cases of `control`.
//!
//! | file | contents |
//! |---|---|
//! | `router` | every route, on one page |
//! | `routes` | the handlers, a file per noun: read the request, call one function, convert the result to a view |
//! | `views` | the types of requests and answers |
//! | `envelope`, `error` | the envelope of every answer, and errors in it |
//! | `queries` | query strings |
//! | `extract` | reads requests, and answers unreadable ones in the envelope |
//! | `auth`, `session` | log-on |
//! | `events` | the live events |
//! | `ingress` | trusted proxies, the address of the client, and whether it uses TLS |
//! | `measure` | the duration of requests |
//! | `guard` | headers and limits for every request |
//! | `console` | the console's files |

mod auth;
mod call;
mod console;
mod envelope;
mod error;
mod events;
mod extract;
mod guard;
mod ingress;
mod measure;
mod openapi;
mod queries;
mod router;
mod routes;
mod session;
mod views;

use std::net::IpAddr;

use control::Control;
use tokio_util::sync::CancellationToken;

use ingress::Ingress;
use measure::Requests;

pub use openapi::document;
pub use router::router;

/// The settings of the API.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The server's name, shown in every answer.
    pub server_name: String,
    /// Whether the server speaks HTTPS itself.
    pub is_https: bool,
    /// The proxies whose forwarding headers are trusted.
    pub trusted_proxies: Vec<IpAddr>,
    /// Ends the streams of events, which would otherwise keep a server from stopping.
    pub shutdown: CancellationToken,
}

/// The state of every handler.
#[derive(Clone)]
struct Api {
    control: Control,
    ingress: Ingress,
    requests: Requests,
    shutdown: CancellationToken,
}
