//! The development tools of this project, as a library for the tests that need the same servers.

mod imports;
mod languages;
mod leash;
pub mod mariadb;
mod rooms;
pub mod sample;
pub mod seaweedfs;
pub mod seekdb;
pub mod smtp;
mod supply;
pub mod tidy;
mod wheel;

use std::path::PathBuf;

/// Returns the root folder of this workspace.
#[must_use]
pub fn workspace_root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("xtask lies in the workspace").to_path_buf()
}

/// Returns the folder for the output of cargo and for temporary servers.
#[must_use]
pub fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace_root().join("target"), PathBuf::from)
}
