//! Tests for services that cannot run here, with answers in the format of their documentation: targets of requests,
//! and the meaning of refusals. (`tests/it` checks the promises of every storage on a real S3 server.)

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response};
use model::Secret;
use model::egress::Egress;
use model::limits::Limits;
use model::storage::{StorageLocation, StorageType};
use opendal::{Buffer, HttpBody, HttpTransport};

use super::service::Service;
use super::{Net, Remote};
use crate::error::{Error, ErrorKind};

/// Returns answers from a list, and records the requests.
#[derive(Clone, Default)]
struct Recorded {
    answers: Arc<Mutex<VecDeque<(u16, &'static str)>>>,
    requests: Arc<Mutex<Vec<(Method, String, HeaderMap)>>>,
}

impl HttpTransport for Recorded {
    async fn fetch(&self, request: Request<Buffer>) -> opendal::Result<Response<HttpBody>> {
        let asked = (request.method().clone(), request.uri().to_string(), request.headers().clone());
        self.requests.lock().expect("no panic").push(asked);
        let (status, body) = self.answers.lock().expect("no panic").pop_front().expect("an answer is left");
        let stream = futures::stream::iter([Ok(Buffer::from(body))]);
        let answer =
            Response::builder().status(status).header("etag", "\"1\"").header("content-length", body.len());
        Ok(answer.body(HttpBody::new(stream, Some(body.len() as u64))).expect("a response"))
    }
}

/// The input and the expected behaviour of one service.
struct Case {
    kind: StorageType,
    endpoint: &'static str,
    secret: &'static str,
    /// The URL of the object `manifest` in the folder `dir` of the bucket `backup`.
    url: &'static str,
    /// The credentials in the request.
    signature: &'static str,
    /// The condition against overwriting.
    condition: Option<(&'static str, &'static str)>,
    /// Refusals, and their meaning.
    refusals: &'static [(u16, &'static str, ErrorKind)],
}

const CASES: &[Case] = &[
    Case {
        kind: StorageType::S3,
        endpoint: "s3.eu-west-1.amazonaws.com",
        secret: "secret",
        url: "https://backup.s3.eu-west-1.amazonaws.com/dir/manifest",
        signature: "AWS4-HMAC-SHA256 Credential=id/",
        condition: Some(("if-none-match", "*")),
        refusals: &[
            (403, "<Error><Code>RequestTimeTooSkewed</Code></Error>", ErrorKind::ClockWrong),
            (400, "<Error><Code>AuthorizationHeaderMalformed</Code></Error>", ErrorKind::KeyRefused),
        ],
    },
    Case {
        kind: StorageType::Oss,
        endpoint: "oss-cn-hangzhou.aliyuncs.com",
        secret: "secret",
        url: "https://backup.oss-cn-hangzhou.aliyuncs.com/dir/manifest",
        signature: "OSS id:",
        condition: Some(("x-oss-forbid-overwrite", "true")),
        refusals: &[
            (404, "<Error><Code>NoSuchBucket</Code><Message>x</Message></Error>", ErrorKind::BucketMissing),
            (403, "<Error><Code>InvalidAccessKeyId</Code></Error>", ErrorKind::KeyRefused),
            (403, "<Error><Code>AccessDenied</Code></Error>", ErrorKind::Forbidden),
            (409, "<Error><Code>FileImmutable</Code></Error>", ErrorKind::Locked),
            (507, "", ErrorKind::Full),
            (501, "<Error><Code>NotImplemented</Code></Error>", ErrorKind::Other),
        ],
    },
    Case {
        kind: StorageType::Cos,
        endpoint: "cos.ap-guangzhou.myqcloud.com",
        secret: "secret",
        url: "https://backup-1250000000.cos.ap-guangzhou.myqcloud.com/dir/manifest",
        signature: "q-sign-algorithm=sha1&q-ak=id&",
        condition: Some(("x-cos-forbid-overwrite", "true")),
        refusals: &[
            (404, "<Error><Code>NoSuchBucket</Code></Error>", ErrorKind::BucketMissing),
            (403, "<Error><Code>SignatureDoesNotMatch</Code></Error>", ErrorKind::KeyRefused),
            (403, "<Error><Code>AccessDenied</Code></Error>", ErrorKind::Forbidden),
        ],
    },
    Case {
        kind: StorageType::Obs,
        endpoint: "obs.cn-north-4.myhuaweicloud.com",
        secret: "secret",
        url: "https://backup.obs.cn-north-4.myhuaweicloud.com/dir/manifest",
        signature: "OBS id:",
        condition: None,
        refusals: &[
            (404, "<Error><Code>NoSuchBucket</Code></Error>", ErrorKind::BucketMissing),
            (403, "<Error><Code>InvalidAccessKeyId</Code></Error>", ErrorKind::KeyRefused),
        ],
    },
    Case {
        kind: StorageType::Azblob,
        endpoint: "https://id.blob.core.windows.net",
        secret: "c2VjcmV0",
        url: "https://id.blob.core.windows.net/backup/dir/manifest",
        signature: "SharedKey id:",
        condition: Some(("if-none-match", "*")),
        refusals: &[
            (404, "<Error><Code>ContainerNotFound</Code></Error>", ErrorKind::BucketMissing),
            (403, "<Error><Code>AuthenticationFailed</Code></Error>", ErrorKind::KeyRefused),
            (403, "<Error><Code>AuthorizationPermissionMismatch</Code></Error>", ErrorKind::Forbidden),
            (409, "<Error><Code>BlobImmutableDueToPolicy</Code></Error>", ErrorKind::Locked),
        ],
    },
];

