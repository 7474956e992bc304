//! Reading a request: JSON, query, path. An unreadable request is answered in the envelope, with the reason: 422 if a
//! value does not have the expected type, 400 if it has the right type and breaks a rule.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use axum::body::HttpBody as _;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, OptionalFromRequest, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use model::Problem;
use model::order::IdempotencyKey;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use tokio::time::timeout;

use crate::error::Failure;

/// How long the body of a request may take.
const BODY_MAX: Duration = Duration::from_secs(30);

/// The body, as JSON.
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        read_json(request, state).await.map(|Object(body)| Self(body))
    }
}

impl<S: Send + Sync, T: DeserializeOwned> OptionalFromRequest<S> for Body<T> {
    type Rejection = Failure;

    /// Returns none for a request without a body, whatever its content type, and for the body `null`.
    async fn from_request(request: Request, state: &S) -> Result<Option<Self>, Failure> {
        if request.body().is_end_stream() || !request.headers().contains_key(CONTENT_TYPE) {
            return Ok(None);
        }
        let body: Option<Object<T>> = read_json(request, state).await?;
        Ok(body.map(|Object(body)| Self(body)))
    }
}

/// Reads the whole body, for at most `BODY_MAX`.
async fn read_json<S: Send + Sync, T: DeserializeOwned>(request: Request, state: &S) -> Result<T, Failure> {
    let read = timeout(BODY_MAX, <axum::Json<T> as FromRequest<S>>::from_request(request, state)).await;
    let read = read.map_err(|_| {
        let code = u32::from(StatusCode::REQUEST_TIMEOUT.as_u16());
        Problem::invalid("body-too-slow").with("seconds", BODY_MAX.as_secs()).coded(code)
    })?;
    let axum::Json(body) = read.map_err(|rejection| {
        let id = match &rejection {
            JsonRejection::JsonDataError(_) => "body-of-wrong-shape",
            JsonRejection::MissingJsonContentType(_) => "body-not-json",
            JsonRejection::BytesRejection(_) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                "body-too-long"
            }
            _ => "body-malformed",
        };
        unreadable(id, rejection.status(), &rejection)
    })?;
    Ok(body)
}

/// The content of a JSON object. serde alone would also accept an array for a struct: field by field, in order.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData)).map(Self)
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

/// The query string. Its name is not `Query`, because utoipa would treat it as axum's type and describe it twice.
pub(crate) struct Parameters<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Parameters<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let axum::extract::Query(query) = axum::extract::Query::from_request_parts(parts, state)
            .await
            .map_err(|rejection: QueryRejection| {
                unreadable("query-malformed", StatusCode::UNPROCESSABLE_ENTITY, &rejection)
            })?;
        Ok(Self(query))
    }
}

/// A parameter of the path.
pub(crate) struct Path<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let axum::extract::Path(path) = axum::extract::Path::from_request_parts(parts, state).await.map_err(
            |rejection: PathRejection| {
                unreadable("path-malformed", StatusCode::UNPROCESSABLE_ENTITY, &rejection)
            },
        )?;
        Ok(Self(path))
    }
}

/// The header with the idempotency key: a request that is sent again is carried out only once.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// The key of a request that makes a task, if the caller gave one.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Header)]
pub(crate) struct Repeatable {
    /// A key that you choose, of up to 255 visible ASCII characters. Sent again within seven days, the same request
    /// returns the first task; a different request with the key is refused with 409.
    #[param(value_type = Option<String>, rename = "Idempotency-Key")]
    key: Option<IdempotencyKey>,
}

impl Repeatable {
    /// Returns the key, if the caller gave one.
    pub(crate) fn key(&self) -> Option<&IdempotencyKey> {
        self.key.as_ref()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Repeatable {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        // Non-ASCII becomes a character that no key may contain.
        let text = parts.headers.get(IDEMPOTENCY_KEY).map(|value| value.to_str().unwrap_or_default());
        Ok(Self { key: text.map(IdempotencyKey::new).transpose()? })
    }
}

/// Returns the failure for the innermost error, which has the position and the expected value.
fn unreadable(id: &str, status: StatusCode, rejection: &dyn std::error::Error) -> Failure {
    let mut innermost = rejection;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    Problem::invalid(id).with("detail", innermost).coded(u32::from(status.as_u16())).into()
}

#[cfg(test)]
mod tests {
    use axum::extract::{FromRequest as _, Request};

    use super::Body;

    #[derive(serde::Deserialize)]
    struct Named {
        name: Option<String>,
    }

    async fn read(body: &'static str) -> Result<Option<String>, axum::http::StatusCode> {
        let request = Request::post("/").header("content-type", "application/json").body(body.into());
        let read = Body::<Named>::from_request(request.expect("a request"), &()).await;
        let refused = |failure| axum::response::IntoResponse::into_response(failure).status();
        read.map(|Body(named)| named.name).map_err(refused)
    }

    #[tokio::test]
    async fn a_body_is_an_object_and_never_the_list_of_its_fields() {
        assert_eq!(read(r#"{"name": "shop"}"#).await, Ok(Some("shop".to_owned())));
        for body in [r#"["shop"]"#, "[null, null]", "[]", "null", "1"] {
            assert_eq!(read(body).await.map_err(|status| status.as_u16()), Err(422), "{body}");
        }
    }

    #[tokio::test]
    async fn a_body_that_may_be_missing_may_be_null_but_not_a_list() {
        let cases = [("null", Ok(false)), ("{}", Ok(true)), ("[]", Err(422)), ("[null]", Err(422))];
        for (body, expected) in cases {
            let request = Request::post("/").header("content-type", "application/json").body(body.into());
            let request: Request = request.expect("a request");
            let read =
                <Option<Body<Named>> as axum::extract::FromRequest<()>>::from_request(request, &()).await;
            let refused = |failure| axum::response::IntoResponse::into_response(failure).status().as_u16();
            assert_eq!(read.map(|body| body.is_some()).map_err(refused), expected, "{body}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_comes_to_its_end_is_not_waited_for() {
        let body = axum::body::Body::from_stream(futures::stream::pending::<Result<&str, std::io::Error>>());
        let request = Request::post("/").header("content-type", "application/json").body(body);
        let read = Body::<Named>::from_request(request.expect("a request"), &()).await;
        assert_eq!(axum::response::IntoResponse::into_response(read.err().expect("refused")).status(), 408);
    }
}
