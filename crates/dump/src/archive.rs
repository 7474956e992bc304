//! One dump at its destination: its small objects, read and written.

#[cfg(test)]
mod random;

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt as _;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use storage::{Client, ErrorKind};

use crate::encryption::{Identities, Recipient, seal_whole};
use crate::error::{DuringIo as _, Error, Result};
use crate::id::DumpId;
use crate::layout::{ObjectKey, pieces_folder, receipts_folder};
use crate::manifest::{Manifest, ObjectEntry, Piece};
use crate::plan::Plan;
use crate::schema_file::{self, SchemaObject};
use crate::sealed::{Broken, Unsealed, seal, unseal};
use crate::signing::{PublicKey, Purpose, SigningKey};

/// The largest plan, manifest or schema file that is read.
const SMALL_MOST_BYTES: u64 = 256 << 20;

/// How large a receipt may be; several are read at once.
const RECEIPT_MOST_BYTES: u64 = 32 << 20;

/// How many receipts are read at a time.
const READS_AT_ONCE: usize = 16;

/// One dump at its destination.
#[derive(Clone)]
pub(crate) struct Archive {
    pub(crate) client: Client,
    pub(crate) dump: DumpId,
    /// The recipients of rows and statements; none if they are not encrypted.
    pub(crate) recipients: Arc<[Recipient]>,
    /// The secret keys that open encrypted objects.
    pub(crate) identities: Identities,
    /// The plan and the schema files as the manifest lists them; what is read must match. `None` while the dump is
    /// being taken.
    named: Option<Arc<HashMap<String, ObjectEntry>>>,
    /// Whose plan, receipts and manifest count.
    accepts: Accepts,
}

/// Whose plan, receipts and manifest count.
#[derive(Debug, Clone)]
enum Accepts {
    /// Everybody's: a dump that is read.
    All,
    /// Only those that are signed with this key, or those without a signature: an unfinished dump. Otherwise a writer
    /// to the storage could get a forged plan or forged pieces signed.
    SignedWith(Option<SigningKey>),
}

/// A manifest, and its origin.
#[derive(Debug, Clone)]
pub struct OpenManifest {
    /// What the dump holds.
    pub manifest: Manifest,
    /// The key that signed it; `None` if it is not signed.
    pub signer: Option<PublicKey>,
    /// The BLAKE3 hash of its content, which identifies this manifest.
    pub blake3: String,
}

/// Reports that a piece is finished.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PieceReceipt {
    pub(crate) database: String,
    pub(crate) table: String,
    pub(crate) piece: Piece,
    /// Further finished pieces. A version that does not know this field only writes them again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) also: Vec<PieceReceipt>,
}

/// The fields that plans and manifests of every format have.
#[derive(Deserialize)]
struct AnyFormat {
    format: u32,
    dump: DumpId,
}

impl Archive {
    pub(crate) fn new(client: &Client, dump: &DumpId) -> Self {
        let (recipients, identities) = (Arc::new([]), Identities::default());
        Self {
            client: client.clone(),
            dump: dump.clone(),
            recipients,
            identities,
            named: None,
            accepts: Accepts::All,
        }
    }

    /// Returns a dump that is being taken with the recipients of its plan, and signed.
    pub(crate) fn of_plan(client: &Client, plan: &Plan, signer: Option<&SigningKey>) -> Self {
        Self { recipients: plan.recipients.clone().into(), ..Self::signing(client, &plan.dump, signer) }
    }

    /// Returns a dump that is being taken and signed.
    pub(crate) fn signing(client: &Client, dump: &DumpId, signer: Option<&SigningKey>) -> Self {
        Self { accepts: Accepts::SignedWith(signer.cloned()), ..Self::new(client, dump) }
    }

