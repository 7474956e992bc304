//! The unit specification in each zone of a new tenant: an existing one (`--unit`), or one of a new size (`--new-unit`).

use model::Problem;
use serde_json::{Map, Value, json};

/// The parts of the size of a new unit specification, and their fields in a request.
const BYTES: [(&str, &str); 2] = [("memory", "memoryBytes"), ("log-disk", "logDiskBytes")];

/// The unit specifications of the options, as parts of a request.
#[derive(Debug, Default)]
pub(super) struct Units {
    /// That of all zones without one of their own.
    all: Option<Value>,
    /// Those of single zones.
    of_zones: Vec<(String, Value)>,
}

impl Units {
    /// Reads the options: `[ZONE=]NAME` and `[ZONE=]SIZE`.
    pub(super) fn read(units: &[String], new_units: &[String]) -> Result<Self, Problem> {
        let mut read = Self::default();
        for text in units {
            let (zone, name) = split(text);
            read.add(zone, json!({ "unitSpecName": name }))?;
        }
        for text in new_units {
            let (zone, size) = split(text);
            read.add(zone, json!({ "unitSpec": size_of(size)? }))?;
        }
        Ok(read)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_none() && self.of_zones.is_empty()
    }

    /// Returns whether zones without a specification of their own have one too.
    pub(super) const fn are_for_all(&self) -> bool {
        self.all.is_some()
    }

    fn add(&mut self, zone: Option<&str>, unit: Value) -> Result<(), Problem> {
        let twice = |zone: &str| Problem::invalid("cli-unit-twice").with("zone", zone);
        match zone {
            None if self.all.is_some() => return Err(Problem::invalid("cli-unit-of-all-twice")),
            None => self.all = Some(unit),
            Some(zone) if self.of_zones.iter().any(|(known, _)| known == zone) => return Err(twice(zone)),
            Some(zone) => self.of_zones.push((zone.to_owned(), unit)),
        }
        Ok(())
    }

    /// Returns `zones` of the request: the zones of `--zone`; without that option, `zones` and those with a specification of
    /// their own.
    pub(super) fn in_zones(
        &self,
        chosen: &[String],
        zones: Vec<String>,
        count: u32,
    ) -> Result<Value, Problem> {
        let mut zones = if chosen.is_empty() { zones } else { chosen.to_vec() };
        for (zone, _) in &self.of_zones {
            if zones.contains(zone) {
                continue;
            }
            if !chosen.is_empty() {
                return Err(Problem::invalid("cli-unit-of-other-zone").with("zone", zone));
            }
            zones.push(zone.clone());
        }
        let own = |zone: &String| self.of_zones.iter().find(|(known, _)| known == zone).map(|(_, unit)| unit);
        let body = |zone: &String| {
            let missing = || Problem::invalid("cli-zone-without-unit").with("zone", zone);
            let mut pool = own(zone).or(self.all.as_ref()).ok_or_else(missing)?.clone();
            pool["unitCount"] = json!(count);
            Ok(json!({ "name": zone, "resourcePool": pool }))
        };
        zones.iter().map(body).collect::<Result<Vec<_>, Problem>>().map(Value::Array)
    }
}

/// Splits `[ZONE=]REST`.
fn split(text: &str) -> (Option<&str>, &str) {
    match text.split_once('=') {
        Some((zone, rest)) => (Some(zone.trim()), rest.trim()),
        None => (None, text.trim()),
    }
}

/// Reads `cpu:2,memory:8G,log-disk:24G`.
fn size_of(text: &str) -> Result<Value, Problem> {
    let malformed = || Problem::invalid("cli-unit-size-malformed").with("text", text);
    let mut size = Map::new();
    for part in text.split(',') {
        let (name, value) = part.split_once(':').ok_or_else(malformed)?;
        let (name, value) = (name.trim(), value.trim());
        let read = match BYTES.iter().find(|(known, _)| *known == name) {
            Some((_, field)) => (*field, json!(bytes(value).ok_or_else(malformed)?)),
            None if name == "cpu" => {
                let cpus = value.parse().ok().filter(|cpus: &f64| cpus.is_finite());
                ("cpu", json!(cpus.ok_or_else(malformed)?))
            }
            None => return Err(malformed()),
        };
        if size.insert(read.0.to_owned(), read.1).is_some() {
            return Err(malformed());
        }
    }
    if !size.contains_key("cpu") || !size.contains_key("memoryBytes") {
        return Err(malformed());
    }
    Ok(Value::Object(size))
}

