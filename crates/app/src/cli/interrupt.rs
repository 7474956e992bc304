//! What SIGINT (Ctrl-C) and SIGTERM do to `dump`, `load` and `verify`: the first ends the work cleanly and within a
//! limited time, the second ends the process at once.

use std::pin::Pin;
use std::sync::mpsc;
use std::time::Duration;

use model::Problem;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::failure::Failure;

/// The exit status of a command that a second signal ended: 128 and the number of SIGINT.
const ENDED_AT_ONCE: i32 = 130;

/// How long the work may take to end after the first signal: longer than the statements of all connections are killed.
const ENDING: Duration = Duration::from_secs(12);

/// Cancels the token on the first signal, and ends the process on the second. The thread of its own sees the signal
/// whatever the other threads wait for.
pub(crate) fn interrupted(cancel: &CancellationToken) -> Result<(), Failure> {
    let failed = |cause: &dyn std::fmt::Display| Problem::internal("signals-failed").raw(cause);
    let (ready, is_ready) = mpsc::channel();
    let cancel = cancel.clone();
    let watching = std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(cause) => return drop(ready.send(Err(cause))),
        };
        runtime.block_on(watch(&cancel, &ready));
    });
    watching.map_err(|cause| failed(&cause))?;
    match is_ready.recv() {
        Ok(Ok(())) => Ok(()),
        Ok(Err(cause)) => Err(failed(&cause).into()),
        Err(cause) => Err(failed(&cause).into()),
    }
}

async fn watch(cancel: &CancellationToken, ready: &mpsc::Sender<std::io::Result<()>>) {
    let (mut interrupt, mut terminate) =
        match (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) {
            (Ok(interrupt), Ok(terminate)) => (interrupt, terminate),
            (Err(cause), _) | (_, Err(cause)) => return drop(ready.send(Err(cause))),
        };
    let _ = ready.send(Ok(()));
    for is_first in [true, false] {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        if is_first {
            cancel.cancel();
        }
    }
    std::process::exit(ENDED_AT_ONCE);
}

/// Waits for work that ends by itself when the token is cancelled, or is dropped some time after that: its connections
/// are then closed.
pub(crate) fn ending<'w, T: 'w>(
    cancel: &'w CancellationToken,
    work: impl Future<Output = dump::Result<T>> + 'w,
) -> Work<'w, T> {
    Box::pin(ending_within(cancel, ENDING, Box::pin(work)))
}

/// Waits for work that can be dropped at any time, until the token is cancelled.
pub(crate) fn until<'w, T: 'w>(
    cancel: &'w CancellationToken,
    work: impl Future<Output = dump::Result<T>> + 'w,
) -> Work<'w, T> {
    Box::pin(ending_within(cancel, Duration::ZERO, Box::pin(work)))
}

/// Work of a dump or a load; boxed, because it is large.
type Work<'w, T> = Pin<Box<dyn Future<Output = dump::Result<T>> + 'w>>;

async fn ending_within<T>(cancel: &CancellationToken, limit: Duration, work: Work<'_, T>) -> dump::Result<T> {
    let late = async {
        cancel.cancelled().await;
        tokio::time::sleep(limit).await;
    };
    tokio::select! {
        biased;
        done = work => done,
        () = late => Err(dump::Error::Cancelled),
    }
}

/// Returns this command as it can be typed again.
pub(crate) fn this_command() -> String {
    let words = std::env::args_os().map(|word| quoted(&word.to_string_lossy()));
    words.collect::<Vec<_>>().join(" ")
}

/// Quotes a word for a shell if it needs that.
fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_=+:,./@%".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio_util::sync::CancellationToken;

    use super::{ENDING, ending, quoted, until};

    #[test]
    fn a_shell_reads_a_quoted_word_as_it_was() {
        let cases =
            ["load", "--url", "mysql://root%40sys@db:2883", "a b", "it's", "`x`.`$y`", "", "a\nb", "数据"];
        for word in cases {
            let script = format!("printf %s {}", quoted(word));
            let read = std::process::Command::new("sh").args(["-c", &script]).output().expect("a shell");
            assert_eq!(String::from_utf8_lossy(&read.stdout), word);
        }
        assert_eq!(quoted("file:///a/b"), "file:///a/b");
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_never_ends_is_dropped_after_the_signal() {
        let cancel = CancellationToken::new();
        let begun = tokio::time::Instant::now();
        let ended = async { Ok(7) };
        assert_eq!(ending(&cancel, ended).await.expect("done"), 7);
        cancel.cancel();
        assert!(matches!(until(&cancel, pending::<dump::Result<()>>()).await, Err(dump::Error::Cancelled)));
        assert_eq!(begun.elapsed().as_secs(), 0);
        assert!(matches!(ending(&cancel, pending::<dump::Result<()>>()).await, Err(dump::Error::Cancelled)));
        assert_eq!(begun.elapsed().as_secs(), ENDING.as_secs());
    }
}
