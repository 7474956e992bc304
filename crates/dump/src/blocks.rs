//! Verifies the bytes of an object block by block, so that no block is used before it is verified.
//!
//! BLAKE3 is a tree: the hash of an object is computed from the hashes of its blocks of 4 MiB. The manifest lists
//! these hashes and the object's own, which follows from them. A reader verifies each block as it arrives, before its
//! content is used. The blocks are those of the stored bytes, so no key is needed to check them, and equal hashes
//! reveal nothing about the content of an encrypted dump.

use blake3::hazmat::{ChainingValue, HasherExt as _, Mode, merge_subtrees_non_root, merge_subtrees_root};
use blake3::{Hash, Hasher};

use crate::manifest::ObjectEntry;

/// How many stored bytes make a block; the last of an object is shorter. It must be a power of two because of the
/// tree.
pub(crate) const BLOCK_BYTES: usize = 4 << 20;

/// Hashes an object and its blocks as the bytes arrive.
pub(crate) struct BlockHasher {
    /// The hasher of the current block.
    hasher: Hasher,
    bytes_in_block: usize,
    /// The hashes of the previous blocks.
    blocks: Vec<ChainingValue>,
}

impl BlockHasher {
    pub(crate) fn new() -> Self {
        Self { hasher: Hasher::new(), bytes_in_block: 0, blocks: Vec::new() }
    }

    /// Appends bytes.
    pub(crate) fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            // A full block may be the whole object until more bytes arrive.
            if self.bytes_in_block == BLOCK_BYTES {
                self.blocks.push(self.hasher.finalize_non_root());
                self.hasher = block_hasher(self.blocks.len());
                self.bytes_in_block = 0;
            }
            let (now, later) = bytes.split_at(bytes.len().min(BLOCK_BYTES - self.bytes_in_block));
            self.hasher.update(now);
            self.bytes_in_block += now.len();
            bytes = later;
        }
    }

    /// Returns the hash of the object and those of its blocks; none if the object fits into one block.
    pub(crate) fn finish(mut self) -> (String, Vec<String>) {
        if self.blocks.is_empty() {
            return (self.hasher.finalize().to_hex().to_string(), Vec::new());
        }
        self.blocks.push(self.hasher.finalize_non_root());
        let blocks = self.blocks.iter().map(|&block| Hash::from(block).to_hex().to_string()).collect();
        (root(&self.blocks).to_hex().to_string(), blocks)
    }
}

/// Returns a hasher for a block that is not its object's only one.
fn block_hasher(number: usize) -> Hasher {
    let mut hasher = Hasher::new();
    hasher.set_input_offset((number * BLOCK_BYTES) as u64);
    hasher
}

/// Returns the hash of an object of two blocks or more.
fn root(blocks: &[ChainingValue]) -> Hash {
    let (left, right) = blocks.split_at(left_blocks(blocks.len()));
    merge_subtrees_root(&joined(left), &joined(right), Mode::Hash)
}

fn joined(blocks: &[ChainingValue]) -> ChainingValue {
    if let [block] = blocks {
        return *block;
    }
    let (left, right) = blocks.split_at(left_blocks(blocks.len()));
    merge_subtrees_non_root(&joined(left), &joined(right), Mode::Hash)
}

/// Returns how many of two or more blocks are in the left half of the tree: the largest smaller power of two.
fn left_blocks(blocks: usize) -> usize {
    1 << (blocks - 1).ilog2()
}

/// Proves the blocks of an object one after the other.
pub(crate) struct BlockProof {
    /// The hashes of all blocks. If there is only one block, the hash of the object.
    expected: Vec<Hash>,
    hasher: Hasher,
    proved: usize,
}

