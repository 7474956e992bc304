//! JSON documents in which functions of the server stored values.

use dump::ChunkAim;

use crate::bed::{Bed, query, run};

/// Values that functions store in documents keep their types. For a DECIMAL, `=` would not show that.
#[tokio::test]
async fn documents_keep_their_values_and_the_types_of_them() {
    const TYPED: &str = "JSON_OBJECT('amount', 1.10, 'whole', CAST(3 AS DECIMAL(10,0)), 'zero', 0.0, 'long', 123456789012345678901234567890.12, \
         'list', JSON_ARRAY(DATE'2026-01-31', TIME'01:02:03.5', TIMESTAMP'2026-01-31 01:02:03.25', x'00FF27', NULL, TRUE, 1.5e0, -0.0e0, -7, \
         18446744073709551615, JSON_OBJECT('it''s \"k\".', DATE'0000-00-00', '', JSON_ARRAY())), 'text', 'it''s \\\\ 中\\n', 'like', '2026-01-31')";
    const PATHS: &[&str] = &[
        "$.amount",
        "$.whole",
        "$.zero",
        "$.long",
        "$.list[0]",
        "$.list[1]",
        "$.list[2]",
        "$.list[3]",
        "$.list[6]",
        "$.list[9]",
        "$.list[10].\"it's \\\\\"k\\\\\".\"",
        "$.text",
        "$.like",
    ];
    let typed = format!(
        "INSERT INTO j SELECT 1, {TYPED}, 1.10, '[\"2026-01-31\"]', CAST(2.7715077941825975e-163 AS JSON)"
    );
    let statements = [
        "CREATE TABLE j (id INT PRIMARY KEY, typed JSON, scalar JSON, strings JSON, misread JSON)",
        &typed,
        "INSERT INTO j SELECT 2, JSON_ARRAY(CAST(1e20 AS DECIMAL(30,2))), CAST(x'616263' AS JSON), \
         '\"2026-01-31 01:02:03.000000\"', '0.30000000000000004'",
        "INSERT INTO j SELECT 3, '{\"amount\": 1.5, \"like\": \"2026-01-31\"}', NULL, '[]', '[2.7715077941825975e-163, \"2026-01-31\"]'",
        "INSERT INTO j SELECT 4, JSON_OBJECT('amount', 1.25, 'at', 2.7715077941825975e-163), NULL, NULL, NULL",
        "INSERT INTO j SELECT 5, JSON_OBJECT('amount', 1.25), NULL, NULL, NULL",
        "CREATE TABLE keyless (d JSON)",
        "INSERT INTO keyless SELECT JSON_ARRAY(1.10)",
        "INSERT INTO keyless SELECT JSON_ARRAY(1.10)",
        "INSERT INTO keyless SELECT '[1.1]'",
        "CREATE TABLE lone (id INT PRIMARY KEY, d JSON)",
        "INSERT INTO lone SELECT 1, CAST(DATE'2026-01-31' AS JSON)",
        "INSERT INTO lone SELECT 2, CAST(TIME'-101:02:03.5' AS JSON)",
        "INSERT INTO lone SELECT 3, CAST(TIMESTAMP'2026-01-31 01:02:03.25' AS JSON)",
        "INSERT INTO lone SELECT 4, CAST(DATE'0000-00-00' AS JSON)",
        "INSERT INTO lone VALUES (5, '\"2026-02-28\"'), (6, '\"01:02:03.000000\"')",
    ];
    let bed = Bed::shared();
    bed.database("d_documents", &statements).await;
    bed.no_database("d_documents_2");
    let manifest = bed.dump("documents", &["d_documents"], ChunkAim::default()).await;
    assert_eq!((manifest.left_out.len(), manifest.totals.rows), (0, 14), "{:?}", manifest.left_out);
    assert_eq!(bed.compare("documents", &[]).await.findings, []);
    assert_eq!(bed.verify("documents").await.findings, []);
    bed.load("documents", &[("d_documents", "d_documents_2")]).await;
    let mut session = bed.session().await;
    let differences = "SELECT COUNT(*), SUM(NOT (x.typed <=> y.typed AND x.scalar <=> y.scalar AND x.strings <=> y.strings AND x.misread <=> y.misread)) \
               FROM d_documents.j x JOIN d_documents_2.j y ON x.id = y.id";
    assert_eq!(query(&mut session, differences).await, [["5", "0"]]);
    let types: Vec<String> = PATHS
        .iter()
        .map(|path| format!("JSON_TYPE(JSON_EXTRACT(typed, '{}'))", path.replace('\'', "''")))
        .collect();
    let types = format!(
        "SELECT id, {}, JSON_TYPE(scalar), CAST(typed AS CHAR) FROM {{}}.j ORDER BY id",
        types.join(",")
    );
    let before = query(&mut session, &types.replace("{}", "d_documents")).await;
    assert_eq!(query(&mut session, &types.replace("{}", "d_documents_2")).await, before);
    let expected = [
        "1",
        "DECIMAL",
        "DECIMAL",
        "DECIMAL",
        "DECIMAL",
        "DATE",
        "TIME",
        "DATETIME",
        "BLOB",
        "DOUBLE",
        "UNSIGNED INTEGER",
        "DATE",
        "STRING",
        "STRING",
        "DECIMAL",
    ];
    assert_eq!(before[0][..expected.len()], expected);
    let keyless =
        "SELECT CAST(d AS CHAR), JSON_TYPE(JSON_EXTRACT(d, '$[0]')) FROM d_documents_2.keyless ORDER BY 1";
    assert_eq!(
        query(&mut session, keyless).await,
        [["[1.10]", "DECIMAL"], ["[1.10]", "DECIMAL"], ["[1.1]", "DOUBLE"]]
    );

    let lone = "SELECT COUNT(*), SUM(NOT (x.d <=> y.d)), GROUP_CONCAT(JSON_TYPE(y.d) ORDER BY x.id) \
                FROM d_documents.lone x JOIN d_documents_2.lone y ON x.id = y.id";
    let expected = ["6", "0", "DATE,TIME,DATETIME,DATE,STRING,STRING"];
    assert_eq!(query(&mut session, lone).await, [expected]);

    // The same text of another type is another document.
    run(&mut session, "UPDATE d_documents_2.j SET typed = CAST(CAST(typed AS CHAR) AS JSON) WHERE id = 5")
        .await;
    let findings = bed.compare("documents", &[("d_documents", "d_documents_2")]).await.findings;
    assert_eq!(findings.len(), 1, "{findings:?}");
    session.close().await;
}

