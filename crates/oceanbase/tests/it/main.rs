//! The tests of this crate that need a server: the real seekdb, a MariaDB, or a fake that the test controls.

mod catalog;
mod clusters;
mod connect;
mod delete_policies;
mod dictionary;
mod fake;
mod mariadb;
mod physical;
mod precheck;
mod probe;
mod recorder;
mod records;
mod restore;
mod secrets;
mod seekdb;
mod session;
mod simulated;
mod snapshot;
mod stream;
mod tables;
