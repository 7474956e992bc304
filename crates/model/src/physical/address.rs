//! The form of a storage in a statement of OceanBase: one row per kind, with the versions that support it.
//!
//! `oss://bucket/path?host=…&access_id=…&access_key=…`; a directory has nothing after its path.

use std::fmt::Write as _;

use crate::problem::{Problem, codes};
use crate::secret::Secret;
use crate::storage::{StorageLocation, StorageType};
use crate::version::{ServerVersion, Version};

/// The versions that support a kind of storage, as half-open ranges; several if support was missing in between.
const KNOWN: [(StorageType, &[(Version, Version)]); 7] = [
    (StorageType::File, &[(Version::new(0, 0, 0), END)]),
    (StorageType::Oss, &[(Version::new(0, 0, 0), END)]),
    (StorageType::Cos, &[(Version::new(0, 0, 0), Version::new(4, 0, 0)), (Version::new(4, 2, 1), END)]),
    (StorageType::S3, S3),
    (StorageType::Obs, S3),
    (StorageType::Gcs, S3),
    (StorageType::Azblob, AZBLOB),
];

/// S3 was added in a bundle patch of 4.2.1; 4.2.2 to 4.2.4 belong to another release line and lack it.
const S3: &[(Version, Version)] =
    &[(Version::of([4, 2, 1, 7]), Version::new(4, 2, 2)), (Version::new(4, 2, 5), END)];

/// Azure was added in bundle patches of 4.2.5 and 4.3.5.
const AZBLOB: &[(Version, Version)] =
    &[(Version::of([4, 2, 5, 6]), Version::new(4, 3, 0)), (Version::of([4, 3, 5, 3]), END)];

/// Later than any version.
const END: Version = Version::new(u32::MAX, 0, 0);

/// The host of Google Cloud Storage for S3 clients.
const GCS_HOST: &str = "https://storage.googleapis.com";

/// Returns the address for a statement, including keys; it must never be shown.
///
/// # Errors
/// Names what is missing, what the version does not support, and what can't be written in an address.
pub fn written(
    location: &StorageLocation,
    secret: Option<&Secret>,
    server: &ServerVersion,
) -> Result<Secret, Problem> {
    let kind = location.kind;
    let known = KNOWN.iter().find(|(other, _)| *other == kind).map_or(&[][..], |(_, spans)| spans);
    if !known.iter().any(|(from, before)| server.version >= *from && server.version < *before) {
        let refusal = Problem::refused(codes::PATH_NOT_SET, "physical-storage-unknown");
        return Err(refusal.with("storage", kind.scheme()).with("server", server));
    }
    plain("path", &location.path)?;
    if kind == StorageType::File {
        return Ok(Secret::new(location.uri()));
    }
    let location = location.clone().checked()?;
    let secret = secret.map(Secret::expose).filter(|secret| !secret.is_empty()).ok_or_else(|| {
        Problem::invalid("storage-key-secret-missing").coded(codes::STORAGE_KEY_SECRET_MISSING)
    })?;
    let options = options(&location)?;
    let scheme = match kind {
        StorageType::Obs | StorageType::Gcs => StorageType::S3.scheme(),
        kind => kind.scheme(),
    };
    let mut address = format!("{scheme}://{}", location.path);
    let key_id = location.access_key_id.as_deref().unwrap_or_default();
    let keys = [("access_id", key_id.to_owned()), ("access_key", secret.to_owned())];
    let (host, rest) = options.split_first().expect("the host is always the first");
    let pairs = std::iter::once(host).chain(&keys).chain(rest);
    for (place, (name, value)) in pairs.enumerate() {
        plain(name, value)?;
        let sign = if place == 0 { '?' } else { '&' };
        write!(address, "{sign}{name}={value}").expect("a String takes everything");
    }
    Ok(Secret::new(address))
}

/// Returns the address without keys, as views show it.
#[must_use]
pub fn shown(location: &StorageLocation) -> String {
    match location.kind {
        StorageType::Obs | StorageType::Gcs => format!("{}://{}", StorageType::S3.scheme(), location.path),
        _ => location.uri(),
    }
}

