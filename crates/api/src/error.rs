//! The answer for a problem: its HTTP status, its text in the reader's language, its line in the log.

use axum::Json;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use model::Problem;
use model::problem::{ProblemKind, codes};
use model::text::{Language, Text};
use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

use crate::call;

/// Why a request failed.
pub(crate) struct Failure {
    problem: Problem,
    /// The chain of causes, only for the log.
    causes: Vec<String>,
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self { problem, causes: Vec::new() }
    }
}

impl From<control::Error> for Failure {
    fn from(error: control::Error) -> Self {
        let mut causes = Vec::new();
        let mut next = std::error::Error::source(&error);
        while let Some(cause) = next {
            causes.push(cause.to_string());
            next = cause.source();
        }
        Self { problem: error.into_problem(), causes }
    }
}

/// Maps problems to HTTP; no other code does. The code of an invalid request may itself be an HTTP status.
fn status(problem: &Problem) -> StatusCode {
    match problem.kind {
        ProblemKind::Invalid => u16::try_from(problem.code)
            .ok()
            .and_then(|code| StatusCode::from_u16(code).ok())
            .filter(StatusCode::is_client_error)
            .unwrap_or(StatusCode::BAD_REQUEST),
        ProblemKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        ProblemKind::Forbidden => StatusCode::FORBIDDEN,
        ProblemKind::NotFound => StatusCode::NOT_FOUND,
        ProblemKind::Refused | ProblemKind::Conflict => StatusCode::CONFLICT,
        ProblemKind::LockedOut => StatusCode::TOO_MANY_REQUESTS,
        ProblemKind::Outside => StatusCode::BAD_GATEWAY,
        ProblemKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = status(&self.problem);
        let (code, id, causes) = (self.problem.code, &self.problem.text.id, self.causes.join(": "));
        match self.problem.kind {
            ProblemKind::Internal => tracing::error!(code, id, causes, "{}", self.problem),
            ProblemKind::Outside => tracing::warn!(code, id, causes, "{}", self.problem),
            _ => {}
        }
        let call = call::current();
        let body = FailureEnvelope {
            error: ErrorView::of(&self.problem, call.language),
            successful: false,
            timestamp: call::now().to_rfc3339(),
            duration: call.duration_ms(),
            status: status.as_u16(),
            trace_id: call.trace_id,
            server: call.server.to_string(),
        };
        let mut response = (status, Json(body)).into_response();
        if status == StatusCode::UNAUTHORIZED {
            let basic = HeaderValue::from_static("Basic realm=\"Lifeboat\", charset=\"UTF-8\"");
            response.headers_mut().insert(WWW_AUTHENTICATE, basic);
        }
        let seconds = self.problem.args().get("seconds").and_then(|seconds| seconds.parse::<u64>().ok());
        if let (StatusCode::TOO_MANY_REQUESTS, Some(seconds)) = (status, seconds) {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// An answer with an error.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FailureEnvelope {
    /// The error.
    error: ErrorView,
    /// Always false here.
    successful: bool,
    /// When the answer was written.
    #[schema(format = DateTime)]
    timestamp: String,
    /// The duration in milliseconds.
    duration: u64,
    /// The HTTP status.
    status: u16,
    /// The ID of the request in the server's log.
    trace_id: String,
    /// The server that answered.
    server: String,
}

/// The error, in the reader's language.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ErrorView {
    /// OCP's error number, or our own if OCP has none.
    code: u32,
    /// Who must act: `invalid`, `refused`, `conflict`, `not-found`, `outside`, ….
    #[schema(value_type = String)]
    kind: ProblemKind,
    /// The wrong field of the request, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    #[serde(flatten)]
    words: Words,
}

impl ErrorView {
    /// Renders a problem.
    pub(crate) fn of(problem: &Problem, language: Language) -> Self {
        let Problem { kind, code, text } = problem;
        let field = text.args.get("field").cloned();
        Self { code: *code, kind: *kind, field, words: Words::of(text, language) }
    }
}

/// A text, with cause and fix if it is an error.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Words {
    /// The ID of the text; the same in every language.
    id: String,
    /// The message.
    message: String,
    /// The cause, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
    /// The original message of the database or the storage.
    #[serde(skip_serializing_if = "Option::is_none")]
    raw: Option<String>,
    /// The fix.
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<String>,
    /// The repair action.
    #[serde(skip_serializing_if = "Option::is_none")]
    button: Option<ButtonView>,
}

