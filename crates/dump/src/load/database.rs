//! Creates a database, with as many of its options as the target accepts.

use model::text::Text;
use oceanbase::statement::identifier;
use oceanbase::{Session, Statement};

use crate::archive::Archive;
use crate::ddl::database::{DatabaseDefinition, Without};
use crate::error::{DuringSql as _, Error, Result};
use crate::layout::ObjectKey;
use crate::load::allowed;
use crate::load::connection::{is_refused, make};

/// Creates a database unless it exists, and returns notes on the options that the target does not accept. Tables have
/// their own character set and collation, so that a default is not required.
pub(super) async fn create_database(
    session: &mut Session,
    archive: &Archive,
    name: &str,
    target: &str,
) -> Result<Vec<Text>> {
    let text = allowed::database(archive, name).await?;
    let definition = DatabaseDefinition::read(&text).ok_or_else(|| Error::Damaged {
        path: ObjectKey::Database { database: name }.path(),
        why: "it creates no database".to_owned(),
    })?;
    let what = || format!("create the database `{target}`");
    let first = match make(session, &Statement::act(definition.whole(target))).await {
        Err(error) if is_refused(&error) => error,
        made => return made.during(what).map(|_| Vec::new()),
    };
    // The first error that a statement without an option does not get is about that option.
    for without in definition.reductions() {
        match make(session, &Statement::act(definition.without(target, without))).await {
            Ok(_) => return Ok(notes(target, &definition, without, &first)),
            Err(error) if is_refused(&error) => {}
            Err(error) => return Err(error).during(what),
        }
    }
    Err(first).during(what)
}

/// Describes the options that a database does without.
fn notes(
    target: &str,
    definition: &DatabaseDefinition,
    without: Without,
    why: &oceanbase::Error,
) -> Vec<Text> {
    let Without { comment, collation, character_set, others } = without;
    [
        ("load-database-comment", comment),
        ("load-database-collation", collation || character_set),
        ("load-database-options", others),
    ]
    .into_iter()
    .filter(|(_, is_left_out)| *is_left_out)
    .map(|(id, _)| {
        Text::new(id)
            .with("database", identifier(target))
            .with("default", definition.defaults())
            .with("options", definition.others())
            .with("why", why)
    })
    .collect()
}
