//! A statement whose values are sent separately from its text, so that no value makes it too long.
//!
//! The server's `max_allowed_packet` applies separately to the text, to all short values together, and to each part
//! of a long value.

use std::io;

use super::{Beginning, Failure, Reader, Wire, nonsense, refusal};
use crate::statement::Value;

const COM_STMT_PREPARE: u8 = 0x16;
const COM_STMT_EXECUTE: u8 = 0x17;
const COM_STMT_SEND_LONG_DATA: u8 = 0x18;
const COM_STMT_CLOSE: u8 = 0x19;

/// Values of at least this length are sent in parts.
const LONG_VALUE_BYTES: usize = 64 << 10;

/// The length of a part: well below the smallest `max_allowed_packet` in use.
const PART_BYTES: usize = 256 << 10;

/// The number of a type, and the flag for unsigned.
const WHOLE: [u8; 2] = [0x08, 0x00];
const NATURAL: [u8; 2] = [0x08, 0x80];
const TEXT: [u8; 2] = [0xFD, 0x00];
const BYTES: [u8; 2] = [0xFC, 0x00];
const NULL: [u8; 2] = [0x06, 0x00];

impl Wire {
    /// Runs a statement with these values for its question marks; returns the number of changed rows.
    pub(crate) async fn run_bound(&mut self, text: &[u8], values: &[Value<'_>]) -> Result<u64, Failure> {
        let (id, parameters) = self.prepare(text).await?;
        let done = if parameters == values.len() {
            self.execute(id, values).await
        } else {
            Err(nonsense("it counts other question marks").into())
        };
        // If the connection is lost, there is no server to notify.
        if matches!(done, Ok(_) | Err(Failure::Refused(_))) {
            self.command(COM_STMT_CLOSE, &id.to_le_bytes()).await?; // has no answer
        }
        done
    }

    async fn command(&mut self, command: u8, body: &[u8]) -> io::Result<()> {
        self.sequence = 0;
        self.write(command, body).await
    }

    /// Returns the statement's ID and the number of its question marks.
    async fn prepare(&mut self, text: &[u8]) -> Result<(u32, usize), Failure> {
        self.command(COM_STMT_PREPARE, text).await?;
        let mut payload = Vec::new();
        self.read(&mut payload).await?;
        match payload.first() {
            Some(0x00) => {}
            Some(0xFF) => return Err(Failure::Refused(refusal(&payload)?)),
            _ => return Err(nonsense("no answer to a statement that is prepared").into()),
        }
        let mut reader = Reader::new(&payload[1..]);
        let id = reader.number::<4>()? as u32;
        let (columns, parameters) = (reader.number::<2>()?, reader.number::<2>()?);
        for count in [parameters, columns] {
            // The descriptions of the parameters, and an end packet if there are any.
            for _ in 0..count + u64::from(count > 0) {
                self.read(&mut payload).await?;
            }
        }
        Ok((id, parameters as usize))
    }

    async fn execute(&mut self, id: u32, values: &[Value<'_>]) -> Result<u64, Failure> {
        for (place, value) in values.iter().enumerate() {
            let Some(long) = long(value) else { continue };
            for part in long.chunks(PART_BYTES) {
                let mut body = id.to_le_bytes().to_vec();
                body.extend_from_slice(
                    &u16::try_from(place).map_err(|_| nonsense("too many columns"))?.to_le_bytes(),
                );
                body.extend_from_slice(part);
                self.command(COM_STMT_SEND_LONG_DATA, &body).await?; // has no answer
            }
        }
        self.command(COM_STMT_EXECUTE, &execution(id, values)).await?;
        match self.beginning().await? {
            Beginning::Done { changed, more } => {
                self.finish(more).await?;
                Ok(changed)
            }
            Beginning::Rows { .. } => Err(nonsense("rows where none must be").into()),
        }
    }
}

/// Returns the bytes of a value if it is sent in parts.
fn long<'v>(value: &Value<'v>) -> Option<&'v [u8]> {
    match *value {
        Value::Text(bytes) | Value::Bytes(bytes) if bytes.len() >= LONG_VALUE_BYTES => Some(bytes),
        _ => None,
    }
}

/// Returns the body of the packet that runs a prepared statement: the NULL flags, the types, and the short values.
fn execution(id: u32, values: &[Value<'_>]) -> Vec<u8> {
    const NO_CURSOR: u8 = 0;
    const TYPES_FOLLOW: u8 = 1;
    let mut body = id.to_le_bytes().to_vec();
    body.push(NO_CURSOR);
    body.extend_from_slice(&1_u32.to_le_bytes());
    let mut nulls = vec![0_u8; values.len().div_ceil(8)];
    for (place, _) in values.iter().enumerate().filter(|(_, value)| matches!(value, Value::Null)) {
        nulls[place / 8] |= 1 << (place % 8);
    }
    body.extend_from_slice(&nulls);
    body.push(TYPES_FOLLOW);
    for value in values {
        body.extend_from_slice(&match value {
            Value::Null => NULL,
            Value::Whole(_) => WHOLE,
            Value::Natural(_) => NATURAL,
            Value::Text(_) => TEXT,
            Value::Bytes(_) => BYTES,
        });
    }
    for value in values.iter().filter(|value| long(value).is_none()) {
        match *value {
            Value::Null => {}
            Value::Whole(number) => body.extend_from_slice(&number.to_le_bytes()),
            Value::Natural(number) => body.extend_from_slice(&number.to_le_bytes()),
            Value::Text(bytes) | Value::Bytes(bytes) => {
                push_length(&mut body, bytes.len());
                body.extend_from_slice(bytes);
            }
        }
    }
    body
}

/// Appends the length of a short value, in the protocol's form.
fn push_length(body: &mut Vec<u8>, length: usize) {
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(length @ ..0xFB), _) => body.push(length),
        (_, Ok(length)) => {
            body.push(0xFC);
            body.extend_from_slice(&length.to_le_bytes());
        }
        // Not reached: longer values are sent in parts.
        _ => {
            body.push(0xFE);
            body.extend_from_slice(&(length as u64).to_le_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{LONG_VALUE_BYTES, execution};
    use crate::statement::Value;

    #[test]
    fn values_are_sent_in_the_form_of_the_protocol() {
        let long = vec![b'x'; LONG_VALUE_BYTES];
        let values = [
            Value::Whole(-2),
            Value::Null,
            Value::Natural(u64::MAX),
            Value::Text(b"it's"),
            Value::Bytes(&long),
            Value::Bytes(&long[..300]),
        ];
        let mut expected = vec![7, 0, 0, 0, 0, 1, 0, 0, 0, 0b10, 1];
        expected.extend_from_slice(&[8, 0, 6, 0, 8, 0x80, 0xFD, 0, 0xFC, 0, 0xFC, 0]);
        expected.extend_from_slice(&(-2_i64).to_le_bytes());
        expected.extend_from_slice(&u64::MAX.to_le_bytes());
        expected.extend_from_slice(b"\x04it's");
        expected.extend_from_slice(&[0xFC, 44, 1]);
        expected.extend_from_slice(&long[..300]);
        assert_eq!(execution(7, &values), expected);
    }
}