/// Reads a whole number of bytes with K, M, G or T, each 1024 times the one before.
fn bytes(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let shift = match text[end..].trim().to_ascii_uppercase().as_str() {
        "" => 0,
        "K" | "KB" | "KIB" => 10,
        "M" | "MB" | "MIB" => 20,
        "G" | "GB" | "GIB" => 30,
        "T" | "TB" | "TIB" => 40,
        _ => return None,
    };
    text[..end].parse::<u64>().ok()?.checked_mul(1 << shift)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Units;

    fn read(units: &[&str], new_units: &[&str], zones: &[&str]) -> Result<Value, String> {
        read_in(units, new_units, &[], zones)
    }

    fn read_in(units: &[&str], new_units: &[&str], chosen: &[&str], zones: &[&str]) -> Result<Value, String> {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let units = Units::read(&owned(units), &owned(new_units));
        let read = units.and_then(|units| units.in_zones(&owned(chosen), owned(zones), 2));
        read.map_err(|problem| problem.text.id)
    }

    #[test]
    fn each_zone_gets_its_own_specification_or_that_of_all() {
        let zone = |name: &str, mut pool: Value| {
            pool["unitCount"] = json!(2);
            json!({ "name": name, "resourcePool": pool })
        };
        let named = |name: &str| json!({ "unitSpecName": name });
        let new =
            json!({ "unitSpec": { "cpu": 1.5, "memoryBytes": 8_u64 << 30, "logDiskBytes": 512_u64 << 20 } });
        assert_eq!(
            read(&["small"], &[], &["z1", "z2"]),
            Ok(json!([zone("z1", named("small")), zone("z2", named("small"))]))
        );
        assert_eq!(
            read(&["small", "z3=large"], &["z2=cpu:1.5, memory:8G, log-disk:512mb"], &["z1", "z2"]),
            Ok(json!([zone("z1", named("small")), zone("z2", new), zone("z3", named("large"))]))
        );
        assert_eq!(
            read(&[], &["cpu:2,memory:4096"], &["z1"]),
            Ok(json!([zone("z1", json!({ "unitSpec": { "cpu": 2.0, "memoryBytes": 4096 } }))]))
        );
    }

    #[test]
    fn chosen_zones_are_the_only_ones() {
        let zones = read_in(&["small"], &[], &["z2"], &["z1", "z2"]).expect("read");
        assert_eq!(
            zones,
            json!([{ "name": "z2", "resourcePool": { "unitSpecName": "small", "unitCount": 2 } }])
        );
        let other = read_in(&["small", "z3=large"], &[], &["z2"], &["z1", "z2", "z3"]);
        assert_eq!(other, Err("cli-unit-of-other-zone".to_owned()));
    }

    #[test]
    fn what_is_given_twice_or_can_not_be_read_is_refused() {
        for (units, new_units, zones, why) in [
            (&["a", "b"][..], &[][..], &["z1"][..], "cli-unit-of-all-twice"),
            (&["a"], &["cpu:1,memory:1G"], &["z1"], "cli-unit-of-all-twice"),
            (&["z1=a"], &["z1=cpu:1,memory:1G"], &["z1"], "cli-unit-twice"),
            (&["z1=a"], &[], &["z1", "z2"], "cli-zone-without-unit"),
            (&[], &["2C8G"], &["z1"], "cli-unit-size-malformed"),
            (&[], &["cpu:2"], &["z1"], "cli-unit-size-malformed"),
            (&[], &["memory:8G"], &["z1"], "cli-unit-size-malformed"),
            (&[], &["cpu:x,memory:8G"], &["z1"], "cli-unit-size-malformed"),
            (&[], &["cpu:nan,memory:8G"], &["z1"], "cli-unit-size-malformed"),
            (&[], &["cpu:2,memory:8X"], &["z1"], "cli-unit-size-malformed"),
            (&[], &["cpu:2,memory:8G,cpu:3"], &["z1"], "cli-unit-size-malformed"),
            (&[], &["cpu:2,memory:8G,iops:3"], &["z1"], "cli-unit-size-malformed"),
            (&[], &["cpu:2,memory:99999999999T"], &["z1"], "cli-unit-size-malformed"),
        ] {
            assert_eq!(read(units, new_units, zones), Err(why.to_owned()), "{units:?} {new_units:?}");
        }
    }
}
