//! The first packets of a connection: greeting, and the client's answer with its password proof.

use sha1::{Digest, Sha1};

use super::packet::Reader;

const CONNECT_WITH_DB: u32 = 1 << 3;
const SSL: u32 = 1 << 11;
const PLUGIN_AUTH_LENENC: u32 = 1 << 21;
const PLUGIN_AUTH: u32 = 1 << 19;
/// Long passwords and flags, found rows, database at connect, protocol 4.1, transactions, secure connection, several
/// statements and results, plugins and attributes. Result sets end with EOF packets, as in OceanBase.
const CAPABILITIES: u32 = 0x0000_a20f | 0x0007_0000 | PLUGIN_AUTH | 1 << 20 | PLUGIN_AUTH_LENENC;
/// `utf8mb4_general_ci`.
const CHARSET: u8 = 45;
/// The only supported authentication plugin.
pub(crate) const PLUGIN: &str = "mysql_native_password";

/// The identity of a client.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Login {
    pub(crate) user: String,
    pub(crate) proof: Vec<u8>,
    pub(crate) database: Option<String>,
    /// The plugin of the proof.
    pub(crate) plugin: String,
}

/// Returns the server's greeting.
pub(crate) fn greeting(version: &str, connection: u32, salt: &[u8; 20], offers_tls: bool) -> Vec<u8> {
    let mut out = vec![10];
    out.extend_from_slice(version.as_bytes());
    out.push(0);
    out.extend_from_slice(&connection.to_le_bytes());
    out.extend_from_slice(&salt[..8]);
    out.push(0);
    let capabilities = (CAPABILITIES | if offers_tls { SSL } else { 0 }).to_le_bytes();
    out.extend_from_slice(&capabilities[..2]);
    out.push(CHARSET);
    out.extend_from_slice(&2_u16.to_le_bytes());
    out.extend_from_slice(&capabilities[2..]);
    out.push(21);
    out.extend_from_slice(&[0; 10]);
    out.extend_from_slice(&salt[8..]);
    out.push(0);
    out.extend_from_slice(PLUGIN.as_bytes());
    out.push(0);
    out
}

/// Returns whether a client requests TLS before logging on.
pub(crate) fn asks_for_tls(payload: &[u8]) -> bool {
    payload.len() == 32 && Reader::new(payload).number(4).is_some_and(|flags| flags & u64::from(SSL) != 0)
}

/// Returns the request to switch to the supported plugin.
pub(crate) fn switch_request(salt: &[u8; 20]) -> Vec<u8> {
    let mut out = vec![0xfe];
    out.extend_from_slice(PLUGIN.as_bytes());
    out.push(0);
    out.extend_from_slice(salt);
    out.push(0);
    out
}

/// Reads the client's answer to the greeting; `None` if it is invalid.
pub(crate) fn read_login(payload: &[u8]) -> Option<Login> {
    let mut reader = Reader::new(payload);
    let capabilities = u32::try_from(reader.number(4)?).ok()?;
    reader.take(4 + 1 + 23)?;
    let user = text(reader.until_nul()?);
    let proof = if capabilities & PLUGIN_AUTH_LENENC != 0 {
        reader.bytes()?
    } else {
        let length = reader.byte()?;
        reader.take(length.into())?
    };
    let database = (capabilities & CONNECT_WITH_DB != 0).then(|| reader.until_nul()).flatten();
    let plugin = if capabilities & PLUGIN_AUTH != 0 { reader.until_nul().map(text) } else { None };
    Some(Login {
        user,
        proof: proof.to_vec(),
        database: database.map(text).filter(|name| !name.is_empty()),
        plugin: plugin.unwrap_or_else(|| PLUGIN.to_owned()),
    })
}

