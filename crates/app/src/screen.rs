//! What a command says when it went well: tables and lines for people, JSON for programs.

use std::io::Write as _;

use clap::ValueEnum;
use model::text::Text;
use serde_json::Value;
use unicode_width::UnicodeWidthStr as _;

use crate::language::language;

/// The form of what is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// Tables and lines
    Table,
    /// What the server answered
    Json,
}

/// Standard output. A reader who went away (`| head`) is no failure.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Screen {
    /// The form of what is said.
    pub(crate) form: Form,
}

impl Screen {
    /// Tells whether programs read it.
    pub(crate) fn is_json(self) -> bool {
        self.form == Form::Json
    }

    /// Shows data as JSON, or else by a function of its own.
    pub(crate) fn show(self, data: &Value, for_people: impl FnOnce(Self)) {
        if self.is_json() {
            let _ = writeln!(std::io::stdout().lock(), "{data:#}");
        } else {
            for_people(self);
        }
    }

    /// Writes a line for people.
    pub(crate) fn line(self, line: &str) {
        if !self.is_json() {
            let _ = writeln!(std::io::stdout().lock(), "{line}");
        }
    }

    /// Writes a line of the texts for people.
    pub(crate) fn say(self, text: &Text) {
        self.line(&text.message(language()));
    }

    /// Writes a table for people; the last column may be as long as it likes.
    pub(crate) fn table(self, heads: &[&str], rows: &[Vec<String>]) {
        let heads: Vec<String> = heads.iter().map(|&head| head.to_owned()).collect();
        let widths: Vec<usize> = (0..heads.len())
            .map(|column| {
                let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width());
                cells.max().unwrap_or(0).max(heads[column].width())
            })
            .collect();
        for row in std::iter::once(&heads).chain(rows) {
            let cells = row
                .iter()
                .zip(&widths)
                .map(|(cell, width)| format!("{cell}{}", " ".repeat(width.saturating_sub(cell.width()))));
            self.line(cells.collect::<Vec<_>>().join("  ").trim_end());
        }
    }

    /// Writes names and what belongs to them, one below the other.
    pub(crate) fn facts(self, facts: &[(&str, String)]) {
        let width = facts.iter().map(|(name, _)| name.width()).max().unwrap_or(0);
        for (name, value) in facts {
            self.line(format!("{name}{}  {value}", " ".repeat(width - name.width())).trim_end());
        }
    }
}
