//! OCP's envelope of every answer.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use control::Page;
use serde::Serialize;
use utoipa::ToSchema;

use crate::call;

/// An answer with content.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Envelope<T> {
    /// The request.
    data: T,
    /// Always true here; false in answers with an `error`.
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

/// The successful answer of a handler: 200 and the envelope.
pub(crate) struct Answer<T>(pub(crate) T);

impl<T: Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        let call = call::current();
        let envelope = Envelope {
            data: self.0,
            successful: true,
            timestamp: call::now().to_rfc3339(),
            duration: call.duration_ms(),
            status: StatusCode::OK.as_u16(),
            trace_id: call.trace_id,
            server: call.server.to_string(),
        };
        Json(envelope).into_response()
    }
}

/// One page of a list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct List<T> {
    /// Its rows.
    contents: Vec<T>,
    /// The page.
    page: ListPage,
}

/// The position of a page.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListPage {
    /// The page number, from 1.
    number: u32,
    /// The maximum number of rows per page.
    size: u32,
    /// The number of rows on all pages.
    total_elements: u64,
    /// The number of pages.
    total_pages: u64,
}

impl<T> List<T> {
    /// Converts a page of `control` to a page of views.
    pub(crate) fn of<U>(page: Page<U>) -> Self
    where
        T: From<U>,
    {
        let total_pages = page.total_pages();
        let Page { contents, number, size, total_elements } = page;
        Self {
            contents: contents.into_iter().map(T::from).collect(),
            page: ListPage { number, size, total_elements, total_pages },
        }
    }

    /// Returns the rows and their page, for an answer with further fields.
    pub(crate) fn into_parts(self) -> (Vec<T>, ListPage) {
        (self.contents, self.page)
    }

    /// Converts a list without paging to views on a single page.
    pub(crate) fn whole<U>(all: Vec<U>) -> Self
    where
        T: From<U>,
    {
        let size = u32::try_from(all.len()).unwrap_or(u32::MAX);
        let page = ListPage { number: 1, size, total_elements: all.len() as u64, total_pages: 1 };
        Self { contents: all.into_iter().map(T::from).collect(), page }
    }
}

/// An answer without content.
#[derive(Serialize, ToSchema)]
pub(crate) struct Done {}