/// Reads the payload of `COM_CHANGE_USER`.
pub(crate) fn read_change_user(payload: &[u8]) -> Option<Login> {
    let mut reader = Reader::new(payload);
    let user = text(reader.until_nul()?);
    let length = reader.byte()?;
    let proof = reader.take(length.into())?.to_vec();
    let database = reader.until_nul().map(text).filter(|name| !name.is_empty());
    Some(Login { user, proof, database, plugin: String::new() })
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Returns the salt of a server's greeting.
pub(crate) fn read_greeting(payload: &[u8]) -> Option<[u8; 20]> {
    let mut reader = Reader::new(payload);
    reader.byte().filter(|version| *version == 10)?;
    reader.until_nul()?;
    reader.take(4)?;
    let first = reader.take(8)?;
    reader.take(1 + 2 + 1 + 2 + 2 + 1 + 10)?;
    let second = reader.take(12)?;
    [first, second].concat().try_into().ok()
}

/// Returns the salt of a server's request to switch to the supported plugin; `None` for another plugin.
pub(crate) fn read_switch(payload: &[u8]) -> Option<[u8; 20]> {
    let mut reader = Reader::new(payload);
    reader.byte()?;
    (reader.until_nul()? == PLUGIN.as_bytes()).then(|| reader.take(20)?.try_into().ok()).flatten()
}

/// Returns a client's answer to a greeting.
pub(crate) fn answer(user: &str, password: &str, salt: &[u8; 20]) -> Vec<u8> {
    // All capabilities of the simulator, except the database and the attributes.
    let capabilities = CAPABILITIES & !CONNECT_WITH_DB & !(1 << 20) & !PLUGIN_AUTH_LENENC;
    let mut out = capabilities.to_le_bytes().to_vec();
    out.extend_from_slice(&(64_u32 << 20).to_le_bytes());
    out.push(CHARSET);
    out.extend_from_slice(&[0; 23]);
    out.extend_from_slice(user.as_bytes());
    out.push(0);
    let proof = proof(password, salt);
    out.push(proof.len() as u8);
    out.extend_from_slice(&proof);
    out.extend_from_slice(PLUGIN.as_bytes());
    out.push(0);
    out
}

/// Computes the proof of a password for a salt.
pub(crate) fn proof(password: &str, salt: &[u8; 20]) -> Vec<u8> {
    if password.is_empty() {
        return Vec::new();
    }
    let once = Sha1::digest(password.as_bytes());
    let mut salted = Sha1::new();
    salted.update(salt);
    salted.update(Sha1::digest(once));
    once.iter().zip(salted.finalize().iter()).map(|(a, b)| a ^ b).collect()
}

/// Returns whether the proof was computed from this password and salt.
pub(crate) fn proves(password: &str, salt: &[u8; 20], proof: &[u8]) -> bool {
    self::proof(password, salt) == proof
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_cut_anywhere_is_refused_without_panic() {
        let mut whole = (CONNECT_WITH_DB | PLUGIN_AUTH | PLUGIN_AUTH_LENENC).to_le_bytes().to_vec();
        whole.extend_from_slice(&[0; 28]);
        whole.extend_from_slice(b"root@sys\0\x03abcoceanbase\0mysql_native_password\0");
        let login = read_login(&whole).expect("a whole login");
        assert_eq!((login.user.as_str(), login.proof.as_slice()), ("root@sys", b"abc".as_slice()));
        assert_eq!(login.database.as_deref(), Some("oceanbase"));
        for end in 0..44 {
            assert_eq!(read_login(&whole[..end]), None, "cut at {end}");
        }
    }

    #[test]
    fn what_the_server_greets_with_the_client_side_reads() {
        let salt = [b'x'; 20];
        assert_eq!(read_greeting(&greeting("5.7.25", 7, &salt, true)), Some(salt));
        assert_eq!(read_switch(&switch_request(&salt)), Some(salt));
        let login = read_login(&answer("root", "secret", &salt)).expect("a good answer");
        assert!(proves("secret", &salt, &login.proof) && !proves("other", &salt, &login.proof));
    }

    #[test]
    fn a_proof_of_another_password_is_rejected() {
        assert!(proves("", &[7; 20], b""));
        assert!(!proves("secret", &[7; 20], b""));
        assert!(!proves("", &[7; 20], &[1; 20]));
    }
}
