//! The content of data files: pseudorandom bytes derived from the address, so that damage is detected without storing
//! copies.

/// Returns the first bytes of the file at an address.
pub(super) fn bytes_of(address: &str, count: u64) -> Vec<u8> {
    // Only the last two parts of the path count: a backup that is moved as a whole stays valid.
    let name = address.rsplit('/').take(2).collect::<String>();
    let mut state = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mut bytes = Vec::with_capacity(count as usize + 8);
    while (bytes.len() as u64) < count {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(count as usize);
    bytes
}
