//! A server that a test controls: it implements just enough of the MySQL protocol.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use model::Secret;
use model::cluster::Address;
use oceanbase::Endpoint;

/// Protocol 4.1, secure connection, transactions, plug-in authentication; rows end with the old packet.
const CAPABILITIES: u32 = 0x0000_0200 | 0x0000_8000 | 0x0000_2000 | 0x0008_0000;

/// The further capabilities of a server that offers encryption.
const OFFERS_ENCRYPTION: u32 = 0x0000_0800;

/// A fake server; it serves until the test ends.
pub(crate) struct Fake {
    address: Address,
    connections: Arc<AtomicUsize>,
}

impl Fake {
    /// Starts one that treats each connection so.
    pub(crate) fn start(treat: impl Fn(&mut Peer) -> Option<()> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address =
            Address { host: "127.0.0.1".into(), port: listener.local_addr().expect("bound").port() };
        let connections = Arc::new(AtomicUsize::new(0));
        let (treat, seen) = (Arc::new(treat), Arc::clone(&connections));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                seen.fetch_add(1, Ordering::SeqCst);
                let treat = Arc::clone(&treat);
                std::thread::spawn(move || treat(&mut Peer { stream, sequence: 0 }));
            }
        });
        Self { address, connections }
    }

    /// Starts one with that identity. It accepts every log-on and `SET`, and lets the test answer the rest.
    pub(crate) fn database(
        version: &'static str,
        comment: &'static str,
        answer: impl Fn(&mut Peer, &str) -> Option<()> + Send + Sync + 'static,
    ) -> Self {
        Self::start(move |peer| {
            peer.greet(version)?;
            peer.read()?;
            peer.ok()?;
            loop {
                let command = peer.read()?;
                let text = String::from_utf8_lossy(command.get(1..)?).into_owned();
                match command.first()? {
                    3 if text.contains("version(), @@version_comment") => {
                        peer.columns(&["version()", "@@version_comment"])?;
                        peer.row(&[version, comment])?;
                        peer.end()?;
                    }
                    3 if text.starts_with("SET ") => peer.ok()?,
                    3 => answer(peer, &text)?,
                    _ => return None, // COM_QUIT
                }
            }
        })
    }

    /// Returns where it listens.
    pub(crate) fn address(&self) -> Address {
        self.address.clone()
    }

    /// Returns an endpoint of it alone.
    pub(crate) fn endpoint(&self) -> Endpoint {
        Endpoint::new(vec![self.address()], "root@sys", Secret::new("secret-of-the-test"))
    }

    /// Returns how many connections came.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// The other end of a connection. `None` from any of these: it is gone.
pub(crate) struct Peer {
    stream: TcpStream,
    sequence: u8,
}

impl Peer {
    /// Sends bytes as they are.
    pub(crate) fn raw(&mut self, bytes: &[u8]) -> Option<()> {
        self.stream.write_all(bytes).ok()
    }

    /// Waits until the client is gone.
    pub(crate) fn wait(&mut self) -> Option<()> {
        while self.stream.read(&mut [0; 1024]).ok()? > 0 {}
        None
    }

    fn send(&mut self, payload: &[u8]) -> Option<()> {
        let packet = self.packet(payload)?;
        self.raw(&packet)
    }

    fn packet(&mut self, payload: &[u8]) -> Option<Vec<u8>> {
        let length = u32::try_from(payload.len()).ok()?.to_le_bytes();
        let head = [length[0], length[1], length[2], self.sequence];
        self.sequence = self.sequence.wrapping_add(1);
        Some([&head[..], payload].concat())
    }

    /// Reads one packet.
    pub(crate) fn read(&mut self) -> Option<Vec<u8>> {
        let mut head = [0; 4];
        self.stream.read_exact(&mut head).ok()?;
        self.sequence = head[3].wrapping_add(1);
        let length = u32::from_le_bytes([head[0], head[1], head[2], 0]);
        let mut payload = vec![0; usize::try_from(length).ok()?];
        self.stream.read_exact(&mut payload).ok()?;
        Some(payload)
    }

