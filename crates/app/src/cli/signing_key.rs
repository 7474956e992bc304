//! Signing keys and trusted keys: `keygen`, `--sign-key` and `--trust-key` for work without a server, `admin
//! signing-key`, `trust-key` and `distrust-key` for the keys of a server.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use dump::{KnownKeys, OpenManifest, Origin, PublicKey, SigningKey};
use model::problem::codes;
use model::text::Text;
use model::{Problem, Secret};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::local::Answer;
use super::own_key;
use super::reach::Reach;
use crate::failure::Failure;
use crate::rows::read as read_row;
use crate::screen::Screen;

#[derive(Args)]
pub(crate) struct KeygenArgs {
    /// The file to create, readable only by its owner
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    pub(crate) answer: Answer,
}

/// Creates a signing key in a new file, and shows its public key.
pub(crate) fn keygen(args: &KeygenArgs) -> Result<(), Failure> {
    let key = SigningKey::generate();
    let unwritten =
        |cause| Problem::outside("signing-key-unwritten").with("path", args.file.display()).raw(cause);
    own_key::write_new(&args.file, &key).map_err(unwritten)?;
    let said = json!({ "file": args.file, "publicKey": key.public() });
    args.answer.screen().show(&said, |screen| screen.say(&created(&args.file, key.public())));
    Ok(())
}

/// Returns the message about a created key.
pub(crate) fn created(file: &Path, key: PublicKey) -> Text {
    Text::new("cli-signing-key-created").with("path", file.display()).with("key", key)
}

/// Reads the signing key in a file.
pub(crate) fn read(file: &Path) -> Result<SigningKey, Problem> {
    let text = fs::read_to_string(file).map_err(|cause| own_key::unreadable(file, &cause))?;
    own_key::read(file, &Secret::new(text))
}

/// The keys whose dumps are accepted.
#[derive(Args)]
pub(crate) struct TrustArgs {
    /// Accept only a dump that is signed with this public key or with your own; repeatable. `lifeboat keygen` and
    /// `lifeboat admin signing-key` print public keys
    #[arg(long, value_name = "ed25519:…")]
    trust_key: Vec<String>,
}

impl TrustArgs {
    /// Checks the origin of a dump.
    ///
    /// # Errors
    /// When keys are given, and the dump is signed neither with one of them nor with the user's own key.
    pub(crate) fn judge(&self, from: &str, opened: &OpenManifest) -> Result<Origin, Problem> {
        let read = |text: &String| {
            let key: Result<PublicKey, _> = text.parse();
            key.map(|key| (text.clone(), key))
                .map_err(|_| Problem::invalid("trust-key-malformed").with("text", text))
        };
        let others = self.trust_key.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let own = own_key::find()?.map(|key| key.public()).into_iter().collect();
        let origin = KnownKeys { own, others }.origin(opened.signer);
        if self.trust_key.is_empty() { Ok(origin) } else { accepted(origin, from, opened) }
    }

    /// Checks the origin of a dump before a load.
    ///
    /// # Errors
    /// When the dump is not signed with a trusted key; an unsigned dump is allowed if the user accepted that.
    pub(crate) fn judge_for_load(
        &self,
        from: &str,
        opened: &OpenManifest,
        accept_unsigned: bool,
    ) -> Result<Origin, Problem> {
        match self.judge(from, opened)? {
            Origin::Unsigned if accept_unsigned => Ok(Origin::Unsigned),
            origin => accepted(origin, from, opened),
        }
    }
}

/// Refuses a dump without a trusted signature; the error names the ways to load it.
fn accepted(origin: Origin, from: &str, opened: &OpenManifest) -> Result<Origin, Problem> {
    let refused = |id| {
        let problem = Problem::refused(codes::RECOVERY_FAILED, id);
        problem.with("dump", &opened.manifest.dump).with("uri", from)
    };
    match &origin {
        Origin::Unsigned => Err(refused("dump-unsigned")),
        Origin::Unknown { key } => Err(refused("dump-signer-unknown").with("key", key)),
        Origin::Own { .. } | Origin::Known { .. } => Ok(origin),
    }
}

/// Returns a text that describes the origin of a dump.
pub(crate) fn described(origin: &Origin) -> Text {
    match origin {
        Origin::Own { key } => Text::new("cli-signed-by-user").with("key", key),
        Origin::Known { key, .. } => Text::new("cli-signed-by-trusted").with("key", key),
        Origin::Unknown { key } => Text::new("cli-signed-by-unknown").with("key", key),
        Origin::Unsigned => Text::new("cli-not-signed"),
    }
}

#[derive(Args)]
pub(crate) struct SigningKeyArgs {
    #[command(flatten)]
    pub(crate) reach: Reach,
    /// Replace the key first. Backup sets of the old key stay valid; running dumps start over
    #[arg(long)]
    rotate: bool,
}

#[derive(Args)]
pub(crate) struct TrustKeyArgs {
    #[command(flatten)]
    pub(crate) reach: Reach,
    /// The name of the key in Lifeboat
    #[arg(value_name = "NAME")]
    name: String,
    /// The public key, as `lifeboat admin signing-key` or `lifeboat keygen` prints it on the other side
    #[arg(value_name = "ed25519:…")]
    key: String,
}

#[derive(Args)]
pub(crate) struct DistrustKeyArgs {
    #[command(flatten)]
    pub(crate) reach: Reach,
    /// The name of the key in Lifeboat
    #[arg(value_name = "NAME")]
    name: String,
}

#[derive(Deserialize)]
struct KeysRow {
    current: String,
    retired: Vec<String>,
    trusted: Vec<TrustedRow>,
}

#[derive(Deserialize)]
struct TrustedRow {
    name: String,
    key: String,
}

/// Shows a server's public keys; with `--rotate`, replaces the signing key first.
pub(crate) async fn show(args: &SigningKeyArgs) -> Result<(), Failure> {
    let client = args.reach.client()?;
    let keys = if args.rotate {
        client.post("/signingKeys/rotate", None).await?
    } else {
        client.get("/signingKeys", &[]).await?
    };
    show_keys(args.reach.screen(), &keys)
}

/// Makes a server trust a key.
pub(crate) async fn trust(args: &TrustKeyArgs) -> Result<(), Failure> {
    let body = json!({ "name": args.name, "key": args.key });
    let keys = args.reach.client()?.post("/signingKeys/trusted", Some(&body)).await?;
    show_keys(args.reach.screen(), &keys)
}

/// Makes a server stop trusting a key.
pub(crate) async fn distrust(args: &DistrustKeyArgs) -> Result<(), Failure> {
    let name = utf8_percent_encode(&args.name, NON_ALPHANUMERIC);
    let keys = args.reach.client()?.delete(&format!("/signingKeys/trusted/{name}")).await?;
    show_keys(args.reach.screen(), &keys)
}

fn show_keys(screen: Screen, data: &Value) -> Result<(), Failure> {
    let KeysRow { current, retired, trusted } = read_row(data)?;
    let row = |use_: &str, name: &str, key: &str| vec![use_.to_owned(), name.to_owned(), key.to_owned()];
    let mut rows = vec![row("CURRENT", "", &current)];
    rows.extend(retired.iter().map(|key| row("RETIRED", "", key)));
    rows.extend(trusted.iter().map(|trusted| row("TRUSTED", &trusted.name, &trusted.key)));
    screen.show(data, |screen| screen.table(&["USE", "NAME", "KEY"], &rows));
    Ok(())
}