fn net() -> Arc<Net> {
    Arc::new(Net::new(Egress::default(), Limits { store_answer_bytes: ANSWER_BYTES, ..Limits::default() }))
}

/// The limit for answers in these tests.
const ANSWER_BYTES: usize = 64 << 10;

fn remote(case: &Case) -> (Remote, Recorded) {
    let location = StorageLocation {
        kind: case.kind,
        path: "backup/dir".into(),
        endpoint: Some(case.endpoint.into()),
        access_key_id: Some("id".into()),
        app_id: Some("1250000000".into()),
    };
    let recorded = Recorded::default();
    let secret = Secret::new(case.secret);
    let net = net();
    let transport = net.guard(recorded.clone());
    let service = Service::with_transport(&location, "backup", Some(&secret), &net, transport);
    (Remote { service: Arc::new(service.expect("a well-formed location")), base: "dir/".into() }, recorded)
}

impl Recorded {
    fn answer(&self, answers: &[(u16, &'static str)]) {
        *self.answers.lock().expect("no panic") = answers.iter().copied().collect();
        self.requests.lock().expect("no panic").clear();
    }

    fn last(&self) -> (Method, String, HeaderMap) {
        self.requests.lock().expect("no panic").last().expect("a request").clone()
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[tokio::test]
async fn an_object_is_written_where_the_service_has_it_and_with_its_signature() {
    for case in CASES {
        let (remote, recorded) = remote(case);
        recorded.answer(&[(200, "")]);
        remote.put("manifest", Bytes::from_static(b"x")).await.expect("it was taken");
        let (method, url, headers) = recorded.last();
        assert_eq!((method, url.as_str()), (Method::PUT, case.url), "{:?}", case.kind);
        let signature = header(&headers, "authorization").expect("a signature");
        assert!(signature.starts_with(case.signature), "{:?}: {signature}", case.kind);
        assert!(headers.keys().any(|name| name.as_str().ends_with("meta-lifeboat")), "{headers:?}");
    }
}

#[tokio::test]
async fn a_new_object_is_written_under_the_services_own_condition() {
    for case in CASES {
        let (remote, recorded) = remote(case);
        let Some((name, value)) = case.condition else {
            // Without a condition, Lifeboat checks for the object first.
            recorded.answer(&[(200, "")]);
            assert!(!remote.put_new("manifest", Bytes::from_static(b"x")).await.expect("an answer"));
            assert_eq!(recorded.last().0, Method::HEAD);
            continue;
        };
        recorded.answer(&[(201, "")]);
        assert!(remote.put_new("manifest", Bytes::from_static(b"x")).await.expect("an answer"));
        let headers = recorded.last().2;
        assert_eq!(header(&headers, name), Some(value), "{:?}: {headers:?}", case.kind);
    }
}

#[tokio::test]
async fn refusals_mean_what_the_services_documents_say() {
    for case in CASES {
        for (status, body, expected) in case.refusals {
            let (remote, recorded) = remote(case);
            // Our mark on the object is requested as well.
            recorded.answer(&[(*status, body), (404, ""), (*status, body)]);
            let error = remote.put("manifest", Bytes::from_static(b"x")).await.expect_err("refused");
            assert_eq!(error.kind(), expected, "{:?} {body}: {error:?}", case.kind);
        }
    }
}

#[tokio::test]
async fn azure_takes_a_token_for_a_secret_and_no_message_shows_it() {
    let azure = CASES.last().expect("Azure is the last");
    let (remote, recorded) = remote(&Case { secret: "?sv=2024&sig=hunter2", ..*azure });
    recorded.answer(&[
        (403, "<Error><Code>AuthorizationFailure</Code><Message>sig=hunter2</Message></Error>"),
        (404, ""),
    ]);
    let error = remote.put("manifest", Bytes::from_static(b"x")).await.expect_err("refused");
    assert!(
        recorded.requests.lock().expect("no panic")[0].1.contains("sig=hunter2"),
        "it is what lets us in"
    );
    assert_eq!(*error.kind(), ErrorKind::Forbidden);
    assert!(!format!("{remote:?} {error:?} {:?}", error.problem()).contains("hunter2"), "{error:?}");
}

#[test]
fn google_cloud_takes_the_accounts_key_file_and_nothing_else() {
    let location = StorageLocation {
        kind: StorageType::Gcs,
        path: "backup".into(),
        endpoint: Some("https://storage.googleapis.com".into()),
        access_key_id: Some("lifeboat@project.iam.gserviceaccount.com".into()),
        app_id: None,
    };
    let open = |secret: &str| Remote::new(&location, Some(&Secret::new(secret)), &net());
    let file = r#"{"type":"service_account","client_email":"lifeboat@project.iam.gserviceaccount.com","private_key":"x"}"#;
    assert!(open(file).is_ok());
    let other = file.replace("lifeboat@", "other@");
    // Such a key file would make a client send the content of a local file to another server.
    let external = r#"{"type":"external_account","client_email":"lifeboat@project.iam.gserviceaccount.com","private_key":"x",
        "audience":"a","subject_token_type":"t","token_url":"http://127.0.0.1:1/","credential_source":{"file":"/etc/passwd"}}"#;
    for secret in ["hunter2", "{}", other.as_str(), external] {
        let refused: Error = open(secret).expect_err("no key file of that account");
        assert_eq!(*refused.kind(), ErrorKind::KeyFileMalformed, "{secret}");
    }
}

#[tokio::test]
async fn an_answer_that_no_store_has_a_reason_to_send_is_not_kept() {
    let large: &'static str = Box::leak("x".repeat(ANSWER_BYTES + 1).into_boxed_str());
    for case in CASES {
        let (remote, recorded) = remote(case);
        for status in [200, 403] {
            recorded.answer(&[(status, large); 8]);
            let error = remote.list("", 10).await.expect_err("too large");
            let expected = ErrorKind::AnswerTooLarge { limit: ANSWER_BYTES as u64 };
            assert_eq!(*error.kind(), expected, "{:?} {status}: {error:?}", case.kind);
            assert_eq!(recorded.requests.lock().expect("no panic").len(), 1, "asked once");
        }
    }
}

#[tokio::test]
async fn a_bucket_whose_name_is_a_host_of_its_own_leads_nowhere() {
    for (kind, endpoint) in [
        (StorageType::Oss, "oss-cn-hangzhou.aliyuncs.com"),
        (StorageType::Cos, "cos.ap-guangzhou.myqcloud.com"),
        (StorageType::Obs, "obs.cn-north-4.myhuaweicloud.com"),
        (StorageType::S3, "s3.eu-west-1.amazonaws.com"),
    ] {
        for bucket in ["169.254.169.254:80#", "169.254.169.254?", "user@169.254.169.254\\", "a b"] {
            let location = StorageLocation {
                kind,
                path: bucket.into(),
                endpoint: Some(endpoint.into()),
                access_key_id: Some("id".into()),
                app_id: None,
            };
            let refused = Remote::new(&location, Some(&Secret::new("secret")), &net());
            let error = refused.expect_err("no name of a bucket");
            assert_eq!(*error.kind(), ErrorKind::KeyMalformed, "{kind:?} {bucket}");
        }
    }
}
