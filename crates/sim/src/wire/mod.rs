//! The server side of the MySQL protocol, as far as common clients need it.

pub(crate) mod answer;
pub(crate) mod arguments;
pub(crate) mod connection;
pub(crate) mod login;
pub(crate) mod packet;
mod prepared;
pub(crate) mod tls;
