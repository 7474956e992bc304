//! The data that Linux reports about this process.

use std::fs;

/// The data about this process.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Process {
    /// The memory that it occupies.
    pub resident_bytes: u64,
    /// The processor time that it has used, in seconds.
    pub cpu_s: f64,
    /// The files and connections that it has open.
    pub open_files: u64,
    /// When it was started, in seconds since 1970.
    pub started_s: f64,
}

/// The entry of the auxiliary vector with the number of clock ticks in a second.
const AT_CLKTCK: u64 = 17;

/// That number on every current Linux, if the vector cannot be read.
const CLOCK_TICKS: u64 = 100;

impl Process {
    /// Reads the data of the system; none without `/proc`.
    pub(crate) fn read() -> Option<Self> {
        let stat = fs::read_to_string("/proc/self/stat").ok()?;
        let status = fs::read_to_string("/proc/self/status").ok()?;
        let system = fs::read_to_string("/proc/stat").ok()?;
        let open_files = fs::read_dir("/proc/self/fd").ok()?.count();
        let ticks = fs::read("/proc/self/auxv").ok().and_then(|vector| clock_ticks(&vector));
        let times = Times::of(&stat)?;
        #[expect(clippy::cast_precision_loss, reason = "times are shown, not compared")]
        let seconds = |count: u64| count as f64 / ticks.unwrap_or(CLOCK_TICKS) as f64;
        let booted_s = number(&system, "btime ")?;
        #[expect(clippy::cast_precision_loss, reason = "times are shown, not compared")]
        let started_s = booted_s as f64 + seconds(times.started);
        Some(Self {
            resident_bytes: number(&status, "VmRSS:")? * 1024,
            cpu_s: seconds(times.cpu),
            // Reading the directory opened one file itself.
            open_files: open_files.saturating_sub(1) as u64,
            started_s,
        })
    }
}

/// Times in clock ticks.
#[derive(Debug, PartialEq)]
struct Times {
    cpu: u64,
    started: u64,
}

impl Times {
    /// Parses `/proc/self/stat`. The name of the program is in brackets and may contain spaces and brackets.
    fn of(stat: &str) -> Option<Self> {
        let (_, rest) = stat.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok(); // the first is number 3
        Some(Self { cpu: field(14)? + field(15)?, started: field(22)? })
    }
}

/// Returns the number that follows a word at the beginning of a line.
fn number(text: &str, word: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(word))?;
    rest.split_whitespace().next()?.parse().ok()
}

/// Finds the number of clock ticks in a second in the auxiliary vector: pairs of numbers of this machine's width.
fn clock_ticks(vector: &[u8]) -> Option<u64> {
    const WIDTH: usize = size_of::<usize>();
    let read = |bytes: &[u8]| Some(usize::from_ne_bytes(bytes.try_into().ok()?) as u64);
    vector.chunks_exact(2 * WIDTH).find_map(|pair| {
        let (name, value) = pair.split_at(WIDTH);
        (read(name)? == AT_CLKTCK).then(|| read(value)).flatten().filter(|ticks| *ticks > 0)
    })
}

#[cfg(test)]
mod tests {
    use std::time::{SystemTime, UNIX_EPOCH};

    use super::{Process, Times};

    #[test]
    fn a_programs_name_hides_no_field() {
        let stat = "7 (a) R (b) S 1 7 7 0 -1 4194560 1 2 3 4 150 25 0 0 20 0 9 0 4711 8 9";
        assert_eq!(Times::of(stat), Some(Times { cpu: 175, started: 4_711 }));
        assert_eq!(Times::of("7 (a) S"), None);
    }

    #[test]
    fn this_process_has_files_and_memory_and_was_started_before_now() {
        let process = Process::read().expect("Linux has /proc");
        let now_s = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs_f64();
        assert!(process.resident_bytes > 1_000_000 && process.open_files >= 3, "{process:?}");
        assert!((now_s - 86_400.0..=now_s + 1.0).contains(&process.started_s), "{process:?} at {now_s}");
    }
}
