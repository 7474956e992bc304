//! Names that are similar to a mistyped one.

/// The maximum number of suggested names.
const OFFERED: usize = 3;

/// The minimum length of a name for prefix matches.
const BEGINNING: usize = 3;

/// Returns the names most similar to a mistyped one, the most similar first; empty if none is similar.
#[must_use]
pub fn nearest<'a>(typed: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let typed: Vec<char> = typed.to_lowercase().chars().collect();
    let mut near: Vec<(usize, &str)> = names
        .into_iter()
        .filter_map(|name| Some((distance(&typed, &name.to_lowercase().chars().collect::<Vec<_>>())?, name)))
        .collect();
    near.sort_unstable();
    near.truncate(OFFERED);
    near.into_iter().map(|(_, name)| name).collect()
}

/// Returns how many letters must be changed, added or removed; `None` if these are too many for a typing error.
fn distance(typed: &[char], name: &[char]) -> Option<usize> {
    let (shorter, longer) = if typed.len() < name.len() { (typed, name) } else { (name, typed) };
    let most = (longer.len() / 3).max(1);
    let is_beginning = shorter.len() >= BEGINNING && longer.starts_with(shorter);
    if longer.len() - shorter.len() > most && !is_beginning {
        return None;
    }
    // The distances of the part of `typed` so far to every prefix of `name`.
    let mut row: Vec<usize> = (0..=name.len()).collect();
    for (line, letter) in typed.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, other) in name.iter().enumerate() {
            let changed = diagonal + usize::from(letter != other);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    let found = row[name.len()];
    (found <= most || is_beginning).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_finds_the_names_that_it_may_have_meant_and_no_others() {
        let names = ["orders", "order_lines", "customers", "Logs", "t", "日志表"];
        let cases: &[(&str, &[&str])] = &[
            ("order", &["orders", "order_lines"]),
            ("ordres", &["orders"]),
            ("costumers", &["customers"]),
            ("logs", &["Logs"]),
            ("log", &["Logs"]),
            ("x", &["t"]),
            ("日志", &["日志表"]),
            ("something else", &[]),
            ("", &["t"]),
        ];
        for (typed, expected) in cases {
            assert_eq!(&nearest(typed, names), expected, "{typed}");
        }
    }
}
