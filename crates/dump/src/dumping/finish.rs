//! The manifest: written last, when every piece exists.

use std::collections::HashMap;
use std::time::{SystemTime, UNIX_EPOCH};

use model::Timestamp;
use model::inventory::{LeftOut, ObjectKind, name_of_database};
use storage::Client;

use crate::archive::Archive;
use crate::dumping::lost::LostTable;
use crate::dumping::schema_receipt::SchemaReceipt;
use crate::error::{Error, Result};
use crate::id::DumpId;
use crate::layout::ObjectKey;
use crate::manifest::{DatabaseEntry, Manifest, ObjectEntry, Piece, TableEntry, Totals};
use crate::plan::{DatabasePlan, Plan, full_name};
use crate::signing::SigningKey;

/// Completes a dump whose pieces are all finished: writes its manifest. If the manifest exists already, returns it.
/// With a key, signs the manifest, and accepts only objects with its own signature.
///
/// # Errors
/// [`Error::NotFinished`] when pieces or the schema are missing; [`Error::AnotherDump`] when there is a foreign
/// manifest.
pub async fn finish(client: &Client, dump: &DumpId, signer: Option<&SigningKey>) -> Result<Manifest> {
    let archive = Archive::signing(client, dump, signer);
    let (plan, stored) = archive.require_plan_as_stored().await?;
    if let Some(manifest) = archive.manifest().await? {
        archive.delete_receipts().await?;
        return same_dump(&plan, manifest);
    }
    let missing = || Error::NotFinished { dump: dump.clone(), missing: "schema" };
    let schema: SchemaReceipt = archive.read_sealed(ObjectKey::SchemaReceipt).await?.ok_or_else(missing)?;
    let manifest = manifest(&archive, &plan, stored, schema).await?;
    let written = archive.write_new_sealed(ObjectKey::Manifest, &manifest).await?;
    let manifest = if written { manifest } else { same_dump(&plan, archive.require_manifest().await?)? };
    archive.delete_receipts().await?;
    Ok(manifest)
}

fn same_dump(plan: &Plan, manifest: Manifest) -> Result<Manifest> {
    if (&manifest.dump, manifest.scn) == (&plan.dump, plan.scn) {
        Ok(manifest)
    } else {
        Err(Error::AnotherDump { dump: plan.dump.clone() })
    }
}

async fn manifest(
    archive: &Archive,
    plan: &Plan,
    stored: ObjectEntry,
    mut schema: SchemaReceipt,
) -> Result<Manifest> {
    let mut pieces = HashMap::new();
    for receipt in archive.piece_receipts().await? {
        pieces.insert((receipt.database, receipt.table, receipt.piece.number), receipt.piece);
    }
    let lost: Vec<LostTable> = archive.read_sealed(ObjectKey::LostReceipt).await?.unwrap_or_default();
    let mut left_out = plan.left_out.clone();
    left_out.append(&mut schema.left_out);
    // A database that was dropped before its definition was read may have pieces, too.
    let is_gone = |database: &&DatabasePlan| {
        let is_it = |lost: &LeftOut| {
            lost.kind == ObjectKind::Databases && lost.name == name_of_database(&database.name)
        };
        left_out.iter().any(is_it)
    };
    let (gone, kept): (Vec<&DatabasePlan>, Vec<&DatabasePlan>) = plan.databases.iter().partition(is_gone);
    for database in gone {
        for table in &database.tables {
            archive.delete_pieces(&database.name, &table.name).await?;
        }
    }
    for database in &kept {
        // A table that was changed before its definition was read may have pieces anyway.
        for table in database.tables.iter().filter(|table| is_lost(&left_out, &database.name, &table.name)) {
            archive.delete_pieces(&database.name, &table.name).await?;
        }
    }
    let doubts: Vec<LeftOut> = archive.read_sealed(ObjectKey::DoubtReceipt).await?.unwrap_or_default();
    let lost = lost.into_iter().filter(|table| kept.iter().any(|database| database.name == table.database));
    let more = lost.map(|table| table.left_out).chain(doubts);
    for object in more {
        if !left_out.iter().any(|known| (known.kind, &known.name) == (object.kind, &object.name)) {
            left_out.push(object);
        }
    }
    let databases: Vec<DatabaseEntry> = kept
        .into_iter()
        .map(|database| entry(plan, database, &mut schema, &mut pieces, &left_out))
        .collect::<Result<_>>()?;
    let mut notes = plan.notes.clone();
    notes.extend(schema.notes);
    let of_values = databases.iter().flat_map(|database| &database.tables);
    for note in of_values.flat_map(|table| &table.pieces).flat_map(|piece| &piece.notes) {
        if !notes.contains(note) {
            notes.push(note.clone());
        }
    }
    let mut manifest = Manifest {
        format: crate::FORMAT,
        dump: plan.dump.clone(),
        server: plan.server.clone(),
        owner: plan.owner.clone(),
        scn: plan.scn,
        taken: Timestamp::from_scn(plan.scn),
        finished: now(),
        compression: plan.compression,
        recipients: plan.recipients.clone(),
        plan: stored,
        schema: schema.objects,
        databases,
        accounts: schema.accounts,
        consent: plan.consent.clone(),
        left_out,
        totals: Totals::default(),
        notes,
    };
    manifest.totals = manifest.add_up();
    Ok(manifest)
}

fn entry(
    plan: &Plan,
    database: &DatabasePlan,
    schema: &mut SchemaReceipt,
    pieces: &mut HashMap<(String, String, u32), Piece>,
    left_out: &[LeftOut],
) -> Result<DatabaseEntry> {
    let is_lost = |kind: ObjectKind, name: &str| {
        let full = full_name(&database.name, name);
        left_out.iter().any(|object| object.kind == kind && object.name == full)
    };
    let mut tables = Vec::new();
    for table in database.tables.iter().filter(|table| !is_lost(ObjectKind::Tables, &table.name)) {
        let mut own = Vec::new();
        for number in (1..).take(table.chunks.len()) {
            let piece = pieces.remove(&(database.name.clone(), table.name.clone(), number));
            own.push(piece.ok_or_else(|| Error::NotFinished { dump: plan.dump.clone(), missing: "data" })?);
        }
        tables.push(TableEntry::of(&table.name, own));
    }
    let views = database.views.iter().filter(|view| !is_lost(ObjectKind::Views, &view.name));
    let (broken, working): (Vec<_>, Vec<_>) = views.partition(|view| view.broken.is_some());
    Ok(DatabaseEntry {
        name: database.name.clone(),
        tables,
        views: working.into_iter().map(|view| view.name.clone()).collect(),
        broken_views: broken.into_iter().map(|view| view.name.clone()).collect(),
        sequences: {
            let sequences = database.sequences.iter();
            sequences.filter(|name| !is_lost(ObjectKind::Sequences, name)).cloned().collect()
        },
        code: schema.code.remove(&database.name).unwrap_or_default(),
    })
}

/// Returns whether a table is left out.
fn is_lost(left_out: &[LeftOut], database: &str, table: &str) -> bool {
    let full = full_name(database, table);
    left_out.iter().any(|object| object.kind == ObjectKind::Tables && object.name == full)
}

fn now() -> Timestamp {
    let micros = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros());
    Timestamp(i64::try_from(micros).unwrap_or(i64::MAX))
}
