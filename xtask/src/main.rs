//! `cargo xtask`: the project's own chores.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about = "The project's own chores")]
enum Chore {
    /// Checks what no compiler checks: crate edges, rooms and circles of files, file lengths, forgotten tests, pages
    /// in both languages, licences and sources of packages
    Tidy,
    /// Starts and stops the real OceanBase kernel that tests and demo use
    #[command(subcommand)]
    Seekdb(Seekdb),
}

#[derive(Subcommand)]
enum Seekdb {
    /// Starts a server (or finds the running one) and prints host, port and where its password is
    Start {
        /// The folder of the server; the shared one of the tests by default
        #[arg(long)]
        dir: Option<PathBuf>,
        /// The port to listen on; a free one by default
        #[arg(long)]
        port: Option<u16>,
        /// A parameter of the server, in place of ours; repeatable
        #[arg(long, value_name = "NAME=VALUE")]
        parameter: Vec<String>,
    },
    /// Fills a database of a running server with a small shop
    Sample {
        /// The folder of the server; the shared one of the tests by default
        #[arg(long)]
        dir: Option<PathBuf>,
        /// The database, which is dropped first
        #[arg(long, default_value = "shop")]
        database: String,
    },
    /// Stops the server of that folder
    Stop {
        /// The folder of the server; the shared one of the tests by default
        #[arg(long)]
        dir: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let shared = || xtask::target_dir().join("seekdb/shared");
    match Chore::parse() {
        Chore::Tidy => xtask::tidy::check(&xtask::workspace_root()),
        Chore::Seekdb(Seekdb::Start { dir, port, parameter }) => {
            let dir = dir.unwrap_or_else(shared);
            let server = xtask::seekdb::start_detached(&dir, port, &parameter)?;
            println!("seekdb answers at {}:{}", server.host, server.port);
            println!("log on as root with the password in {}", dir.join("instance.json").display());
            Ok(())
        }
        Chore::Seekdb(Seekdb::Sample { dir, database }) => {
            let server = xtask::seekdb::start_detached(&dir.unwrap_or_else(shared), None, &[])?;
            xtask::sample::create(&server, &database)
        }
        Chore::Seekdb(Seekdb::Stop { dir }) => xtask::seekdb::stop_detached(&dir.unwrap_or_else(shared)),
    }
}
