//! HTTP: text in, text out. OCP's envelope, paths and field names around the use cases of `control`.
//!
//! | file | what it holds |
//! |---|---|
//! | `router` | every route, on one page |
//! | `routes` | the handlers, a file per noun: read the request, call one function, turn the answer into a view |
//! | `views` | the shapes that cross to the outside |
//! | `envelope`, `error` | what surrounds every answer |
//! | `queries` | query strings |
//! | `extract` | what can't be read is answered in the envelope too |
//! | `auth`, `session` | who asks |
//! | `events` | what happens, as it happens |
//! | `ingress` | allowed proxies, the address of the client, and whether TLS is used between |
//! | `measure` | how long requests took |
//! | `guard` | headers and limits that hold for every request |
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

/// What the API needs to know beside the use cases.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The server's name, shown in every answer.
    pub server_name: String,
    /// Whether the server speaks HTTPS itself.
    pub is_https: bool,
    /// The proxies whose word on where a request came from is taken.
    pub trusted_proxies: Vec<IpAddr>,
    /// Ends the streams of events, which would otherwise keep a stopping server up.
    pub shutdown: CancellationToken,
}

/// What every handler can reach.
#[derive(Clone)]
struct Api {
    control: Control,
    ingress: Ingress,
    requests: Requests,
    shutdown: CancellationToken,
}
