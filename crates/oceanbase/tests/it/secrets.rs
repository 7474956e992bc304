//! Secrets stay secret, whatever the real server answers.

use oceanbase::{Session, Statement};

use crate::recorder::Recorder;
use crate::seekdb;

#[tokio::test]
async fn no_error_and_no_transcript_shows_a_secret() {
    let recorder = Recorder::new();
    let mut session = Session::open(&seekdb::endpoint(), recorder.clone()).await.expect("seekdb answers");
    let statements = [
        "ALTER USER nobody_of_that_name IDENTIFIED BY 'hunter2'",
        "CREATE USER somebody IDENTIFIED BY 'hunter2' NONSENSE",
        "SET ENCRYPTION ON IDENTIFIED BY 'hunter2' ONLY",
        "ALTER SYSTEM SET DATA_BACKUP_DEST = 'oss://b/p?host=h&access_id=a&access_key=hunter2'",
    ];
    for text in statements {
        let error = session.run(&Statement::act(text)).await.expect_err("the server refuses all of these");
        for shown in [error.to_string(), format!("{error:?}"), format!("{:?}", error.problem())] {
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }
    let transcript = recorder.transcript();
    assert_eq!(transcript.matches("! ").count(), statements.len(), "{transcript}");
    assert!(!transcript.contains("hunter2"), "{transcript}");
}
