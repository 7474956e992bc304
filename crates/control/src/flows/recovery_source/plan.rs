//! The check of a source that a plan runs: nothing is saved.

use std::sync::Arc;

use model::Secret;
use model::ability::Generation;
use model::id::StorageId;
use model::text::Text;
use oceanbase::Driver;
use oceanbase::physical::Previewed;
use storage::Client;

use super::check::{look_from_target, of_storage, settle, written, written_at};
use super::origin::{Origin, Source};
use super::request::Chosen;
use super::session::open;
use crate::context::Context;
use crate::error::Error;
use crate::flows::recorder::Recorder;
use crate::orders::Destination;

/// The findings about a source, and the session on the target that looked.
pub(crate) struct Looked {
    /// The sets and pieces that the recovery would read.
    pub(crate) items: Vec<Previewed>,
    /// The addresses with their keys.
    pub(crate) from: Vec<Secret>,
    pub(crate) notes: Vec<Text>,
    pub(crate) driver: Driver,
}

/// Says what the backups of a tenant do not contain.
pub(crate) fn not_restored(generation: Generation) -> Text {
    Text::new(match generation {
        Generation::Gen3 => "plan-not-restored-gen3",
        _ => "plan-not-restored",
    })
}

/// Checks the source of a recovery as its task would, and puts the findings into `origin`.
pub(crate) async fn look(
    context: &Context,
    chosen: &mut Chosen,
    origin: &mut Origin,
    passwords: &[Secret],
    recorder: &Recorder,
) -> Result<Looked, Error> {
    // A storage that was typed in is saved only with a task; a plan uses it as it was given.
    let typed = chosen.storage.take();
    let server = &chosen.target.facts.server;
    let (settled, from) = match typed {
        Some((storage, data_folder, log_folder)) => {
            let saved = match &storage {
                Destination::Saved(saved) => saved.id,
                Destination::Typed(..) => StorageId(0),
            };
            origin.source = Source::Storage { storage: saved, data_folder, log_folder };
            let secret = storage.secret(context).await?;
            let client = Client::open(storage.location(), secret.as_ref(), &context.rules);
            let client = client.map_err(Error::from);
            let settled = of_storage(origin, saved, storage.location(), client).await?;
            let from = written_at(storage.location(), secret.as_ref(), &settled.places, server)?;
            (settled, from)
        }
        None => {
            let settled = settle(context, origin, Arc::new(recorder.clone()), !passwords.is_empty()).await?;
            let from = written(context, &settled.places, server).await?;
            (settled, from)
        }
    };
    settled.keep(origin);
    let mut driver = open(context, origin.cluster, Arc::new(recorder.clone())).await?;
    let (items, found) = look_from_target(&mut driver, &from, passwords, &settled, origin).await?;
    Ok(Looked { items, from, notes: settled.notes.into_iter().chain(found).collect(), driver })
}
