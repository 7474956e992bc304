//! The options that every command of a server takes: where it is, who asks, and the form of the answer.

use clap::Args;

use crate::client::Client;
use crate::failure::Failure;
use crate::screen::{Form, Screen};

/// Where options that every command has stand in help texts.
const HEADING: &str = "Server and answer";

/// How to reach a server, and in which form it answers.
#[derive(Args)]
pub(crate) struct Reach {
    /// The server
    #[arg(long, global = true, value_name = "URL", default_value = "http://127.0.0.1:8180")]
    #[arg(env = "LIFEBOAT_SERVER", hide_env_values = true, help_heading = HEADING)]
    server: String,
    /// The account; its password is taken from LIFEBOAT_PASSWORD, LIFEBOAT_PASSWORD_FILE, a prompt or standard input. An API
    /// token in LIFEBOAT_TOKEN or LIFEBOAT_TOKEN_FILE takes the place of both
    #[arg(long, global = true, value_name = "NAME", default_value = "admin")]
    #[arg(env = "LIFEBOAT_USER", hide_env_values = true, help_heading = HEADING)]
    account: String,
    /// The form of the answer
    #[arg(short, long, global = true, value_name = "FORM", default_value = "table", help_heading = HEADING)]
    output: Form,
}

impl Reach {
    /// Returns a user of the server.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        Client::new(&self.server, &self.account)
    }

    /// Returns what answers are shown on.
    pub(crate) fn screen(&self) -> Screen {
        Screen { form: self.output }
    }
}