/// Returns the host and the other options that the kind needs.
fn options(location: &StorageLocation) -> Result<Vec<(&'static str, String)>, Problem> {
    let endpoint = location.endpoint.as_deref().unwrap_or_default().trim_end_matches('/');
    let host = bare_host(endpoint);
    Ok(match location.kind {
        StorageType::Cos => {
            let app_id = location.app_id.clone().filter(|id| !id.is_empty());
            let app_id = app_id.ok_or_else(|| Problem::invalid("storage-app-id-missing"))?;
            vec![("host", host.to_owned()), ("appid", app_id)]
        }
        StorageType::S3 => s3_options(endpoint),
        StorageType::Gcs => vec![("host", GCS_HOST.to_owned())],
        _ => vec![("host", host.to_owned())],
    })
}

/// Amazon requires the region, which its host contains. Others are compatible services; a host that is an IP address
/// or has a port can't have the bucket's name before it.
fn s3_options(endpoint: &str) -> Vec<(&'static str, String)> {
    let host = bare_host(endpoint);
    if let Some(region) = amazon_region(host) {
        return vec![("host", host.to_owned()), ("s3_region", region.to_owned())];
    }
    // The scheme shows whether the connection is encrypted, so it is kept.
    let mut options = vec![("host", endpoint.to_owned())];
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    if host.contains(':') || name.chars().all(|c| c.is_ascii_digit() || c == '.') {
        options.push(("addressing_model", "path_style".to_owned()));
    }
    options
}

fn amazon_region(host: &str) -> Option<&str> {
    let name = host.strip_suffix(".amazonaws.com").or_else(|| host.strip_suffix(".amazonaws.com.cn"))?;
    name.strip_prefix("s3.").or_else(|| name.strip_prefix("s3-")).filter(|region| !region.is_empty())
}

fn bare_host(endpoint: &str) -> &str {
    endpoint.split_once("://").map_or(endpoint, |(_, host)| host)
}

/// Refuses values that would be parsed as another option or end the address, because they cannot be escaped.
fn plain(name: &str, value: &str) -> Result<(), Problem> {
    let is_unfit =
        |c: char| matches!(c, '&' | '?' | ',' | '\'' | '"' | '\\') || c.is_whitespace() || c.is_control();
    match value.find(is_unfit) {
        None => Ok(()),
        Some(_) => Err(Problem::invalid("storage-value-unwritable").with("option", name)),
    }
}

#[cfg(test)]
mod tests {
    use super::{shown, written};
    use crate::Secret;
    use crate::storage::{StorageLocation, StorageType};
    use crate::version::{Product, ServerVersion};

    fn server(version: &str) -> ServerVersion {
        let version = version.parse().expect("a version");
        ServerVersion { product: Product::Oceanbase, version, community: false }
    }

    fn location(kind: StorageType, endpoint: &str) -> StorageLocation {
        StorageLocation {
            kind,
            path: "bucket/dir".to_owned(),
            endpoint: Some(endpoint.to_owned()),
            access_key_id: Some("AK".to_owned()),
            app_id: (kind == StorageType::Cos).then(|| "125".to_owned()),
        }
    }

