//! The options of every command that needs a server: its address, the account, and the output format.

use clap::Args;

use crate::client::Client;
use crate::failure::Failure;
use crate::screen::{Form, Screen};

/// The heading of the options that every command has.
const HEADING: &str = "Server and output";

/// The server to connect to, and the output format.
#[derive(Args)]
pub(crate) struct Reach {
    /// The address of the Lifeboat server
    #[arg(long, global = true, value_name = "URL", default_value = "http://127.0.0.1:8180")]
    #[arg(env = "LIFEBOAT_SERVER", hide_env_values = true, help_heading = HEADING)]
    server: String,
    /// The account to log on with. The password comes from LIFEBOAT_PASSWORD, LIFEBOAT_PASSWORD_FILE, a prompt or
    /// standard input. An API token in LIFEBOAT_TOKEN or LIFEBOAT_TOKEN_FILE replaces both
    #[arg(long, global = true, value_name = "NAME", default_value = "admin")]
    #[arg(env = "LIFEBOAT_USER", hide_env_values = true, help_heading = HEADING)]
    account: String,
    /// The output format
    #[arg(short, long, global = true, value_name = "FORM", default_value = "table", help_heading = HEADING)]
    output: Form,
}

impl Reach {
    /// Returns a client of the server.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        Client::new(&self.server, &self.account)
    }

    /// Returns the screen for answers.
    pub(crate) fn screen(&self) -> Screen {
        Screen { form: self.output }
    }
}
