//! The connection to an object store, one per location, created from the user's path, endpoint and key.
//!
//! | kind | endpoint, for example | key id | secret |
//! |---|---|---|---|
//! | S3 | `https://s3.eu-west-1.amazonaws.com`, `http://minio:9000?region=here` | access key id | secret access key |
//! | OSS | `oss-cn-hangzhou.aliyuncs.com` | AccessKey id | AccessKey secret |
//! | COS | `cos.ap-guangzhou.myqcloud.com` | secret id | secret key |
//! | OBS | `obs.cn-north-4.myhuaweicloud.com` | access key id | secret access key |
//! | GCS | `https://storage.googleapis.com` | the service account's address | its key file's content |
//! | Azure | `https://<account>.blob.core.windows.net` | account | account key, or a SAS token |

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use model::Secret;
use model::storage::{StorageLocation, StorageType};
use opendal::layers::{RetryEvent, RetryLayer, TimeoutLayer};
use opendal::services::{Azblob, Cos, Gcs, Obs, Oss, S3};
use opendal::{HttpTransporter, OperationContext, Operator};
use url::Url;

use super::uploads::Uploads;
use super::{Net, answer};
use crate::error::{Error, ErrorKind};

/// The timeout of one request, and of sending one part: 8 MiB at 70 KiB/s.
const REQUEST_LIMIT: Duration = Duration::from_secs(120);

/// The number of retries of a request, and the waits before them: 0.5, 1, 2 and 4 seconds, plus jitter.
const RETRIES: usize = 4;
const RETRY_WAIT: Duration = Duration::from_millis(500);
const RETRY_WAIT_MAX: Duration = Duration::from_secs(8);

/// An object store, opened.
pub(super) struct Service {
    /// Retries requests after transient failures.
    pub(super) patient: Operator,
    /// Does not retry: for requests that have another meaning the second time.
    pub(super) single: Operator,
    /// The unfinished uploads, if the service can list them.
    pub(super) uploads: Option<Uploads>,
    /// `s3://bucket`.
    pub(super) place: String,
    /// Whether the bucket is known to exist.
    seen: AtomicBool,
    /// The secret, which messages must not contain.
    secret: Option<Secret>,
}

impl std::fmt::Debug for Service {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Service({})", self.place)
    }
}

impl Service {
    pub(super) fn new(
        location: &StorageLocation,
        bucket: &str,
        secret: Option<&Secret>,
        net: &Arc<Net>,
    ) -> Result<Self, Error> {
        Self::with_transport(location, bucket, secret, net, net.transport()?)
    }

    pub(super) fn with_transport(
        location: &StorageLocation,
        bucket: &str,
        secret: Option<&Secret>,
        net: &Net,
        transport: HttpTransporter,
    ) -> Result<Self, Error> {
        let place = format!("{}://{bucket}", location.kind.scheme());
        let address = Address::read(location.endpoint.as_deref().unwrap_or_default(), net)?;
        let id = location.access_key_id.as_deref().unwrap_or_default();
        let key = Key { id, secret: secret.map_or("", Secret::expose) };
        if key.id.is_empty() || key.secret.is_empty() {
            return Err(Error::new(ErrorKind::KeyMissing, "use the storage", &place));
        }
        let built = build(location, bucket, &address, key, &place)?;
        let context = OperationContext::new().with_http_transport(transport.clone());
        let single = built
            .with_context(context)
            .layer(TimeoutLayer::new().with_timeout(REQUEST_LIMIT).with_io_timeout(REQUEST_LIMIT));
        let retry = RetryLayer::new()
            .with_jitter()
            .with_max_times(RETRIES)
            .with_min_delay(RETRY_WAIT)
            .with_max_delay(RETRY_WAIT_MAX)
            .with_notify(note_retry);
        let patient = single.clone().layer(retry);
        let uploads = (location.kind == StorageType::S3)
            .then(|| Uploads::new(&address, bucket, key, &place, transport, secret.cloned()));
        Ok(Self { patient, single, uploads, place, seen: AtomicBool::new(false), secret: secret.cloned() })
    }

    /// Returns whether the service itself can refuse to overwrite an object.
    pub(super) fn can_put_new(&self) -> bool {
        self.single.info().capability().write_with_if_not_exists
    }

    /// Returns whether the bucket is known to exist.
    pub(super) fn has_seen_bucket(&self) -> bool {
        self.seen.load(Ordering::Relaxed)
    }

    pub(super) fn saw_bucket(&self) {
        self.seen.store(true, Ordering::Relaxed);
    }

    /// Turns a service's answer into an error, and removes the secret if the service repeats it.
    pub(super) fn error(&self, verb: &'static str, place: &str, cause: &opendal::Error) -> Error {
        answer::error(verb, place, cause, self.secret.as_ref())
    }
}

