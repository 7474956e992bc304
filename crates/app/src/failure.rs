//! The failure of a command: its message and exit status.

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use model::Problem;
use model::problem::{ProblemKind, codes};
use model::text::Text;
use model::visible::{visible, visible_json};
use serde::Deserialize;
use serde_json::json;

use crate::language::{language, words};

/// Why a command failed.
#[derive(Debug)]
pub(crate) struct Failure {
    words: Box<Words>,
    /// Whether a retry may help: the server did not answer.
    pub(crate) is_passing: bool,
    /// Whether the command succeeded except for the objects in its message.
    is_partial: bool,
    /// OCP's number, if the server refused the request with one.
    number: Option<u32>,
}

/// The message. REST returns errors in this form, already in the reader's language.
#[derive(Debug, Deserialize)]
struct Words {
    code: u32,
    kind: ProblemKind,
    id: String,
    message: String,
    cause: Option<String>,
    raw: Option<String>,
    action: Option<String>,
}

impl From<dump::Error> for Failure {
    fn from(error: dump::Error) -> Self {
        error.problem().into()
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        let Problem { kind, code, text } = problem;
        let words = Box::new(Words::of(kind, code, &text));
        Self { words, is_passing: false, is_partial: false, number: None }
    }
}

impl Words {
    fn of(kind: ProblemKind, code: u32, text: &Text) -> Self {
        let language = language();
        Self {
            code,
            kind,
            id: text.id.clone(),
            message: text.message(language),
            cause: text.cause(language),
            raw: text.raw.clone(),
            action: text.action(language),
        }
    }
}

impl Failure {
    /// Returns the error of an unreachable server, after which a retry may help.
    pub(crate) fn passing(problem: Problem) -> Self {
        Self { is_passing: true, ..problem.into() }
    }

    /// Returns the failure of a command that succeeded only partly.
    pub(crate) fn partial(problem: Problem) -> Self {
        Self { is_partial: true, ..problem.into() }
    }

    /// Shows all failures but the last, which it returns for the end of the command. Of very many, it shows the first
    /// ones and the number of the others.
    pub(crate) fn last_of(mut failures: Vec<Self>, as_json: bool) -> Option<Self> {
        const SHOWN: usize = 50;
        let last = failures.pop()?;
        let others = failures.len().saturating_sub(SHOWN);
        failures.iter().take(SHOWN).for_each(|failure| failure.show(as_json));
        if others > 0 {
            Self::from(Problem::outside("more-failures").with("count", others)).show(as_json);
        }
        Some(last)
    }

    /// Reads the `error` of a REST answer.
    pub(crate) fn from_answer(error: &serde_json::Value) -> Option<Self> {
        let words = Words::deserialize(error).ok()?;
        // The codes below are HTTP's, which say less than the message.
        let number = Some(words.code).filter(|code| *code >= codes::VERSION_WITHOUT_BACKUP);
        Some(Self { words: Box::new(words), is_passing: false, is_partial: false, number })
    }

    /// Reads the reason of a failed task: its first failed subtask has more details than the task.
    pub(crate) fn from_task(task: &serde_json::Value) -> Option<Self> {
        let failed = task["subtasks"].as_array()?.iter().find(|subtask| subtask["status"] == "FAILED");
        let said = failed.map_or(&task["error"], |subtask| &subtask["note"]);
        let mut error = said.clone();
        let fields = error.as_object_mut()?;
        fields.insert("code".into(), json!(codes::DATA_BACKUP_FAILED));
        fields.insert("kind".into(), json!(ProblemKind::Outside));
        Some(Self { number: None, ..Self::from_answer(&error)? })
    }

    /// Returns OCP's error code.
    pub(crate) fn code(&self) -> u32 {
        self.words.code
    }

    /// Returns the message and the cause in one line.
    pub(crate) fn line(&self) -> String {
        let Words { message, cause, raw, .. } = self.words.as_ref();
        let why = cause.as_ref().or(raw.as_ref()).filter(|why| *why != message);
        why.map_or_else(|| message.clone(), |why| format!("{message}: {why}"))
    }

    /// Returns the exit status: 2 for an invalid request, 3 for one that a rule refuses, 4 for a partial success.
    pub(crate) fn exit_code(&self) -> ExitCode {
        if self.is_partial {
            return ExitCode::from(4);
        }
        ExitCode::from(match self.words.kind {
            ProblemKind::Invalid => 2,
            ProblemKind::Refused | ProblemKind::Conflict => 3,
            _ => 1,
        })
    }

    /// Prints the failure on standard error: message, cause and fix, each on its own line; or as JSON.
    pub(crate) fn show(&self, as_json: bool) {
        let mut out = std::io::stderr().lock();
        let Words { code, kind, id, message, cause, raw, action } = self.words.as_ref();
        if as_json {
            let error = json!({ "error": {
                "code": code, "kind": kind, "id": id, "message": message,
                "cause": cause, "raw": raw, "action": action,
            }});
            let _ = writeln!(out, "{}", visible_json(&format!("{error:#}")));
            return;
        }
        let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        let mut line = |label: &str, paint: &str, text: &str| {
            let (label, text) = (words(label), visible(text));
            let _ = if colour {
                writeln!(out, "\x1b[{paint}m{label}\x1b[0m{text}")
            } else {
                writeln!(out, "{label}{text}")
            };
        };
        let number = self.number.map(|number| format!(" [{number}]")).unwrap_or_default();
        line("cli-error", "1;31", &format!("{message}{number}"));
        if let Some(cause) = cause {
            line("cli-cause", "1", cause);
        }
        if let Some(raw) = raw.as_ref().filter(|raw| *raw != message) {
            line("cli-said", "1", raw);
        }
        if let Some(action) = action {
            line("cli-action", "1;32", action);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::ExitCode;

    use super::Failure;
    use model::Problem;

    #[test]
    fn the_exit_status_follows_the_kind_of_problem() {
        let cases = [
            (Problem::invalid("x"), 2),
            (Problem::refused(20110, "x"), 3),
            (Problem::conflict("x"), 3),
            (Problem::not_found("x"), 1),
            (Problem::outside("x"), 1),
            (Problem::internal("x"), 1),
        ];
        for (problem, expected) in cases {
            let found = Failure::from(problem.clone()).exit_code();
            assert_eq!(format!("{found:?}"), format!("{:?}", ExitCode::from(expected)), "{problem:?}");
        }
    }
}
