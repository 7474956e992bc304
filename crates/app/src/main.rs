//! `lifeboat`: backup and recovery for OceanBase. The binary contains the command line, the configuration and the
//! wiring; `control` contains the behaviour of the product.

mod bounds;
mod cli;
mod client;
mod config;
mod connections;
mod failure;
mod follow;
mod history;
mod language;
mod log;
mod metadata_place;
mod rows;
mod screen;
mod secrets;
mod setting;
mod strategy_file;
mod tls;
mod wire;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser as _;

use crate::cli::Cli;
use crate::failure::Failure;

/// How long threads that are blocked by the operating system may delay the end of a command.
const ENDING: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    let command = match Cli::try_parse() {
        Ok(cli) => cli.command,
        Err(error) if error.use_stderr() && std::env::args().nth(1).as_deref() == Some("check") => {
            return cli::check::misused(&error);
        }
        Err(error) => error.exit(),
    };
    let as_json = command.is_json();
    match start(command) {
        Ok(status) => status,
        Err(failure) => {
            failure.show(as_json);
            failure.exit_code()
        }
    }
}

fn start(command: cli::Command) -> Result<ExitCode, Failure> {
    // A server starts its log when it has read its configuration.
    if !matches!(command, cli::Command::Serve(_)) {
        log::start(log::LogFormat::Text);
    }
    // The only provider: a second one would add another cryptographic library to the binary.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Runtime::new();
    let runtime = runtime.map_err(|cause| model::Problem::internal("runtime-not-started").raw(cause))?;
    let status = runtime.block_on(Box::pin(command.run()));
    // A read of a directory or of a name that never returns does not keep the process.
    runtime.shutdown_timeout(ENDING);
    status
}