    /// Sends the handshake.
    pub(crate) fn greet(&mut self, version: &str) -> Option<()> {
        self.send(&handshake(version, CAPABILITIES))
    }

    /// Sends the handshake of a server that offers encryption, and in the same breath something more in clear.
    pub(crate) fn greet_and_go_on(&mut self, version: &str) -> Option<()> {
        let mut both = self.packet(&handshake(version, CAPABILITIES | OFFERS_ENCRYPTION))?;
        both.extend(self.packet(&[0, 0, 0, 2, 0, 0, 0])?);
        self.raw(&both)
    }

    /// Sends success.
    pub(crate) fn ok(&mut self) -> Option<()> {
        self.send(&[0, 0, 0, 2, 0, 0, 0])
    }

    /// Sends a refusal after the log-on.
    pub(crate) fn error(&mut self, number: u16, text: &str) -> Option<()> {
        self.send(&[&[0xff][..], &number.to_le_bytes(), b"#HY000", text.as_bytes()].concat())
    }

    /// Sends a refusal in place of the handshake, where it has no state yet.
    pub(crate) fn early_error(&mut self, number: u16, text: &str) -> Option<()> {
        self.send(&[&[0xff][..], &number.to_le_bytes(), text.as_bytes()].concat())
    }

    /// Begins an answer with rows of short texts.
    pub(crate) fn columns(&mut self, names: &[&str]) -> Option<()> {
        self.send(&[u8::try_from(names.len()).ok()?])?;
        for name in names {
            let mut packet = Vec::new();
            for text in ["def", "", "", "", name, ""] {
                packet.push(u8::try_from(text.len()).ok()?);
                packet.extend(text.as_bytes());
            }
            packet.extend([12, 45, 0, 0, 1, 0, 0, 253, 0, 0, 0, 0, 0]);
            self.send(&packet)?;
        }
        self.end()
    }

    /// Sends one row of short texts; `NULL` is none.
    pub(crate) fn row(&mut self, values: &[&str]) -> Option<()> {
        let mut packet = Vec::new();
        for value in values {
            if *value == "NULL" {
                packet.push(0xfb);
            } else {
                packet.push(u8::try_from(value.len()).ok()?);
                packet.extend(value.as_bytes());
            }
        }
        self.send(&packet)
    }

    /// Sends one value of so many bytes, as a row that is shorter than a packet can be.
    pub(crate) fn huge(&mut self, bytes: usize) -> Option<()> {
        let length = u32::try_from(bytes).ok()?.to_le_bytes();
        self.send(&[&[0xfd, length[0], length[1], length[2]][..], &vec![b'x'; bytes]].concat())
    }

    /// Says how many columns an answer has.
    pub(crate) fn column_count(&mut self, count: u64) -> Option<()> {
        self.send(&[&[0xfe][..], &count.to_le_bytes()].concat())
    }

    /// Sends a whole answer, written as lines of words between bars, the first with the columns' names.
    pub(crate) fn table(&mut self, lines: &str) -> Option<()> {
        let mut lines = lines.lines().map(|line| line.split('|').map(str::trim).collect::<Vec<_>>());
        self.columns(&lines.next()?)?;
        for line in lines {
            self.row(&line)?;
        }
        self.end()
    }

    /// Sends the end of the rows.
    pub(crate) fn end(&mut self) -> Option<()> {
        self.send(&[0xfe, 0, 0, 2, 0])
    }
}

fn handshake(version: &str, capabilities: u32) -> Vec<u8> {
    let capabilities = capabilities.to_le_bytes();
    let mut packet = vec![10];
    packet.extend(version.as_bytes());
    packet.push(0);
    packet.extend(7_u32.to_le_bytes()); // connection id
    packet.extend(b"12345678\0");
    packet.extend([capabilities[0], capabilities[1], 45, 2, 0, capabilities[2], capabilities[3], 21]);
    packet.extend([0; 10]);
    packet.extend(b"123456789012\0mysql_native_password\0");
    packet
}
