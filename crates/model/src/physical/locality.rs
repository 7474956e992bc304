//! Reads a locality, such as `FULL{1},READONLY{2}@zone1, FULL{1}@zone2`: which replicas a tenant has in each zone.

use std::collections::BTreeMap;

use super::resources::{ReplicaType, Replicas};

/// Returns the replicas in each zone; empty if the cluster shows no locality. `None` for a kind of replica or a form
/// of locality that no recovery can request.
#[must_use]
pub fn replicas_of(locality: &str) -> Option<BTreeMap<String, Vec<Replicas>>> {
    let mut zones: BTreeMap<String, Vec<Replicas>> = BTreeMap::new();
    // Several kinds of one zone are separated by commas, too; the last one names the zone.
    let mut open = Vec::new();
    for part in parts(locality) {
        let (kind, zone) = match part.split_once('@') {
            Some((kind, zone)) => (kind, Some(zone.trim())),
            None => (part, None),
        };
        open.push(read(kind)?);
        match zone {
            None => {}
            Some(zone) if zone.is_empty() || zone.starts_with('[') => return None, // a set of zones
            Some(zone) => zones.entry(zone.to_owned()).or_default().append(&mut open),
        }
    }
    open.is_empty().then_some(zones)
}

/// Splits at the commas outside braces and brackets.
fn parts(locality: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_u32;
    let split = locality.split(move |c: char| {
        match c {
            '{' | '[' => depth += 1,
            '}' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    });
    split.map(str::trim).filter(|part| !part.is_empty())
}

/// Reads replicas such as `FULL{1}`, `R` or `READONLY{ALL_SERVER}`.
fn read(text: &str) -> Option<Replicas> {
    let (kind, attributes) = match text.split_once('{') {
        Some((kind, rest)) => (kind, rest.trim_end().strip_suffix('}')?),
        None => (text, "1"),
    };
    let kind = match kind.trim().to_ascii_uppercase().as_str() {
        "FULL" | "F" => ReplicaType::Full,
        "LOGONLY" | "L" => ReplicaType::LogOnly,
        "READONLY" | "R" => ReplicaType::ReadOnly,
        _ => return None,
    };
    let mut count = Some(1);
    for attribute in attributes.split(',').map(str::trim) {
        if attribute.eq_ignore_ascii_case("ALL_SERVER") {
            count = None;
        } else if attribute.replace(' ', "").eq_ignore_ascii_case("MEMSTORE_PERCENT:100") {
            // A replica with the whole memory store is an ordinary one.
        } else {
            count = Some(attribute.parse().ok().filter(|count| *count > 0)?);
        }
    }
    Some(Replicas { kind, count })
}

#[cfg(test)]
mod tests {
    use super::replicas_of;

    #[test]
    fn every_replica_of_a_locality_is_counted_in_its_zone() {
        let cases = [
            ("", Some("")),
            ("FULL{1}@z1, FULL{1}@z2", Some("F{1}@z1 F{1}@z2")),
            ("F@z1,R@z2,L@z3", Some("F{1}@z1 R{1}@z2 L{1}@z3")),
            ("FULL{1},READONLY{2}@z1, FULL{1}@z2", Some("F{1},R{2}@z1 F{1}@z2")),
            ("FULL{1}@z1, READONLY{1}@z1", Some("F{1},R{1}@z1")),
            ("full{1}@z1, readonly{all_server}@z2", Some("F{1}@z1 R{ALL_SERVER}@z2")),
            ("FULL{1,MEMSTORE_PERCENT:100}@z1, LOGONLY{1}@z2", Some("F{1}@z1 L{1}@z2")),
            ("FULL{1, MEMSTORE_PERCENT:0}@z1", None), // a replica without data
            ("COLUMNSTORE{1}@z1", None),
            ("FULL{1},READONLY{1}@[z1,z2]", None),
            ("FULL{0}@z1", None),
            ("FULL{1@z1", None),
            ("FULL{1}@", None),
            ("FULL{1}", None),
            ("z1", None),
        ];
        for (locality, expected) in cases {
            let found = replicas_of(locality).map(|zones| {
                let zones = zones.iter().map(|(zone, replicas)| {
                    let replicas: Vec<String> = replicas.iter().map(ToString::to_string).collect();
                    format!("{}@{zone}", replicas.join(","))
                });
                zones.collect::<Vec<_>>().join(" ")
            });
            assert_eq!(found.as_deref(), expected, "{locality}");
        }
    }
}
