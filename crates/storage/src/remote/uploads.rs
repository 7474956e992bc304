//! Unfinished uploads: a writer that crashes leaves its parts, which no listing of objects shows and which cost
//! money. OpenDAL does not list them, so the requests are our own.
//!
//! Only S3 services are queried. Google Cloud and Azure remove such parts after a week; OSS, COS and OBS need a rule
//! of the bucket (`docs/operate/storage.md`).

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Method, Request};
use model::{Secret, Timestamp};
use opendal::{Buffer, HttpTransporter};
use reqsign_aws_v4::{Credential, RequestSigner, StaticCredentialProvider};
use reqsign_core::{Context, Signer};
use serde::Deserialize;
use url::Url;

use super::answer;
use super::service::{Address, Key};
use crate::error::{Error, ErrorKind};

/// The maximum number of pages of a list, each with a thousand uploads.
const PAGES_MAX: usize = 1_000;

/// The maximum number of unfinished uploads in memory; the next clearing finds the rest.
const UPLOADS_MAX: usize = 100_000;

/// The unfinished uploads of a bucket.
pub(super) struct Uploads {
    bucket_url: String,
    place: String,
    signer: Signer<Credential>,
    transport: HttpTransporter,
    secret: Option<Secret>,
}

/// A page of the list, in S3's format.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Page {
    upload: Vec<Upload>,
    is_truncated: bool,
    next_key_marker: String,
    next_upload_id_marker: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Upload {
    key: String,
    upload_id: String,
    initiated: String,
}