/// An action.
#[derive(Serialize, ToSchema)]
pub(crate) struct ButtonView {
    /// The ID of the action, the same in every language.
    id: String,
    /// Its label.
    text: String,
}

impl Words {
    /// Renders a text.
    pub(crate) fn of(text: &Text, language: Language) -> Self {
        Self {
            id: text.id.clone(),
            message: text.message(language),
            cause: text.cause(language),
            raw: text.raw.clone(),
            action: text.action(language),
            button: text.button(language).map(|(id, text)| ButtonView { id, text }),
        }
    }

    /// Renders the problem of a step that will be retried.
    pub(crate) fn of_retried(text: &Text) -> Self {
        Self { action: text.action_while_retried(call::language()), ..Self::here(text) }
    }

    /// Renders a text in the language of the reader of the answer.
    pub(crate) fn here(text: &Text) -> Self {
        Self::of(text, call::language())
    }
}

/// The failures that any call may answer.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only described, never made")]
pub(crate) enum Failures {
    /// The request itself is not valid, or its body is not JSON.
    #[response(status = 400)]
    Invalid(FailureEnvelope),
    /// No user is logged on, or the password is wrong.
    #[response(status = 401)]
    Unauthenticated(FailureEnvelope),
    /// The user's role does not allow it, or the password must be changed first.
    #[response(status = 403)]
    Forbidden(FailureEnvelope),
    /// The object does not exist.
    #[response(status = 404)]
    NotFound(FailureEnvelope),
    /// A rule refuses it in the current state, or it conflicts with an existing object or a running task.
    #[response(status = 409)]
    Refused(FailureEnvelope),
    /// The body is too long.
    #[response(status = 413)]
    TooLong(FailureEnvelope),
    /// The content type of the body is not JSON.
    #[response(status = 415)]
    NotJson(FailureEnvelope),
    /// A value does not have the type that the call expects.
    #[response(status = 422)]
    WrongShape(FailureEnvelope),
    /// Too many wrong passwords.
    #[response(status = 429)]
    LockedOut(FailureEnvelope),
    /// An internal error of the server.
    #[response(status = 500)]
    Internal(FailureEnvelope),
    /// A database or a storage failed.
    #[response(status = 502)]
    Outside(FailureEnvelope),
}

/// Answers a path that the API does not have.
pub(crate) async fn no_such_path(uri: axum::http::Uri) -> Failure {
    Problem::not_found("path-unknown").with("path", uri.path()).into()
}

/// Answers a method that the path does not have.
pub(crate) async fn no_such_method(method: axum::http::Method, uri: axum::http::Uri) -> Failure {
    Problem::invalid("method-not-allowed")
        .with("method", method)
        .with("path", uri.path())
        .coded(u32::from(StatusCode::METHOD_NOT_ALLOWED.as_u16()))
        .into()
}

/// Answers a request whose handler panicked. The panic's message is in the log, not in the answer.
pub(crate) fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    Failure::from(Problem::new(ProblemKind::Internal, codes::INTERNAL, "server-fault")).into_response()
}

#[cfg(test)]
mod tests {
    use super::status;
    use model::Problem;
    use model::problem::{ProblemKind, codes};

    #[test]
    fn each_kind_of_problem_has_its_status() {
        let cases = [
            (Problem::invalid("x"), 400),
            (Problem::invalid("x").coded(415), 415),
            (Problem::invalid("x").coded(codes::STORAGE_URI_MISSING), 400),
            (Problem::new(ProblemKind::Unauthenticated, codes::UNAUTHENTICATED, "x"), 401),
            (Problem::new(ProblemKind::Forbidden, codes::FORBIDDEN, "x"), 403),
            (Problem::not_found("x"), 404),
            (Problem::refused(codes::LOGICAL_IS_FULL_ONLY, "x"), 409),
            (Problem::conflict("x"), 409),
            (Problem::new(ProblemKind::LockedOut, codes::LOCKED_OUT, "x"), 429),
            (Problem::internal("x"), 500),
            (Problem::outside("x"), 502),
        ];
        for (problem, expected) in cases {
            assert_eq!(status(&problem).as_u16(), expected, "{problem:?}");
        }
    }
}
