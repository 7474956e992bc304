//! Passwords come from the environment, a file named in the environment, a prompt or standard input; never from an
//! argument, which every user of the machine can read.

use std::env;
use std::fs;
use std::io::{BufRead as _, IsTerminal as _};
use std::path::Path;

use model::{Problem, Secret};

use crate::failure::Failure;
use crate::language::words;

/// Returns the secret of that variable: `NAME`, the first line of the file in `NAME_FILE`, an answer to the prompt,
/// or the next line of standard input.
pub(crate) fn read(variable: &str, prompt: &str) -> Result<Secret, Failure> {
    if let Some(secret) = from_environment(variable)? {
        return Ok(secret);
    }
    if std::io::stdin().is_terminal() {
        let typed = rpassword::prompt_password(words(prompt));
        return typed.map(Secret::new).map_err(|cause| missing(variable).raw(cause).into());
    }
    let mut line = String::new();
    match std::io::stdin().lock().read_line(&mut line) {
        Ok(0) => Err(missing(variable).into()),
        Ok(_) => Ok(Secret::new(line.trim_end_matches(['\r', '\n']))),
        Err(cause) => Err(missing(variable).raw(cause).into()),
    }
}

/// Returns a new secret, prompted for twice.
pub(crate) fn read_new(variable: &str, prompt: &str, again: &str) -> Result<Secret, Failure> {
    let secret = read(variable, prompt)?;
    let typed = std::io::stdin().is_terminal() && from_environment(variable)?.is_none();
    if typed {
        let repeated = rpassword::prompt_password(words(again));
        let repeated = repeated.map(Secret::new).map_err(|cause| missing(variable).raw(cause))?;
        if repeated != secret {
            return Err(Problem::invalid("passwords-differ").into());
        }
    }
    Ok(secret)
}

/// Returns the secret of that variable, if the environment has one.
pub(crate) fn from_environment(variable: &str) -> Result<Option<Secret>, Failure> {
    if let Ok(secret) = env::var(variable) {
        return Ok(Some(Secret::new(secret)));
    }
    let Some(path) = env::var_os(format!("{variable}_FILE")) else { return Ok(None) };
    from_file(Path::new(&path)).map(Some)
}

/// Returns the secret in the first line of a file.
pub(crate) fn from_file(path: &Path) -> Result<Secret, Failure> {
    let text = fs::read_to_string(path).map_err(|cause| {
        Problem::invalid("password-file-unreadable").with("path", path.display()).raw(cause)
    })?;
    Ok(Secret::new(text.lines().next().unwrap_or_default()))
}

fn missing(variable: &str) -> Problem {
    Problem::invalid("password-missing").with("variable", variable)
}