    #[test]
    fn each_kind_is_written_as_oceanbase_reads_it() {
        use StorageType::{Azblob, Cos, Gcs, Obs, Oss, S3};
        let cases = [
            (
                Oss,
                "oss-cn-x.aliyuncs.com",
                "oss://bucket/dir?host=oss-cn-x.aliyuncs.com&access_id=AK&access_key=SK",
            ),
            (
                Oss,
                "https://oss-cn-x.aliyuncs.com/",
                "oss://bucket/dir?host=oss-cn-x.aliyuncs.com&access_id=AK&access_key=SK",
            ),
            (
                Cos,
                "cos.x.myqcloud.com",
                "cos://bucket/dir?host=cos.x.myqcloud.com&access_id=AK&access_key=SK&appid=125",
            ),
            (
                S3,
                "s3.eu-west-1.amazonaws.com",
                "s3://bucket/dir?host=s3.eu-west-1.amazonaws.com&access_id=AK&access_key=SK&s3_region=eu-west-1",
            ),
            (
                S3,
                "http://10.0.0.9:9000",
                "s3://bucket/dir?host=http://10.0.0.9:9000&access_id=AK&access_key=SK&addressing_model=path_style",
            ),
            (S3, "s3.example.org", "s3://bucket/dir?host=s3.example.org&access_id=AK&access_key=SK"),
            (
                Obs,
                "obs.x.myhuaweicloud.com",
                "s3://bucket/dir?host=obs.x.myhuaweicloud.com&access_id=AK&access_key=SK",
            ),
            (
                Gcs,
                "ignored",
                "s3://bucket/dir?host=https://storage.googleapis.com&access_id=AK&access_key=SK",
            ),
            (
                Azblob,
                "x.blob.core.windows.net",
                "azblob://bucket/dir?host=x.blob.core.windows.net&access_id=AK&access_key=SK",
            ),
        ];
        let secret = Secret::new("SK");
        for (kind, endpoint, expected) in cases {
            let location = location(kind, endpoint);
            let address = written(&location, Some(&secret), &server("4.4.1")).expect("it can be written");
            assert_eq!(address.expose(), expected);
            assert!(expected.starts_with(&shown(&location)), "{kind:?}");
        }
        let directory = StorageLocation::directory("/backup/x/").expect("a directory");
        let address = written(&directory, None, &server("2.2.77")).expect("it can be written");
        assert_eq!(address.expose(), "file:///backup/x");
    }

    #[test]
    fn a_version_takes_only_the_kinds_that_it_knows() {
        use StorageType::{Azblob, Cos, Gcs, Obs, Oss, S3};
        let cases = [
            (Oss, "2.2.77", true),
            (Cos, "3.2.4", true),
            (Cos, "4.0.0", false),
            (Cos, "4.1.0", false),
            (Cos, "4.2.1", true),
            (S3, "3.2.4", false),
            (S3, "4.2.1", false),
            (S3, "4.2.1.6", false),
            (S3, "4.2.1.7", true),
            (S3, "4.2.4", false),
            (S3, "4.2.5", true),
            (Obs, "4.2.5", true),
            (Gcs, "4.1.0", false),
            (Azblob, "4.2.5.5", false),
            (Azblob, "4.2.5.6", true),
            (Azblob, "4.3.5.2", false),
            (Azblob, "4.3.5.3", true),
            (Azblob, "4.4.1", true),
        ];
        let secret = Secret::new("SK");
        for (kind, version, is_known) in cases {
            let found = written(&location(kind, "h"), Some(&secret), &server(version)).map_err(|p| p.code);
            assert_eq!(found.is_ok(), is_known, "{kind:?} {version}");
            assert!(is_known || found == Err(20150));
        }
    }

    #[test]
    fn what_is_missing_or_can_not_be_written_is_named() {
        let four = server("4.4.1");
        let (oss, secret) = (location(StorageType::Oss, "h"), Secret::new("SK"));
        let refusal = |location: &StorageLocation, secret: Option<&Secret>| {
            let problem = written(location, secret, &four).expect_err("refused");
            (problem.text.id.clone(), problem.code, problem.args().get("option").cloned())
        };
        assert_eq!(refusal(&oss, None).1, 20013);
        assert_eq!(refusal(&StorageLocation { endpoint: None, ..oss.clone() }, Some(&secret)).1, 20011);
        let cos = StorageLocation { app_id: None, ..location(StorageType::Cos, "h") };
        assert_eq!(refusal(&cos, Some(&secret)).0, "storage-app-id-missing");
        for bad in ["a&access_id=x", "a'b", "a b", "a?b"] {
            let (id, _, option) = refusal(&oss, Some(&Secret::new(bad)));
            assert_eq!((id.as_str(), option.as_deref()), ("storage-value-unwritable", Some("access_key")));
        }
        let directory = StorageLocation::directory("/backup/x?y").expect("a directory may be called so");
        assert_eq!(refusal(&directory, None).2.as_deref(), Some("path"));
    }
}