/// If one text stands for several documents, or a value has no literal, the table is named and the others are dumped.
#[tokio::test]
async fn documents_without_a_literal_leave_out_their_table_alone() {
    let statements = [
        "CREATE TABLE bits (id INT PRIMARY KEY, b BIT(9), d JSON)",
        "INSERT INTO bits VALUES (1, 5, NULL)",
        "UPDATE bits SET d = JSON_ARRAY(b)",
        "CREATE TABLE alone (id INT PRIMARY KEY, d JSON)",
        "INSERT INTO alone SELECT 1, CAST(b AS JSON) FROM bits",
        "SET sql_mode = 'ALLOW_INVALID_DATES'",
        "CREATE TABLE no_day (id INT PRIMARY KEY, t DATETIME, d JSON)",
        "INSERT INTO no_day VALUES (1, '2024-02-30 01:00:00', NULL)",
        "UPDATE no_day SET d = JSON_ARRAY(t)",
        "CREATE TABLE twofold (id INT PRIMARY KEY, d JSON)",
        "INSERT INTO twofold SELECT 1, JSON_ARRAY(1.5)",
        "INSERT INTO twofold SELECT 2, '[1.5]'",
        "CREATE TABLE many (id INT PRIMARY KEY, d JSON)",
        "INSERT INTO many SELECT 1, CAST(CONCAT('[', REPEAT('1.5,', 200), '1]') AS JSON)",
        "CREATE TABLE many_typed (id INT PRIMARY KEY, d JSON)",
        "INSERT INTO many_typed SELECT 1, JSON_ARRAY(CAST(CONCAT('[', REPEAT('1.5,', 200), '1]') AS JSON), 1.5)",
    ];
    let bed = Bed::shared();
    bed.database("d_no_literal", &statements).await;
    let manifest = bed.dump("no-literal", &["d_no_literal"], ChunkAim::default()).await;
    let mut left: Vec<(&str, &str)> =
        manifest.left_out.iter().map(|lost| (lost.name.as_str(), lost.reason.id.as_str())).collect();
    left.sort_unstable();
    let why = "dump-json-from-function";
    let expected =
        ["alone", "bits", "many_typed", "no_day", "twofold"].map(|table| format!("`d_no_literal`.`{table}`"));
    assert_eq!(left, expected.iter().map(|name| (name.as_str(), why)).collect::<Vec<_>>());
    assert_eq!(manifest.tables().map(|(_, table)| table.name.as_str()).collect::<Vec<_>>(), ["many"]);
    assert_eq!(bed.verify("no-literal").await.findings, []);
}