/// The parts of one upload.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Parts {
    part: Vec<Part>,
    is_truncated: bool,
    next_part_number_marker: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Part {
    last_modified: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Refusal {
    code: String,
    message: String,
}

impl Uploads {
    pub(super) fn new(
        address: &Address,
        bucket: &str,
        key: Key<'_>,
        place: &str,
        transport: HttpTransporter,
        secret: Option<Secret>,
    ) -> Self {
        let bucket_url = match (address.has_bucket_in_name(bucket), address.url.split_once("://")) {
            (true, Some((scheme, host))) => format!("{scheme}://{bucket}.{host}"),
            _ => format!("{}/{bucket}", address.url),
        };
        let provider = StaticCredentialProvider::new(key.id, key.secret);
        let signer = Signer::new(Context::new(), provider, RequestSigner::new("s3", &address.region));
        Self { bucket_url, place: place.to_owned(), signer, transport, secret }
    }

    /// Aborts the uploads of objects with this prefix if nothing was sent for this long; returns their number.
    pub(super) async fn clear(&self, prefix: &str, older_than: Duration) -> Result<u64, Error> {
        let mut cleared = 0;
        for upload in self.list(prefix).await? {
            if older_than.is_zero() || self.last_sent(&upload).await? + older_than <= now() {
                self.send(Method::DELETE, &upload.key, &[("uploadId", &upload.upload_id)]).await?;
                cleared += 1;
            }
        }
        Ok(cleared)
    }

    async fn list(&self, prefix: &str) -> Result<Vec<Upload>, Error> {
        let mut found = Vec::new();
        let mut after = (String::new(), String::new());
        for _ in 0..PAGES_MAX {
            let mut query = vec![("prefix", prefix), ("uploads", "")];
            if !after.0.is_empty() {
                query.extend([("key-marker", after.0.as_str()), ("upload-id-marker", after.1.as_str())]);
            }
            let page: Page = self.read("", &query).await?;
            // Some services treat the prefix only as a hint.
            found.extend(page.upload.into_iter().filter(|upload| upload.key.starts_with(prefix)));
            if !page.is_truncated || found.len() >= UPLOADS_MAX {
                break;
            }
            after = (page.next_key_marker, page.next_upload_id_marker);
        }
        Ok(found)
    }

    /// Returns when the last part arrived; if there is none yet, when the upload started.
    async fn last_sent(&self, upload: &Upload) -> Result<Duration, Error> {
        let mut last = self.moment(&upload.initiated)?;
        let mut after = String::new();
        for _ in 0..PAGES_MAX {
            let mut query = vec![("uploadId", upload.upload_id.as_str())];
            if !after.is_empty() {
                query.push(("part-number-marker", after.as_str()));
            }
            let parts: Parts = match self.read(&upload.key, &query).await {
                Ok(parts) => parts,
                Err(error) if *error.kind() == ErrorKind::Missing => break, // it ended in the meantime
                Err(error) => return Err(error),
            };
            for part in &parts.part {
                last = last.max(self.moment(&part.last_modified)?);
            }
            if !parts.is_truncated {
                break;
            }
            after = parts.next_part_number_marker;
        }
        Ok(last)
    }

    /// Reads a time such as `2026-11-22T22:12:34.000Z`, as the time since 1970.
    fn moment(&self, text: &str) -> Result<Duration, Error> {
        let read = Timestamp::from_rfc3339(text);
        let micros = read.and_then(|moment| u64::try_from(moment.0).ok());
        micros.map(Duration::from_micros).ok_or_else(|| self.odd(&format!("`{text}` is no moment")))
    }

    async fn read<T: for<'de> Deserialize<'de>>(
        &self,
        key: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Error> {
        let body = self.send(Method::GET, key, query).await?;
        let text = String::from_utf8_lossy(&body).into_owned();
        quick_xml::de::from_str(&text).map_err(|cause| self.odd(&cause.to_string()))
    }

    /// Sends a request without a body and returns the body of the answer. Deleting something that no longer exists
    /// succeeds.
    async fn send(&self, method: Method, key: &str, query: &[(&str, &str)]) -> Result<Bytes, Error> {
        let deletes = method == Method::DELETE;
        let request = self.signed(method, key, query).await?;
        let answer = match self.transport.send(request).await {
            Ok(answer) => answer,
            Err(cause) => {
                return Err(answer::error(
                    "look for unfinished objects",
                    &self.place,
                    &cause,
                    self.secret.as_ref(),
                ));
            }
        };
        let status = answer.status();
        let body = answer.into_body().to_bytes();
        if status.is_success() || (deletes && status == http::StatusCode::NOT_FOUND) {
            return Ok(body);
        }
        let refusal: Refusal = quick_xml::de::from_str(&String::from_utf8_lossy(&body)).unwrap_or_default();
        let words = format!("{}: {}", refusal.code, refusal.message);
        let place = format!("{}/{key}", self.place);
        let verb = "look for unfinished objects";
        Err(answer::error_of_code(verb, place.trim_end_matches('/'), status.as_u16(), &refusal.code, &words))
    }

    async fn signed(
        &self,
        method: Method,
        key: &str,
        query: &[(&str, &str)],
    ) -> Result<Request<Buffer>, Error> {
        let mut url = Url::parse(&self.bucket_url).map_err(|cause| self.odd(&cause.to_string()))?;
        if !key.is_empty()
            && let Ok(mut path) = url.path_segments_mut()
        {
            path.pop_if_empty().extend(key.split('/'));
        }
        // S3 signs `%20`, not the `+` of forms.
        let query: Vec<String> =
            query.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        url.set_query(Some(&query.join("&")));
        let request = Request::builder()
            .method(method)
            .uri(url.as_str())
            .header("x-amz-content-sha256", EMPTY_SHA256)
            .body(Buffer::new())
            .map_err(|cause| self.odd(&cause.to_string()))?;
        let (mut parts, body) = request.into_parts();
        self.signer.sign(&mut parts, None).await.map_err(|cause| self.odd(&cause.to_string()))?;
        parts.headers.remove(http::header::HOST); // the client sets it, once
        Ok(Request::from_parts(parts, body))
    }

    fn odd(&self, why: &str) -> Error {
        let error = Error::new(ErrorKind::Other, "look for unfinished objects", &self.place);
        error.because(std::io::Error::other(why.to_owned()))
    }
}

/// The digest of an empty body.
const EMPTY_SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn encoded(value: &str) -> String {
    let form: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
    form.replace('+', "%20").replace('*', "%2A").replace("%7E", "~")
}

fn now() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}
