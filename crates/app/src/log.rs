//! The program's own log: lines on standard error. Text from outside cannot control the terminal.

use std::io::{self, Write};

use model::visible::acts;

/// Writes lines without colours, and escapes control characters: the subscriber does not escape them inside values.
pub(crate) struct Lines<W>(pub(crate) W);

impl<W: Write> Write for Lines<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        let is_spelled = |sign: char| acts(sign) && !matches!(sign, '\n' | '\t');
        if text.contains(is_spelled) {
            let spell = |sign: char| match is_spelled(sign) {
                true => sign.escape_default().to_string(),
                false => sign.to_string(),
            };
            self.0.write_all(text.chars().map(spell).collect::<String>().as_bytes())?;
        } else {
            self.0.write_all(bytes)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::fmt::MakeWriter;

    use super::Lines;

    /// The written lines.
    #[derive(Clone, Default)]
    struct Kept(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

    impl std::io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("no panic").write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Kept {
        type Writer = Lines<Kept>;

        fn make_writer(&'a self) -> Self::Writer {
            Lines(self.clone())
        }
    }

    #[test]
    fn a_name_in_a_log_moves_no_cursor_and_turns_no_line_around() {
        let kept = Kept::default();
        let log = tracing_subscriber::fmt().with_writer(kept.clone()).with_ansi(false).finish();
        tracing::subscriber::with_default(log, || {
            let name = "a\u{1b}[2J\u{9b}\u{202e}b";
            tracing::warn!(name, shown = %name, "is {name}");
        });
        let text = String::from_utf8(kept.0.lock().expect("no panic").clone()).expect("UTF-8");
        assert!(text.contains("[2J"), "{text:?}");
        assert!(!text.contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{text:?}");
    }
}