    /// Opens a complete dump with these keys and returns it with its manifest. If a hash is expected, no other
    /// manifest is accepted.
    pub(crate) async fn open(
        client: &Client,
        dump: &DumpId,
        identities: &Identities,
        expected: Option<&str>,
    ) -> Result<(Self, Manifest)> {
        let archive = Self::new(client, dump);
        let OpenManifest { manifest, blake3, .. } = archive.open_manifest().await?;
        if expected.is_some_and(|expected| expected != blake3) {
            let why = "it is not the manifest whose origin was checked".to_owned();
            return Err(Error::Damaged { path: ObjectKey::Manifest.path(), why });
        }
        let (recipients, identities) = (manifest.recipients.clone().into(), identities.clone());
        let named = manifest.schema.iter().chain([&manifest.plan]);
        let named = Some(Arc::new(named.map(|object| (object.path.clone(), object.clone())).collect()));
        Ok((Self { recipients, identities, named, ..archive }, manifest))
    }

    /// Returns whether rows and statements are encrypted.
    pub(crate) fn is_encrypted(&self) -> bool {
        !self.recipients.is_empty()
    }

    /// Returns the location of an object with rows or statements, below the dump's folder.
    pub(crate) fn stored_path(&self, key: ObjectKey<'_>) -> String {
        if self.is_encrypted() { key.encrypted_path() } else { key.path() }
    }

    /// Writes a file with statements.
    pub(crate) async fn write_schema(&self, key: ObjectKey<'_>, text: Vec<u8>) -> Result<ObjectEntry> {
        let path = self.stored_path(key);
        let unsealed =
            |cause| Error::Damaged { path: path.clone(), why: format!("it can't be encrypted: {cause}") };
        let bytes =
            if self.is_encrypted() { seal_whole(&self.recipients, &text).map_err(unsealed)? } else { text };
        let entry = ObjectEntry::of(path.clone(), &bytes);
        let written = self.client.put(&format!("{}/{path}", self.dump), bytes.into()).await;
        written.during(|| format!("write {path}")).map(|()| entry)
    }

    /// Reads a file with statements, which must be there.
    pub(crate) async fn read_schema(&self, key: ObjectKey<'_>) -> Result<Vec<u8>> {
        let path = self.stored_path(key);
        let bytes = match self.client.get(&format!("{}/{path}", self.dump), SMALL_MOST_BYTES).await {
            Err(error) if *error.kind() == ErrorKind::Missing => {
                return Err(Error::Damaged { path, why: "it is missing".to_owned() });
            }
            read => read.during(|| format!("read {path}"))?,
        };
        self.prove(&path, &bytes)?;
        if !self.is_encrypted() {
            return Ok(bytes.to_vec());
        }
        self.identities.open_whole(&bytes).map_err(|cause| match cause.kind() {
            io::ErrorKind::InvalidInput => Error::Locked { path },
            _ => Error::Damaged { path, why: format!("it can't be opened: {cause}") },
        })
    }

    /// Checks that an object of a complete dump is the one that the manifest lists.
    fn prove(&self, path: &str, bytes: &[u8]) -> Result<()> {
        let Some(named) = &self.named else { return Ok(()) };
        let why = match named.get(path) {
            Some(object) if object.blake3 == blake3::hash(bytes).to_hex().as_str() => return Ok(()),
            Some(_) => "its bytes do not fit its checksum",
            None => "the manifest does not name it",
        };
        Err(Error::Damaged { path: path.to_owned(), why: why.to_owned() })
    }

    /// Reads the objects of a file with statements, which must be there.
    pub(crate) async fn read_objects(&self, key: ObjectKey<'_>) -> Result<Vec<SchemaObject>> {
        let text = self.read_schema(key).await?;
        schema_file::read(&text).map_err(|why| Error::Damaged { path: self.stored_path(key), why })
    }

    /// Reads the plan; none if the dump was never started.
    pub(crate) async fn plan(&self) -> Result<Option<Plan>> {
        Ok(self.plan_as_stored().await?.map(|(plan, _)| plan))
    }

