//! The OceanBase client: connections, statements, the identity of servers, errors with a meaning.

pub mod answer;
pub mod catalog;
mod channel;
pub mod connect;
pub mod driver;
pub mod error;
mod gen3;
mod gen4;
pub mod grants;
pub mod identity;
pub mod inventory;
pub mod login;
pub mod mask;
pub mod measure;
pub mod physical;
pub mod precheck;
mod probe;
pub mod session;
mod settings;
pub mod snapshot;
pub mod statement;
mod wire;

pub use answer::{Row, RowStream};
pub use connect::{Endpoint, Tls};
pub use driver::Driver;
pub use error::Error;
pub use session::{Session, kill_query};
pub use settings::Purpose;
pub use statement::{Effect, End, NoWitness, Outcome, Statement, Witness};