impl BlockProof {
    /// Expects the blocks that the manifest lists.
    ///
    /// # Errors
    /// Reports what is wrong if they do not yield the object's hash.
    pub(crate) fn of(object: &ObjectEntry) -> Result<Self, &'static str> {
        let hash = |text: &String| Hash::from_hex(text).map_err(|_| "its checksum is unreadable");
        let whole = hash(&object.blake3)?;
        let expected = if count(object.bytes) == 1 {
            vec![whole]
        } else {
            object.blocks.iter().map(hash).collect::<Result<_, _>>()?
        };
        let blocks: Vec<ChainingValue> = expected.iter().map(|&block| block.into()).collect();
        if expected.len() as u64 != count(object.bytes) || blocks.len() > 1 && root(&blocks) != whole {
            return Err("the checksums of its blocks do not give its own");
        }
        Ok(Self { expected, hasher: Hasher::new(), proved: 0 })
    }

    /// Adds bytes of the next block to verify, and no more.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
    }

    /// Returns whether the added block matches the written one, and advances to the next.
    pub(crate) fn prove(&mut self) -> bool {
        let Some(expected) = self.expected.get(self.proved) else { return false };
        let found = match self.expected.len() {
            1 => self.hasher.finalize(),
            _ => self.hasher.finalize_non_root().into(),
        };
        let is_proved = found == *expected;
        self.proved += 1;
        self.hasher = block_hasher(self.proved);
        is_proved
    }
}

/// Returns the number of blocks of this many bytes.
fn count(bytes: u64) -> u64 {
    bytes.div_ceil(BLOCK_BYTES as u64).max(1)
}

/// Returns whether the manifest lists the blocks of an object. Older dumps, whose blocks were not hashed, list none.
pub(crate) fn are_named(object: &ObjectEntry) -> bool {
    count(object.bytes) == 1 || !object.blocks.is_empty()
}

#[cfg(test)]
mod tests {
    use super::{BLOCK_BYTES, BlockHasher, BlockProof};
    use crate::manifest::ObjectEntry;

    fn bytes(length: usize) -> Vec<u8> {
        (0..length).map(|place| (place * 7 + place / 251) as u8).collect()
    }

    #[test]
    fn the_hash_is_that_of_the_whole_object_and_its_blocks_prove_it() {
        for length in
            [0, 1, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 3 * BLOCK_BYTES, 5 * BLOCK_BYTES + 77]
        {
            let content = bytes(length);
            let mut hasher = BlockHasher::new();
            content.chunks(1_000_003).for_each(|part| hasher.update(part));
            let (whole, blocks) = hasher.finish();
            assert_eq!(whole, blake3::hash(&content).to_hex().as_str(), "{length} bytes");
            let expected = if length <= BLOCK_BYTES { 0 } else { length.div_ceil(BLOCK_BYTES) };
            assert_eq!(blocks.len(), expected, "{length} bytes");

            let object = ObjectEntry { path: String::new(), bytes: length as u64, blake3: whole, blocks };
            let mut proof = BlockProof::of(&object).expect("blocks that give the hash");
            for block in content.chunks(BLOCK_BYTES) {
                proof.update(block);
                assert!(proof.prove(), "{length} bytes");
            }
            proof.update(b"more");
            assert!(length == 0 || !proof.prove(), "{length} bytes");
        }
    }

    #[test]
    fn a_changed_block_or_hash_is_found() {
        let content = bytes(2 * BLOCK_BYTES + 5);
        let mut hasher = BlockHasher::new();
        hasher.update(&content);
        let (blake3, blocks) = hasher.finish();
        let object = ObjectEntry { path: String::new(), bytes: content.len() as u64, blake3, blocks };
        let mut proof = BlockProof::of(&object).expect("blocks");
        proof.update(&content[..BLOCK_BYTES]);
        assert!(proof.prove());
        let mut second = content[BLOCK_BYTES..2 * BLOCK_BYTES].to_vec();
        second[77] ^= 1;
        proof.update(&second);
        assert!(!proof.prove());

        let swapped = vec![object.blocks[1].clone(), object.blocks[0].clone(), object.blocks[2].clone()];
        let two = object.blocks[..2].to_vec();
        for blocks in [swapped, two, Vec::new(), vec!["zz".to_owned(); 3]] {
            assert!(BlockProof::of(&ObjectEntry { blocks, ..object.clone() }).is_err());
        }
    }
}
