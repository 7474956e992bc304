//! The parts of a dump that outlive its databases or run with the privileges of others, one by one: accounts,
//! privileges that are not limited to a database or that all users get, and code whose definer is not the loading
//! user.

use model::inventory::ObjectKind;
use model::text::Text;
use oceanbase::catalog::{self, PUBLIC_ROLE};
use storage::Client;

use crate::archive::Archive;
use crate::ddl::grant::is_global;
use crate::ddl::token::tokens;
use crate::error::Result;
use crate::id::DumpId;
use crate::layout::ObjectKey;
use crate::load::allowed::{self, Wanted};
use crate::load::not_requested::kind_of;
use crate::load::{Options, names};
use crate::plan::full_name;
use crate::schema_file::{SchemaKind, SchemaObject};

/// Returns what a load with these options creates beyond databases, tables and views, and with whose privileges.
/// `user` is the loading user, whose own code is not listed. Empty if [`Options::with_code`] is not set.
///
/// # Errors
/// Fails as [`super::check_target`] does for the dump.
pub async fn privileged(client: &Client, dump: &DumpId, options: &Options, user: &str) -> Result<Vec<Text>> {
    if !options.with_code {
        return Ok(Vec::new());
    }
    let expected = options.expected_manifest.as_deref();
    let (archive, manifest) = Archive::open(client, dump, &options.identities, expected).await?;
    let wanted = Wanted { names: &names(&manifest, options)?, selection: &options.selection };
    let is_of_server = |name: &str| catalog::every_server_has(manifest.server.product, name);
    let mut found = Vec::new();
    for key in wanted.accounts(&archive, &manifest) {
        for object in allowed::objects(&archive, key, |_| true).await? {
            let text = String::from_utf8_lossy(&object.statement);
            match key {
                ObjectKey::Grants if options.without.contains(&ObjectKind::Grants) => {}
                ObjectKey::Accounts if options.without.contains(&ObjectKind::Users) => {}
                ObjectKey::Grants if object.name == PUBLIC_ROLE => {
                    found.push(Text::new("load-grant-public").with("grant", text));
                }
                ObjectKey::Grants if options.without.contains(&ObjectKind::Users) => {}
                ObjectKey::Grants if is_global(&object.statement, is_of_server) => {
                    found.push(Text::new("load-grant-global").with("grant", text));
                }
                ObjectKey::Accounts if object.kind == SchemaKind::Account => {
                    found.push(Text::new("load-account-created").with("account", &object.name));
                }
                _ => {}
            }
        }
    }
    for database in wanted.code(&manifest) {
        let is_wanted = |object: &SchemaObject| !options.without.contains(&kind_of(object.kind.word()).0);
        for object in allowed::objects(&archive, ObjectKey::Code { database }, is_wanted).await? {
            if let Some(definer) = definer(&object.statement).filter(|definer| !is_user(definer, user)) {
                let what = full_name(database, &object.name);
                found.push(Text::new("load-code-of-definer").with("what", what).with("definer", definer));
            }
        }
    }
    Ok(found)
}

/// Returns the definer that a statement names.
fn definer(statement: &[u8]) -> Option<String> {
    let tokens = tokens(statement);
    let word = tokens.iter().position(|token| token.is_word("DEFINER"))?;
    let sign = word + tokens[word..].iter().position(|token| token.is_sign(b'='))?;
    let is_kind = |place: usize| {
        ["PROCEDURE", "FUNCTION", "TRIGGER", "EVENT"].iter().any(|kind| tokens[place].is_word(kind))
    };
    let end = (sign..tokens.len()).find(|&place| is_kind(place))?;
    let text: Vec<u8> = tokens[sign + 1..end].iter().flat_map(|token| token.text.to_vec()).collect();
    Some(String::from_utf8_lossy(&text).trim().to_owned())
}

/// Returns whether a definer, as a statement spells it, is this user on any host. OceanBase's login names include
/// tenant and cluster: `eva@shop#prod`.
fn is_user(definer: &str, user: &str) -> bool {
    let user = user.split('@').next().unwrap_or(user);
    let name = tokens(definer.as_bytes()).first().and_then(|token| {
        token.name().or_else(|| Some(String::from_utf8_lossy(token.text).trim_matches('\'').to_owned()))
    });
    name.is_some_and(|name| name == user)
}

#[cfg(test)]
mod tests {
    use super::{definer, is_user};

    #[test]
    fn the_definer_is_read_from_the_statement_itself() {
        for (statement, expected) in [
            ("CREATE DEFINER = `eva`@`%` PROCEDURE `p`() begin end", Some("`eva`@`%`")),
            ("CREATE DEFINER=`a b`@`10.%` FUNCTION `f`() RETURNS int RETURN 1", Some("`a b`@`10.%`")),
            (
                "CREATE DEFINER = 'eva'@'%' TRIGGER r BEFORE INSERT ON t FOR EACH ROW SET @a = 1",
                Some("'eva'@'%'"),
            ),
            ("CREATE DEFINER=`eva`@`%` EVENT `e` ON SCHEDULE EVERY 1 DAY DO SELECT 1", Some("`eva`@`%`")),
            ("CREATE PROCEDURE `p`() begin end", None),
            ("CREATE OUTLINE `o` ON select 1", None),
        ] {
            assert_eq!(definer(statement.as_bytes()).as_deref(), expected, "{statement}");
        }
        assert!(is_user("`eva`@`%`", "eva") && is_user("'eva'@'%'", "eva@shop#prod"));
        assert!(!is_user("`eva`@`%`", "ev") && !is_user("`root`@`%`", "eva"));
    }
}