/// The credentials.
#[derive(Clone, Copy)]
pub(super) struct Key<'a> {
    pub(super) id: &'a str,
    pub(super) secret: &'a str,
}

/// The address of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    /// Scheme, host and port.
    pub(super) url: String,
    pub(super) host: String,
    /// The region, from the endpoint's query or host name.
    pub(super) region: String,
}

/// The region of S3 services that have none.
const NO_REGION: &str = "us-east-1";

impl Address {
    /// Reads an endpoint: a host, with or without a scheme; for S3, it may end in `?region=`.
    pub(super) fn read(endpoint: &str, net: &Net) -> Result<Self, Error> {
        let malformed = || Error::new(ErrorKind::EndpointMalformed, "use the endpoint", &shown(endpoint));
        let text = endpoint.trim();
        let text = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        let url = Url::parse(&text).map_err(|_| malformed())?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        if !matches!(url.scheme(), "http" | "https") || host.is_empty() || !plain || url.path() != "/" {
            return Err(malformed());
        }
        net.check_host(&url).map_err(|refused| {
            Error::new(ErrorKind::AddressRefused, "use the endpoint", &shown(endpoint))
                .because(std::io::Error::other(refused))
        })?;
        let mut region = region_of(&host);
        for (name, value) in url.query_pairs() {
            if name != "region" || value.is_empty() {
                return Err(malformed());
            }
            region = Some(value.into_owned());
        }
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let region = region.unwrap_or_else(|| NO_REGION.to_owned());
        Ok(Self { url: format!("{}://{host}{port}", url.scheme()), host, region })
    }

    /// Returns whether the service expects the bucket's name before its own, as these clouds do.
    pub(super) fn has_bucket_in_name(&self, bucket: &str) -> bool {
        let clouds = [".amazonaws.com", ".amazonaws.com.cn", ".aliyuncs.com", ".myqcloud.com"];
        clouds.iter().any(|cloud| self.host.ends_with(cloud)) && !bucket.contains('.')
    }
}

/// Returns an endpoint that is safe to show: a user may have typed a password into it.
fn shown(endpoint: &str) -> String {
    model::storage::mask_uri(&if endpoint.contains("://") {
        endpoint.to_owned()
    } else {
        format!("https://{endpoint}")
    })
}

/// Returns the region in a host name: `s3.<region>.…`, `s3-<region>.…`.
fn region_of(host: &str) -> Option<String> {
    let mut labels = host.split('.');
    let service = labels.find(|label| *label == "s3" || label.starts_with("s3-"))?;
    let rest: Vec<&str> = labels.filter(|label| *label != "dualstack").collect();
    match service.strip_prefix("s3-") {
        Some(region) => Some(region.to_owned()),
        None => (rest.len() >= 3).then(|| rest[0].to_owned()), // the last two are the provider's domain
    }
}

fn build(
    location: &StorageLocation,
    bucket: &str,
    address: &Address,
    key: Key<'_>,
    place: &str,
) -> Result<Operator, Error> {
    let operator = match location.kind {
        StorageType::File => unreachable!("`Client` keeps directories elsewhere"),
        StorageType::S3 => Operator::new(s3(bucket, address, key)),
        StorageType::Oss => Operator::new(
            Oss::default()
                .bucket(bucket)
                .endpoint(&address.url)
                .access_key_id(key.id)
                .access_key_secret(key.secret),
        ),
        StorageType::Cos => Operator::new(
            Cos::default()
                .bucket(&cos_bucket(bucket, location.app_id.as_deref()))
                .endpoint(&address.url)
                .secret_id(key.id)
                .secret_key(key.secret)
                .disable_config_load(),
        ),
        StorageType::Obs => Operator::new(
            Obs::default()
                .bucket(bucket)
                .endpoint(&address.url)
                .access_key_id(key.id)
                .secret_access_key(key.secret),
        ),
        StorageType::Gcs => Operator::new(gcs(bucket, address, key, place)?),
        StorageType::Azblob => Operator::new(azblob(bucket, address, key)),
    };
    operator.map_err(|cause| {
        let secret = Secret::new(key.secret);
        answer::error("use the storage", place, &cause, Some(&secret))
    })
}

fn s3(bucket: &str, address: &Address, key: Key<'_>) -> S3 {
    let service = S3::default()
        .bucket(bucket)
        .endpoint(&address.url)
        .region(&address.region)
        .access_key_id(key.id)
        .secret_access_key(key.secret)
        // Buckets with object lock refuse uploads without a checksum.
        .checksum_algorithm("crc32c")
        // The key comes from the user, never from local files.
        .disable_config_load()
        .disable_ec2_metadata();
    if address.has_bucket_in_name(bucket) { service.enable_virtual_host_style() } else { service }
}

/// Returns the full name of a bucket: on Tencent Cloud, it ends with the app ID.
fn cos_bucket(bucket: &str, app_id: Option<&str>) -> String {
    match app_id.map(str::trim).filter(|id| !id.is_empty()) {
        Some(id) if !bucket.ends_with(&format!("-{id}")) => format!("{bucket}-{id}"),
        _ => bucket.to_owned(),
    }
}

