//! A server that sends arbitrary data: the result is always an answer or an error, never a panic or an endless loop.
//!
//! `LIFEBOAT_FUZZ_SECONDS=600` makes each test run for that long; otherwise it tries a few hundred inputs.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use model::Secret;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::wire::{Beginning, Login, Next, Places, Reader, Wire, refusal, row};

/// The time limit of one conversation; a longer one counts as hanging.
const LIMIT: Duration = Duration::from_secs(30);

/// Tries inputs until the configured time is over, and at least a few hundred.
fn fuzz<S: Strategy>(strategy: &S, test: impl Fn(S::Value)) {
    let seconds = std::env::var("LIFEBOAT_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    let (begun, limit) = (Instant::now(), Duration::from_secs(seconds));
    loop {
        let config = Config { cases: 300, failure_persistence: None, ..Config::default() };
        let done = TestRunner::new(config).run(strategy, |input| {
            test(input);
            Ok(())
        });
        if let Err(failure) = done {
            panic!("{failure}");
        }
        if begun.elapsed() >= limit {
            return;
        }
    }
}

/// Payloads that begin like those of servers and continue with arbitrary bytes.
fn payload() -> impl Strategy<Value = Vec<u8>> {
    let first = prop::sample::select(vec![0x00, 0x01, 0x02, 0x03, 0x0A, 0xFB, 0xFC, 0xFD, 0xFE, 0xFF, b'a']);
    let text = b"\0mysql_native_password\0caching_sha2_password\0sha256_password\0".to_vec();
    let part = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        prop::collection::vec(Just(0_u8), 0..10),
        (0..text.len(), 0..text.len()).prop_map(move |(a, b)| text[a.min(b)..a.max(b)].to_vec()),
    ];
    (prop::option::of(first), prop::collection::vec(part, 0..4)).prop_map(|(first, parts)| {
        let mut payload: Vec<u8> = first.into_iter().collect();
        parts.iter().for_each(|part| payload.extend(part));
        payload
    })
}

/// A handshake of a real server with some bytes changed or missing.
fn handshake() -> impl Strategy<Value = Vec<u8>> {
    let mut real = b"\x0a5.7.25-OceanBase-v4.2.1.0\0\x07\0\0\0abcdefgh\0".to_vec();
    real.extend([0x0F, 0xA2, 45, 2, 0, 0x0B, 0x00, 21]);
    real.extend([0; 10]);
    real.extend(b"123456789012\0mysql_native_password\0");
    let change = (0..real.len(), any::<u8>());
    (prop::collection::vec(change, 0..6), 0..=real.len()).prop_map(move |(changes, length)| {
        let mut payload = real.clone();
        changes.into_iter().for_each(|(place, byte)| payload[place] = byte);
        // Most are complete: otherwise, little after the first packet would be tested.
        if length % 3 == 0 {
            payload.truncate(length);
        }
        payload
    })
}

/// Sends each payload as a packet, and then closes the connection.
async fn server(payloads: Vec<Vec<u8>>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("somebody comes");
        for (number, payload) in payloads.iter().enumerate() {
            let length = u32::try_from(payload.len()).expect("short").to_le_bytes();
            let sequence = u8::try_from(2 * number % 256).expect("a byte");
            let mut packet = vec![length[0], length[1], length[2], sequence];
            packet.extend(payload);
            if stream.write_all(&packet).await.is_err() {
                return;
            }
        }
        let _ = stream.shutdown().await;
        let _ = stream.read_to_end(&mut Vec::new()).await; // until the other side closes
    });
    address
}

async fn log_on(address: SocketAddr) -> Option<Wire> {
    let password = Secret::new("of nobody else");
    let login = Login { host: "here", user: "root", password: &password, tls: None, message_bytes: 1 << 20 };
    Wire::log_on(&[address], &login).await.ok()
}

/// Reads an answer to its end, as for a statement.
async fn read_answer(wire: &mut Wire) -> Option<()> {
    let mut payload = Vec::new();
    match wire.beginning().await.ok()? {
        Beginning::Done { more, .. } => wire.finish(more).await.ok(),
        Beginning::Rows { names } => loop {
            match wire.next(&mut payload).await.ok()? {
                Next::Row => Places::default().find(&payload, names.len()).ok()?,
                Next::End { more } => return wire.finish(more).await.ok(),
            }
        },
    }
}

fn converse(runtime: &Runtime, payloads: Vec<Vec<u8>>) {
    runtime.block_on(async {
        let talk = async {
            let mut wire = log_on(server(payloads).await).await?;
            while read_answer(&mut wire).await.is_some() {}
            Some(())
        };
        tokio::time::timeout(LIMIT, talk).await.expect("it ends");
    });
}

#[test]
fn whatever_a_server_says_at_the_log_on_is_an_answer_or_an_error() {
    let runtime = Runtime::new().expect("a runtime");
    let conversation = (handshake(), prop::collection::vec(payload(), 0..6));
    fuzz(&conversation, |(handshake, mut rest)| {
        rest.insert(0, handshake);
        converse(&runtime, rest);
    });
}

#[test]
fn whatever_a_server_answers_to_a_statement_is_an_answer_or_an_error() {
    let runtime = Runtime::new().expect("a runtime");
    let real = handshake().prop_filter("whole", |handshake| handshake.len() > 70);
    let answer = prop::collection::vec(payload(), 0..12);
    fuzz(&(real, answer), |(handshake, answer)| {
        let mut all = vec![handshake, vec![0, 0, 0, 2, 0, 0, 0]];
        all.extend(answer);
        converse(&runtime, all);
    });
}

#[test]
fn whatever_is_in_a_payload_is_read_within_its_bounds() {
    fuzz(&(payload(), 0..20_usize), |(payload, columns)| {
        let mut places = Places::default();
        if places.find(&payload, columns).is_ok() {
            let values = (0..columns).filter_map(|place| places.value(&payload, place));
            assert!(values.map(<[u8]>::len).sum::<usize>() <= payload.len());
        }
        let _ = (row::next(&payload), row::column_name(&payload), refusal(&payload));
        let mut reader = Reader::new(&payload);
        while reader.length().is_ok() {}
    });
}

#[test]
fn whatever_is_sent_in_place_of_a_public_key_is_refused() {
    let pem = "-----BEGIN PUBLIC KEY-----\nMFwwDQYJKoZIhvcNAQEBBQADSwAwSAJB\n-----END PUBLIC KEY-----\n";
    let key = prop_oneof![
        Just(pem.as_bytes().to_vec()),
        Just(pem.repeat(40).into_bytes()),
        prop::collection::vec(any::<u8>(), 0..100),
    ];
    let runtime = Runtime::new().expect("a runtime");
    let asks = b"\xFEcaching_sha2_password\x0012345678901234567890\0".to_vec();
    let mut real = b"\x0a8.0.30\0\x07\0\0\0abcdefgh\0\x0F\xA2\x2d\x02\0\x0B\0\x15".to_vec();
    real.extend([0; 10]);
    real.extend(b"123456789012\0mysql_native_password\0");
    fuzz(&key, |key| {
        let key = [&[0x01][..], &key].concat();
        let said = vec![real.clone(), asks.clone(), vec![0x01, 0x04], key, vec![0, 0, 0, 2, 0, 0, 0]];
        let wire = runtime.block_on(async { log_on(server(said).await).await });
        assert!(wire.is_none(), "there is no such key");
    });
}
