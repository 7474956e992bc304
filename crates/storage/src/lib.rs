//! The storage of backups: objects in directories and in object stores, through one [`Client`].
//!
//! | file | content |
//! |---|---|
//! | [`client`] | an open location: put, get, list, delete, and their promises |
//! | [`object`] | one object being written or read, piece by piece |
//! | [`probe`] | the test of a location, line by line, without touching existing objects |
//! | [`roots`] | the directories that an administrator allows |
//! | [`rules`] | the limits of storages: directories, addresses, memory |
//! | [`mail`] | e-mail over SMTP, under the same rules for addresses |
//! | [`post`] | messages to web addresses, under the same rules for addresses |
//! | `key` | the valid names of objects |
//! | `local` | files: durable, complete or absent, and never through a symbolic link |
//! | `remote` | object stores: S3 and compatible services, OSS, COS, OBS, Google Cloud, Azure |
//! | `trust` | the certificates of servers that are trusted |
//! | [`error`] | the errors, and their messages |

pub mod client;
pub mod error;
mod key;
mod local;
pub mod mail;
pub mod object;
pub mod post;
pub mod probe;
mod remote;
pub mod roots;
pub mod rules;
mod trust;

pub use client::{Children, Client, ObjectEntry};
pub use error::{Error, ErrorKind};
pub use object::{ObjectReader, ObjectWriter};
pub use probe::probe;
pub use roots::FileRoots;
pub use rules::Rules;