    /// Reads the plan, with the entry of the bytes that it was read from.
    async fn plan_as_stored(&self) -> Result<Option<(Plan, ObjectEntry)>> {
        let Some(bytes) = self.read(ObjectKey::Plan).await? else { return Ok(None) };
        self.prove(&ObjectKey::Plan.path(), &bytes)?;
        let Unsealed { content, signer, .. } = self.versioned(ObjectKey::Plan, &bytes)?;
        if !self.accepts(signer) {
            return Err(Error::NotOurs { dump: self.dump.clone(), path: ObjectKey::Plan.path() });
        }
        let plan: Plan = content;
        plan.check_bounds()?;
        Ok(Some((plan, ObjectEntry::of(ObjectKey::Plan.path(), &bytes))))
    }

    /// Reads the manifest; `None` if the dump is not complete.
    pub(crate) async fn manifest(&self) -> Result<Option<Manifest>> {
        let Some(bytes) = self.read(ObjectKey::Manifest).await? else { return Ok(None) };
        let Unsealed { content, signer, .. } = self.versioned::<Manifest>(ObjectKey::Manifest, &bytes)?;
        content.check_numbers()?;
        if self.accepts(signer) {
            Ok(Some(content))
        } else {
            Err(Error::AnotherDump { dump: self.dump.clone() })
        }
    }

    /// Reads the plan of a dump that must have one.
    pub(crate) async fn require_plan(&self) -> Result<Plan> {
        Ok(self.require_plan_as_stored().await?.0)
    }

    /// Reads the plan of a dump that must have one, with the entry of the checked bytes: a second read might return
    /// other ones.
    pub(crate) async fn require_plan_as_stored(&self) -> Result<(Plan, ObjectEntry)> {
        let missing = || Error::NotFinished { dump: self.dump.clone(), missing: "plan.json" };
        self.plan_as_stored().await?.ok_or_else(missing)
    }

    /// Reads the manifest of a dump that must be complete, and its origin.
    pub(crate) async fn open_manifest(&self) -> Result<OpenManifest> {
        let missing = || Error::NotFinished { dump: self.dump.clone(), missing: "manifest.json" };
        let bytes = self.read(ObjectKey::Manifest).await?.ok_or_else(missing)?;
        let Unsealed { content: manifest, signer, blake3 } =
            self.versioned::<Manifest>(ObjectKey::Manifest, &bytes)?;
        manifest.check_numbers()?;
        Ok(OpenManifest { manifest, signer, blake3 })
    }

    /// Returns whether an object with that signature counts.
    fn accepts(&self, signer: Option<PublicKey>) -> bool {
        match &self.accepts {
            Accepts::All => true,
            Accepts::SignedWith(key) => signer == key.as_ref().map(SigningKey::public),
        }
    }

    /// Returns the key that signs the dump while it is being taken.
    fn signer(&self) -> Option<&SigningKey> {
        match &self.accepts {
            Accepts::All => None,
            Accepts::SignedWith(key) => key.as_ref(),
        }
    }

    /// Returns the label of a sealed object that its signature covers.
    fn purpose<'a>(&'a self, key: &ObjectKey<'a>) -> Purpose<'a> {
        key.purpose(&self.dump).expect("only plan, receipts and manifest are sealed")
    }

    /// Reads the manifest of a dump that must be complete.
    pub(crate) async fn require_manifest(&self) -> Result<Manifest> {
        let missing = || Error::NotFinished { dump: self.dump.clone(), missing: "manifest.json" };
        self.manifest().await?.ok_or_else(missing)
    }

    /// Reads a small object whole; `None` if it does not exist.
    pub(crate) async fn read(&self, key: ObjectKey<'_>) -> Result<Option<Bytes>> {
        match self.client.get(&key.key(&self.dump), SMALL_MOST_BYTES).await {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if *error.kind() == ErrorKind::Missing => Ok(None),
            Err(error) => Err(error).during(|| format!("read {}", key.path())),
        }
    }

    /// Reads a sealed object; `None` if it does not exist or is not accepted.
    pub(crate) async fn read_sealed<T: DeserializeOwned>(&self, key: ObjectKey<'_>) -> Result<Option<T>> {
        let Some(bytes) = self.read(key).await? else { return Ok(None) };
        let unsealed = unseal(&bytes, self.purpose(&key));
        let Unsealed { content, signer, .. } = unsealed.map_err(|broken| broken.of(key.path()))?;
        Ok(self.accepts(signer).then_some(content))
    }

