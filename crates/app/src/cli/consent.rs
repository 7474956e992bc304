//! The objects that a backup may leave out, by name.

use clap::Args;
use model::Problem;
use model::backup::BackupObject;
use model::inventory::{Consent, ObjectKind};

#[derive(Args)]
pub(crate) struct ConsentArgs {
    /// Leave out this database or table; repeatable
    #[arg(long, value_name = "DATABASE[.TABLE]")]
    exclude: Vec<String>,
    /// Leave out all objects of this kind, such as events or users; repeatable
    #[arg(long, value_name = "KIND")]
    without: Vec<ObjectKind>,
}

impl ConsentArgs {
    /// Returns the objects that the user agreed to leave out.
    pub(crate) fn read(&self) -> Result<Consent, Problem> {
        let object = |name: &String| {
            name.parse::<BackupObject>().map_err(|_| Problem::invalid("exclude-malformed").with("name", name))
        };
        let exclude = self.exclude.iter().map(object).collect::<Result<_, _>>()?;
        Ok(Consent { exclude, without: self.without.clone() })
    }
}
