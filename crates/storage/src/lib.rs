//! The storage of backups: objects in directories and in object stores, through one [`Client`].
//!
//! | file | what it holds |
//! |---|---|
//! | [`client`] | one location, opened: put, get, list, delete, and what each promises |
//! | [`object`] | one object being written or read, piece by piece |
//! | [`probe`] | the test of a location, line by line, without touching what is there |
//! | [`roots`] | the directories that an administrator allows |
//! | [`rules`] | what storages may use: these directories, which addresses, how much memory |
//! | `key` | which names objects can have |
//! | `local` | files: durable, complete or absent, and never through a symbolic link |
//! | `remote` | object stores: S3 and its like, OSS, COS, OBS, Google Cloud, Azure |
//! | [`error`] | what can go wrong, in words |

pub mod client;
pub mod error;
mod key;
mod local;
pub mod object;
pub mod probe;
mod remote;
pub mod roots;
pub mod rules;

pub use client::{Client, ObjectEntry};
pub use error::{Error, ErrorKind};
pub use object::{ObjectReader, ObjectWriter};
pub use probe::probe;
pub use roots::FileRoots;
pub use rules::Rules;
