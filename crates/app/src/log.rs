//! The program's own log: lines on standard error, as text or as JSON. Text from outside cannot control the terminal.

use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;

use model::visible::acts;
use serde_json::{Map, Value};
use tracing::{Event, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::{JsonFields, Writer};
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields as _, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

/// The form of the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    Text,
    /// One object per line.
    Json,
}

impl FromStr for LogFormat {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(()),
        }
    }
}

/// Starts the log of the process; must be called once.
pub(crate) fn start(format: LogFormat) {
    let wanted = std::env::var("LIFEBOAT_LOG").ok().and_then(|wanted| filter(&wanted));
    let filter = wanted.unwrap_or_else(|| EnvFilter::new("warn,control=info,api=info,engine=info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(move || Lines { out: io::stderr(), format })
        .with_ansi(false); // colours need the control characters that `Lines` spells out
    match format {
        LogFormat::Text => log.init(),
        LogFormat::Json => {
            log.fmt_fields(JsonFields::new()).event_format(Objects).init();
            std::panic::set_hook(Box::new(|panic| {
                let at = panic.location().map(ToString::to_string);
                tracing::error!(at, "a panic: {}", panic.payload_as_str().unwrap_or("no message"));
            }));
        }
    }
}

/// Returns the filter that a user asked for; none if it cannot be read. It does not hide errors of parts that it does not
/// name, nor the spans of tasks, which count as errors.
fn filter(wanted: &str) -> Option<EnvFilter> {
    EnvFilter::try_new(format!("error,{wanted}")).ok()
}

/// Writes each event as one flat object: its own fields, then those of its spans. An inner field hides an outer one of
/// the same name.
struct Objects;

impl<S> FormatEvent<S, JsonFields> for Objects
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonFields>,
        mut out: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut time = String::new();
        SystemTime.format_time(&mut Writer::new(&mut time))?;
        let about = event.metadata();
        let mut line = Map::new();
        line.insert("timestamp".into(), time.into());
        line.insert("level".into(), about.level().as_str().into());
        line.insert("logger".into(), about.target().into());
        let mut own = String::new();
        context.format_fields(Writer::new(&mut own), event)?;
        add(&mut line, &own)?;
        for span in context.event_scope().into_iter().flatten() {
            if let Some(fields) = span.extensions().get::<FormattedFields<JsonFields>>() {
                add(&mut line, fields)?;
            }
        }
        writeln!(out, "{}", Value::Object(line))
    }
}

/// Adds the fields of an object, except those that the line has already.
fn add(line: &mut Map<String, Value>, fields: &str) -> fmt::Result {
    let fields: Map<String, Value> = serde_json::from_str(fields).map_err(|_| fmt::Error)?;
    for (name, value) in fields {
        line.entry(name).or_insert(value);
    }
    Ok(())
}

/// Writes lines without colours, and spells out control characters: the subscriber does not escape all of them inside
/// values.
struct Lines<W> {
    out: W,
    format: LogFormat,
}