/// The type of key file that contains a private key.
const SERVICE_ACCOUNT: &str = "service_account";

fn gcs(bucket: &str, address: &Address, key: Key<'_>, place: &str) -> Result<Gcs, Error> {
    use base64::Engine as _;
    let field = |file: &serde_json::Value, name: &str| file[name].as_str().map(str::to_owned);
    let malformed = || Error::new(ErrorKind::KeyFileMalformed, "use the storage", place);
    let file: serde_json::Value = serde_json::from_str(key.secret).map_err(|_| malformed())?;
    let is_ours = field(&file, "type").is_some_and(|kind| kind == SERVICE_ACCOUNT)
        && field(&file, "client_email").is_some_and(|email| email == key.id);
    let private_key = field(&file, "private_key").filter(|_| is_ours).ok_or_else(malformed)?;
    // No other fields of the file are used: other types name files, commands and addresses as sources of a
    // credential.
    let account =
        serde_json::json!({ "type": SERVICE_ACCOUNT, "client_email": key.id, "private_key": private_key });
    let credential = base64::engine::general_purpose::STANDARD.encode(account.to_string());
    Ok(Gcs::default()
        .bucket(bucket)
        .endpoint(&address.url)
        .credential(&credential)
        .disable_vm_metadata()
        .disable_config_load())
}

fn azblob(container: &str, address: &Address, key: Key<'_>) -> Azblob {
    let service = Azblob::default().container(container).endpoint(&address.url).account_name(key.id);
    match key.secret.strip_prefix('?').unwrap_or(key.secret) {
        token if token.contains("sig=") => service.sas_token(token),
        account_key => service.account_key(account_key),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the layer hands it over so")]
fn note_retry(event: RetryEvent<'_>) {
    // Without the error's own text, which may contain the whole request.
    tracing::debug!(operation = %event.op, kind = %event.err.kind(), attempt = event.attempt, "a request is repeated");
}

#[cfg(test)]
mod tests {
    use model::egress::Egress;
    use model::limits::Limits;

    use super::{Address, Net, cos_bucket};
    use crate::error::ErrorKind;

    fn read(endpoint: &str) -> Result<Address, crate::Error> {
        Address::read(endpoint, &Net::new(Egress::default(), Limits::default()))
    }

    #[test]
    fn an_endpoint_contains_the_address_and_the_region() {
        let cases = [
            ("s3.eu-west-1.amazonaws.com", "https://s3.eu-west-1.amazonaws.com", "eu-west-1"),
            ("https://s3.amazonaws.com", "https://s3.amazonaws.com", "us-east-1"),
            ("s3.cn-north-1.amazonaws.com.cn", "https://s3.cn-north-1.amazonaws.com.cn", "cn-north-1"),
            ("s3-eu-central-1.amazonaws.com", "https://s3-eu-central-1.amazonaws.com", "eu-central-1"),
            (
                "https://s3.dualstack.eu-west-1.amazonaws.com/",
                "https://s3.dualstack.eu-west-1.amazonaws.com",
                "eu-west-1",
            ),
            ("http://minio:9000", "http://minio:9000", "us-east-1"),
            ("http://minio:9000/?region=here", "http://minio:9000", "here"),
            ("s3.fr-par.scw.cloud", "https://s3.fr-par.scw.cloud", "fr-par"),
            ("s3.example.com", "https://s3.example.com", "us-east-1"),
            (" 127.0.0.1:8333 ", "https://127.0.0.1:8333", "us-east-1"),
            ("oss-cn-hangzhou.aliyuncs.com", "https://oss-cn-hangzhou.aliyuncs.com", "us-east-1"),
        ];
        for (endpoint, url, region) in cases {
            let address = read(endpoint).expect(endpoint);
            assert_eq!((address.url.as_str(), address.region.as_str()), (url, region), "{endpoint}");
        }
    }

    #[test]
    fn an_endpoint_that_is_none_is_refused_without_its_password() {
        for endpoint in
            ["", "ftp://host", "https://", "https://host/path", "host?x=y", "http://k:hunter2@host"]
        {
            let error = read(endpoint).expect_err(endpoint);
            assert_eq!(*error.kind(), ErrorKind::EndpointMalformed, "{endpoint}");
            assert!(!format!("{error:?} {error}").contains("hunter2"));
        }
    }

    #[test]
    fn a_bucket_of_cos_ends_with_the_account_once() {
        assert_eq!(cos_bucket("backup", Some("1250000000")), "backup-1250000000");
        assert_eq!(cos_bucket("backup-1250000000", Some("1250000000")), "backup-1250000000");
        assert_eq!(cos_bucket("backup-1250000000", None), "backup-1250000000");
    }
}
