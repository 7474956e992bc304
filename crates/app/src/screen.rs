//! The output of a successful command: tables and lines for people, JSON for programs.

use std::io::Write as _;

use clap::ValueEnum;
use model::text::Text;
use model::visible::{visible, visible_json, visible_line};
use serde_json::Value;
use unicode_width::UnicodeWidthStr as _;

use crate::language::language;

/// The output format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    // Plain comments: doc comments on values would enlarge every help text. Tables and lines, for people.
    Table,
    // The server's answer, for programs.
    Json,
}

/// Standard output. A reader who stops reading (`| head`) is not an error.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Screen {
    /// The output format.
    pub(crate) form: Form,
}

impl Screen {
    /// Returns whether the output is for programs.
    pub(crate) fn is_json(self) -> bool {
        self.form == Form::Json
    }

    /// Shows data as JSON, or for people with this function.
    pub(crate) fn show(self, data: &Value, for_people: impl FnOnce(Self)) {
        if self.is_json() {
            let _ = writeln!(std::io::stdout().lock(), "{}", visible_json(&format!("{data:#}")));
        } else {
            for_people(self);
        }
    }

    /// Writes a line for people.
    pub(crate) fn line(self, line: &str) {
        if !self.is_json() {
            let _ = writeln!(std::io::stdout().lock(), "{}", visible(line));
        }
    }

    /// Writes a text of the catalogue for people.
    pub(crate) fn say(self, text: &Text) {
        self.line(&text.message(language()));
    }

    /// Writes a table for people; the width of the last column is not limited.
    pub(crate) fn table(self, heads: &[&str], rows: &[Vec<String>]) {
        aligned(heads, rows).iter().for_each(|line| self.line(line));
    }

    /// Writes names with their values, one per line.
    pub(crate) fn facts(self, facts: &[(&str, String)]) {
        let width = facts.iter().map(|(name, _)| name.width()).max().unwrap_or(0);
        for (name, value) in facts {
            let value = visible_line(value);
            self.line(format!("{name}{}  {value}", " ".repeat(width - name.width())).trim_end());
        }
    }
}

/// Returns the lines of a table. Each column is as wide as its widest cell; a Chinese character is two columns wide.
fn aligned(heads: &[&str], rows: &[Vec<String>]) -> Vec<String> {
    let heads: Vec<String> = heads.iter().map(|&head| head.to_owned()).collect();
    let seen = |row: &Vec<String>| row.iter().map(|cell| visible_line(cell).into_owned()).collect();
    let all: Vec<Vec<String>> = std::iter::once(&heads).chain(rows).map(seen).collect();
    let width = |column: usize| all.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max();
    let widths: Vec<usize> = (0..heads.len()).map(|column| width(column).unwrap_or(0)).collect();
    let line = |row: &Vec<String>| {
        let cells = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell}{}", " ".repeat(width.saturating_sub(cell.width()))));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    all.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::aligned;

    #[test]
    fn columns_stand_below_their_heads_in_every_language() {
        let rows = [["1", "订单库", "ok"], ["12", "hr", ""]].map(|row| row.map(str::to_owned).to_vec());
        let lines = aligned(&["ID", "NAME", "STATUS"], &rows);
        assert_eq!(lines, ["ID  NAME    STATUS", "1   订单库  ok", "12  hr"]);
    }

    #[test]
    fn a_name_moves_neither_cursor_nor_columns() {
        let rows = [vec!["a\u{1b}[2J\nb".to_owned(), "x".to_owned()], vec!["c\u{202e}".to_owned()]];
        assert_eq!(aligned(&["N", "S"], &rows), ["N              S", "a\\u{1b}[2J\\nb  x", "c\\u{202e}"]);
    }
}
