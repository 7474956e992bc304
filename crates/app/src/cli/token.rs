//! `lifeboat admin token`.

use clap::{Args, Subcommand};
use model::Problem;
use model::text::Text;
use serde::Deserialize;
use serde_json::{Value, json};

use super::names::{short, short_or_none};
use super::reach::Reach;
use crate::failure::Failure;
use crate::rows::{read, read_all};

#[derive(Args)]
pub(crate) struct TokenArgs {
    #[command(flatten)]
    pub(crate) reach: Reach,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// List your own API tokens
    List,
    /// Create an API token and print it; it is shown only this once
    ///
    /// Commands read it from LIFEBOAT_TOKEN or LIFEBOAT_TOKEN_FILE, instead of an account and its password.
    Create {
        /// The name of the token
        name: String,
        /// The number of days until the token expires. Defaults to no expiry
        #[arg(long, value_name = "NUMBER")]
        days: Option<u32>,
    },
    /// Revoke an API token
    Revoke {
        /// The name of the token
        name: String,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TokenRow {
    id: i64,
    name: String,
    create_time: String,
    expire_time: Option<String>,
    last_use_time: Option<String>,
}

#[derive(Deserialize)]
struct NewToken {
    token: String,
}

pub(crate) async fn run(args: TokenArgs) -> Result<(), Failure> {
    let TokenArgs { reach, verb } = args;
    let (client, screen) = (reach.client()?, reach.screen());
    match verb {
        Verb::List => {
            let data = client.get("/users/me/tokens", &[]).await?;
            let tokens: Vec<TokenRow> = read_all(rows(&data))?;
            screen.show(&data["contents"], |screen| {
                let rows: Vec<Vec<String>> = tokens
                    .iter()
                    .map(|token| {
                        vec![
                            token.id.to_string(),
                            token.name.clone(),
                            short(&token.create_time),
                            short_or_none(token.expire_time.as_ref()),
                            short_or_none(token.last_use_time.as_ref()),
                        ]
                    })
                    .collect();
                screen.table(&["ID", "NAME", "CREATED", "EXPIRES", "LAST USED"], &rows);
            });
        }
        Verb::Create { name, days } => {
            let data = client.post("/users/me/tokens", Some(&json!({ "name": name, "days": days }))).await?;
            let made: NewToken = read(&data)?;
            screen.show(&data, |screen| {
                // Only the token goes to standard output, so that it can be redirected into a file.
                screen.line(&made.token);
                eprintln!("{}", crate::language::words("cli-token-created"));
            });
        }
        Verb::Revoke { name } => {
            let data = client.get("/users/me/tokens", &[]).await?;
            let tokens: Vec<TokenRow> = read_all(rows(&data))?;
            let found = tokens.into_iter().find(|token| token.name == name);
            let missing = || Problem::not_found("token-missing").with("token", &name);
            let id = found.ok_or_else(missing)?.id;
            let data = client.delete(&format!("/users/me/tokens/{id}")).await?;
            screen.show(&data, |screen| screen.say(&Text::new("cli-token-revoked").with("token", &name)));
        }
    }
    Ok(())
}

fn rows(data: &Value) -> &[Value] {
    data["contents"].as_array().map_or(&[], Vec::as_slice)
}
