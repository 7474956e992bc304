//! The single clock of a simulator process. It can stand still, run faster than real time, or be moved manually.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use tokio::sync::watch;

/// The clock stops at the end of the year 2199: the nanoseconds of an SCN soon overflow after that.
const LAST_US: i64 = 7_258_118_400_000_000;

/// Simulated time; everything else takes it as an argument.
#[derive(Debug)]
pub(crate) struct Clock {
    face: Mutex<Face>,
    moved: watch::Sender<u64>,
}

#[derive(Debug)]
struct Face {
    shown_us: i64,
    since: Instant,
    speed: f64,
}

impl Clock {
    /// Starts the clock at `start_us`; with a speed of 0, it stands still.
    pub(crate) fn new(start_us: i64, speed: f64) -> Self {
        Self {
            face: Mutex::new(Face { shown_us: start_us, since: Instant::now(), speed }),
            moved: watch::Sender::new(0),
        }
    }

    pub(crate) fn now_us(&self) -> i64 {
        self.face().now_us()
    }

    /// Moves the clock forward.
    pub(crate) fn advance(&self, by_us: i64) -> i64 {
        let now = {
            let mut face = self.face();
            face.shown_us = face.shown_us.saturating_add(by_us);
            face.now_us()
        };
        self.moved.send_modify(|count| *count += 1);
        now
    }

    /// Sets the speed from now on, in simulated seconds per second; with 0, the clock stands still.
    pub(crate) fn run(&self, speed: f64) {
        {
            let mut face = self.face();
            *face = Face { shown_us: face.now_us(), since: Instant::now(), speed };
        }
        self.moved.send_modify(|count| *count += 1);
    }

    /// Waits until the clock reaches `until_us`, by running or by being moved.
    pub(crate) async fn sleep_until(&self, until_us: i64) {
        let mut moved = self.moved.subscribe();
        loop {
            let (left_us, speed) = {
                let face = self.face();
                (until_us - face.now_us(), face.speed)
            };
            if left_us <= 0 {
                return;
            }
            // A stopped clock is read again only after a client moves or starts it.
            let nap = if speed > 0.0 {
                Duration::from_secs_f64((left_us as f64 / 1e6 / speed).clamp(0.0002, 3_600.0))
            } else {
                Duration::from_secs(3_600)
            };
            tokio::select! {
                () = tokio::time::sleep(nap) => {}
                _ = moved.changed() => {}
            }
        }
    }

    fn face(&self) -> std::sync::MutexGuard<'_, Face> {
        self.face.lock().expect("nothing panics while it reads the clock")
    }
}

impl Face {
    fn now_us(&self) -> i64 {
        let run_us = (self.since.elapsed().as_micros() as f64 * self.speed) as i64;
        self.shown_us.saturating_add(run_us).min(LAST_US)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_sleeper_on_a_standing_clock_wakes_when_the_clock_is_moved() {
        let clock = std::sync::Arc::new(Clock::new(1_000, 0.0));
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep_until(5_000).await }
        });
        assert_eq!(clock.now_us(), 1_000);
        assert_eq!(clock.advance(4_000), 5_000);
        sleeper.await.expect("the sleeper ends");
    }

    #[tokio::test]
    async fn a_sleeper_on_a_standing_clock_wakes_when_the_clock_runs_and_nothing_passes_before() {
        let clock = std::sync::Arc::new(Clock::new(1_000, 0.0));
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep_until(3_600_000_000).await }
        });
        tokio::task::yield_now().await;
        assert_eq!(clock.now_us(), 1_000);
        clock.run(1e9);
        sleeper.await.expect("the sleeper ends");
        clock.run(0.0);
        let shown = clock.now_us();
        assert!(shown >= 3_600_000_000);
        assert_eq!(clock.now_us(), shown);
    }
}
