//! Families of metrics, and their form as OpenMetrics text.

use std::fmt;

use model::measure::Timing;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};

/// What every name begins with.
const PREFIX: &str = "lifeboat";

/// The labels of a series.
pub(crate) type Labels = Vec<(&'static str, String)>;

/// Metrics of one name.
#[derive(Debug)]
pub(crate) struct Family {
    name: &'static str,
    unit: Option<Unit>,
    help: &'static str,
    series: Series,
}

#[derive(Debug)]
enum Series {
    Gauge(Vec<(Labels, f64)>),
    Counter(Vec<(Labels, f64)>),
    Histogram(&'static [f64], Vec<(Labels, Timing)>),
    Info(Labels),
}

impl Family {
    /// Returns numbers that go up and down.
    pub(crate) fn gauge(name: &'static str, help: &'static str, series: Vec<(Labels, f64)>) -> Self {
        Self { name, unit: None, help, series: Series::Gauge(series) }
    }

    /// Returns numbers that only grow while this server runs. Their names end with `_total`.
    pub(crate) fn counter(name: &'static str, help: &'static str, series: Vec<(Labels, f64)>) -> Self {
        Self { name, unit: None, help, series: Series::Counter(series) }
    }

    /// Returns how long things took, in seconds, by upper bounds.
    pub(crate) fn histogram(
        name: &'static str,
        help: &'static str,
        bounds_s: &'static [f64],
        series: Vec<(Labels, Timing)>,
    ) -> Self {
        Self { name, unit: Some(Unit::Seconds), help, series: Series::Histogram(bounds_s, series) }
    }

    /// Returns a metric whose information is in its labels. Its name ends with `_info`.
    pub(crate) fn info(name: &'static str, help: &'static str, labels: Labels) -> Self {
        Self { name, unit: None, help, series: Series::Info(labels) }
    }

    /// Gives the numbers a unit; it becomes a part of the name.
    pub(crate) fn in_unit(mut self, unit: Unit) -> Self {
        self.unit = Some(unit);
        self
    }
}

/// The families of one scrape.
#[derive(Debug)]
struct Exposition(Vec<Family>);

impl Collector for Exposition {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        for Family { name, unit, help, series } in &self.0 {
            let kind = match series {
                Series::Gauge(_) => MetricType::Gauge,
                Series::Counter(_) => MetricType::Counter,
                Series::Histogram(..) => MetricType::Histogram,
                Series::Info(_) => MetricType::Info,
            };
            let mut family = encoder.encode_descriptor(name, help, unit.as_ref(), kind)?;
            match series {
                Series::Gauge(all) => {
                    for (labels, value) in all {
                        family.encode_family(labels)?.encode_gauge(value)?;
                    }
                }
                Series::Counter(all) => {
                    for (labels, value) in all {
                        family.encode_family(labels)?.encode_counter::<NoLabelSet, f64, f64>(value, None)?;
                    }
                }
                Series::Histogram(bounds_s, all) => {
                    for (labels, timing) in all {
                        let buckets = buckets(bounds_s, timing);
                        let total_s = timing.total.as_secs_f64();
                        let mut series = family.encode_family(labels)?;
                        series.encode_histogram::<NoLabelSet>(total_s, timing.count, &buckets, None)?;
                    }
                }
                Series::Info(labels) => family.encode_info(labels)?,
            }
        }
        Ok(())
    }
}

/// Returns each upper bound with how many it took that the bound before did not; the last takes the rest.
fn buckets(bounds_s: &[f64], timing: &Timing) -> Vec<(f64, u64)> {
    let bounded = bounds_s.iter().copied().zip(timing.within.iter().copied());
    let rest = timing.count - timing.within.iter().sum::<u64>();
    bounded.chain([(f64::INFINITY, rest)]).collect()
}

/// Writes families as OpenMetrics text.
///
/// # Errors
/// Never: a text takes all that is written into it.
pub(crate) fn write(families: Vec<Family>) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix(PREFIX);
    registry.register_collector(Box::new(Exposition(families)));
    let mut written = String::new();
    text::encode(&mut written, &registry)?;
    Ok(written)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use model::measure::Timings;
    use prometheus_client::registry::Unit;

    use super::{Family, write};

    #[test]
    fn families_are_written_as_openmetrics_prescribes() {
        let timings = Timings::new(&[0.1, 1.0]);
        for elapsed_ms in [50, 500, 5_000] {
            timings.note("read", Duration::from_millis(elapsed_ms), false);
        }
        let label = |value: &str| vec![("a", value.to_owned())];
        let histogram = timings.list().into_iter().map(|(kind, timing)| (label(kind), timing)).collect();
        let families = vec![
            Family::gauge("age", "How old.", vec![(label("x\"\\\n"), 1.5)]).in_unit(Unit::Seconds),
            Family::gauge("empty", "Nothing.", Vec::new()),
            Family::counter("runs", "How often.", vec![(Vec::new(), 3.0)]),
            Family::histogram("answer", "How long.", &[0.1, 1.0], histogram),
            Family::info("server", "Which.", label("here")),
        ];
        let expected = r#"# HELP lifeboat_age_seconds How old.
# TYPE lifeboat_age_seconds gauge
# UNIT lifeboat_age_seconds seconds
lifeboat_age_seconds{a="x\"\\\n"} 1.5
# HELP lifeboat_empty Nothing.
# TYPE lifeboat_empty gauge
# HELP lifeboat_runs How often.
# TYPE lifeboat_runs counter
lifeboat_runs_total 3.0
# HELP lifeboat_answer_seconds How long.
# TYPE lifeboat_answer_seconds histogram
# UNIT lifeboat_answer_seconds seconds
lifeboat_answer_seconds_sum{a="read"} 5.55
lifeboat_answer_seconds_count{a="read"} 3
lifeboat_answer_seconds_bucket{le="0.1",a="read"} 1
lifeboat_answer_seconds_bucket{le="1.0",a="read"} 2
lifeboat_answer_seconds_bucket{le="+Inf",a="read"} 3
# HELP lifeboat_server Which.
# TYPE lifeboat_server info
lifeboat_server_info{a="here"} 1
# EOF
"#;
        assert_eq!(write(families).expect("written"), expected);
    }
}