    /// Writes a small object, in place of an older one.
    pub(crate) async fn write(&self, key: ObjectKey<'_>, bytes: Bytes) -> Result<ObjectEntry> {
        let entry = ObjectEntry::of(key.path(), &bytes);
        let written = self.client.put(&key.key(&self.dump), bytes).await;
        written.during(|| format!("write {}", key.path())).map(|()| entry)
    }

    /// Writes a sealed object, in place of an older one.
    pub(crate) async fn write_sealed<T: Serialize>(&self, key: ObjectKey<'_>, content: &T) -> Result<()> {
        self.write(key, seal(content, self.purpose(&key), self.signer())).await.map(drop)
    }

    /// Writes a sealed object unless it exists; returns whether it did.
    pub(crate) async fn write_new_sealed<T: Serialize>(
        &self,
        key: ObjectKey<'_>,
        content: &T,
    ) -> Result<bool> {
        let sealed = seal(content, self.purpose(&key), self.signer());
        let written = self.client.put_new(&key.key(&self.dump), sealed).await;
        written.during(|| format!("write {}", key.path()))
    }

    /// Reads the receipts of all finished pieces without duplicates: two writers may have finished the same piece.
    pub(crate) async fn piece_receipts(&self) -> Result<Vec<PieceReceipt>> {
        let folder = format!("{}/data", receipts_folder(&self.dump));
        let listed = self.client.list(&folder).await.during(|| "list the receipts".to_owned())?;
        let reads = listed.into_iter().map(|entry| self.piece_receipt(entry.key));
        let mut reads = futures::stream::iter(reads).buffer_unordered(READS_AT_ONCE);
        let mut receipts = BTreeMap::new();
        while let Some(receipt) = reads.next().await {
            let Some(mut receipt) = receipt? else { continue };
            let also = std::mem::take(&mut receipt.also);
            for receipt in also.into_iter().chain([receipt]) {
                let piece = (receipt.database.clone(), receipt.table.clone(), receipt.piece.number);
                receipts.insert(piece, receipt);
            }
        }
        Ok(receipts.into_values().collect())
    }

    /// Reads receipts; `None` if they are not accepted, so that their pieces are written again.
    async fn piece_receipt(&self, key: String) -> Result<Option<PieceReceipt>> {
        let bytes = self.client.get(&key, RECEIPT_MOST_BYTES).await.during(|| format!("read {key}"))?;
        let purpose = self.purpose(&ObjectKey::PieceReceipts { writer: 0, number: 0 });
        let Unsealed { content, signer, .. } = unseal(&bytes, purpose).map_err(|broken| broken.of(key))?;
        Ok(self.accepts(signer).then_some(content))
    }

    /// Deletes what is only needed until the dump is complete.
    pub(crate) async fn delete_receipts(&self) -> Result<()> {
        let deleted = self.client.delete_below(&receipts_folder(&self.dump)).await;
        deleted.during(|| "delete the receipts".to_owned()).map(drop)
    }

    /// Deletes the pieces of a table that is left out after all.
    pub(crate) async fn delete_pieces(&self, database: &str, table: &str) -> Result<()> {
        let deleted = self.client.delete_below(&pieces_folder(&self.dump, database, table)).await;
        let what = || format!("delete the pieces of {}", crate::plan::full_name(database, table));
        deleted.during(what).map(drop)
    }

    fn versioned<T: DeserializeOwned>(&self, key: ObjectKey<'_>, bytes: &[u8]) -> Result<Unsealed<T>> {
        let damaged = |why| Error::Damaged { path: key.path(), why };
        let broken = |broken: Broken| broken.of(key.path());
        let AnyFormat { format, dump } = unseal(bytes, self.purpose(&key)).map_err(broken)?.content;
        if dump != self.dump {
            return Err(damaged(format!("it belongs to the dump {dump}")));
        }
        if format > crate::FORMAT {
            return Err(Error::FormatTooNew { dump: self.dump.clone(), format });
        }
        unseal(bytes, self.purpose(&key)).map_err(broken)
    }
}