impl<W: Write> Write for Lines<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        let is_spelled = |sign: char| acts(sign) && !matches!(sign, '\n' | '\t');
        if text.contains(is_spelled) {
            let spell = |sign: char| match (is_spelled(sign), self.format) {
                (false, _) => sign.to_string(),
                (true, LogFormat::Text) => sign.escape_default().to_string(),
                // All of these characters have one UTF-16 unit.
                (true, LogFormat::Json) => format!("\\u{:04x}", u32::from(sign)),
            };
            self.out.write_all(text.chars().map(spell).collect::<String>().as_bytes())?;
        } else {
            self.out.write_all(bytes)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use model::visible::acts;
    use serde_json::{Value, json};
    use tracing_subscriber::fmt::MakeWriter;
    use tracing_subscriber::fmt::format::JsonFields;

    use super::{Lines, LogFormat, Objects, filter};

    /// The written lines.
    #[derive(Clone)]
    struct Kept(Arc<Mutex<Vec<u8>>>, LogFormat);

    impl Kept {
        fn new(format: LogFormat) -> Self {
            Self(Arc::default(), format)
        }

        fn text(&self) -> String {
            String::from_utf8(self.0.lock().expect("no panic").clone()).expect("UTF-8")
        }
    }

    impl Write for Kept {
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
            Lines { out: self.clone(), format: self.1 }
        }
    }

    /// Returns the lines of what `act` logs as JSON.
    fn as_json(act: impl FnOnce()) -> Vec<Value> {
        let kept = Kept::new(LogFormat::Json);
        let log = tracing_subscriber::fmt().with_writer(kept.clone()).with_ansi(false);
        let log = log.fmt_fields(JsonFields::new()).event_format(Objects).finish();
        tracing::subscriber::with_default(log, act);
        let text = kept.text();
        assert!(!text.contains(|sign| acts(sign) && sign != '\n'), "{text:?}");
        text.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
    }

    #[test]
    fn a_name_in_a_log_moves_no_cursor_and_turns_no_line_around() {
        let kept = Kept::new(LogFormat::Text);
        let log = tracing_subscriber::fmt().with_writer(kept.clone()).with_ansi(false).finish();
        tracing::subscriber::with_default(log, || {
            let name = "a\u{1b}[2J\u{9b}\u{202e}b";
            tracing::warn!(name, shown = %name, "is {name}");
        });
        let text = kept.text();
        assert!(text.contains("[2J"), "{text:?}");
        assert!(!text.contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{text:?}");
    }

    #[test]
    fn a_json_line_holds_every_text_unchanged() {
        let name = "a\u{1b}[2J\u{9b}\u{202e}\u{2028}b\"\\\n\r\t}";
        let lines = as_json(|| tracing::warn!(name, shown = %name, "is {name}"));
        assert_eq!(lines.len(), 1);
        assert_eq!([&lines[0]["name"], &lines[0]["shown"]], [&json!(name), &json!(name)]);
        assert_eq!(lines[0]["message"], json!(format!("is {name}")));
    }

    #[test]
    fn a_filter_for_one_part_hides_no_error_of_another_and_no_field_of_a_task() {
        let kept = Kept::new(LogFormat::Json);
        let log = tracing_subscriber::fmt().with_writer(kept.clone()).with_ansi(false);
        let log = log.with_env_filter(filter("engine=debug").expect("a filter"));
        let log = log.fmt_fields(JsonFields::new()).event_format(Objects).finish();
        tracing::subscriber::with_default(log, || {
            let task = tracing::error_span!(target: "control::server", "task", task = 7);
            task.in_scope(|| tracing::debug!(target: "engine", "a step has ended"));
            tracing::warn!("hidden");
            tracing::error!("a panic");
        });
        let text = kept.text();
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
        let found: Vec<_> = lines.iter().map(|line| (&line["message"], &line["task"])).collect();
        assert_eq!(found, [(&json!("a step has ended"), &json!(7)), (&json!("a panic"), &Value::Null)]);
        assert!(filter("engine=nonsense").is_none());
    }

    #[test]
    fn a_json_line_has_the_fields_of_its_spans_and_its_own_take_precedence() {
        let lines = as_json(|| {
            let task = tracing::error_span!("task", task = %7, cluster = "prod", tenant = None::<&str>);
            let step = tracing::error_span!(parent: &task, "step", step = "dump-data", task = "hidden");
            step.in_scope(|| tracing::info!(level = "own", task = %8, count = 3, "inside"));
            task.in_scope(|| tracing::error!("between"));
            tracing::info!("outside");
        });
        let shown =
            |line: &Value, names: &[&str]| names.iter().map(|name| line[name].clone()).collect::<Vec<_>>();
        let names = ["level", "message", "task", "cluster", "step", "count", "tenant"];
        let wanted = [
            json!(["INFO", "inside", "8", "prod", "dump-data", 3, null]),
            json!(["ERROR", "between", "7", "prod", null, null, null]),
            json!(["INFO", "outside", null, null, null, null, null]),
        ];
        let found: Vec<_> = lines.iter().map(|line| json!(shown(line, &names))).collect();
        assert_eq!(found, wanted);
        for line in &lines {
            assert!(line["timestamp"].as_str().is_some_and(|time| time.ends_with('Z')), "{line}");
            assert_eq!(line["logger"], "lifeboat::log::tests");
            assert!(line.get("tenant").is_none(), "what is unknown is absent: {line}");
        }
    }
}
