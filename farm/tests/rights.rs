//! Who may do what, and what each obstacle says.

mod support;
#[path = "rights/tls.rs"]
mod tls;

use assay_farm::queue::{Left, SetUp, Settings};
use assay_farm::{FarmError, Queue, QueueUrl, Role};
use std::fs;
use support::{client, empty, offer, server, sql, task, tasks, Farm, MODEL};

/// What connecting says.
async fn refused(url: &QueueUrl, role: Role) -> FarmError {
    Queue::connect(url, role).await.expect_err("it is refused")
}

/// The same, in words.
async fn words(url: &QueueUrl, role: Role) -> String {
    refused(url, role).await.to_string()
}

#[tokio::test]
async fn a_worker_takes_keeps_and_finishes_and_nothing_else() {
    let farm = Farm::new("worker", 10).await;
    farm.sql("CREATE ROLE prover1 LOGIN IN ROLE assay_worker").await;
    farm.owner.submit(&[task(0)]).await.unwrap();
    let url = farm.url.with_user("prover1");
    let worker = Queue::connect(&url, Role::Worker).await.unwrap();
    let taken = worker.take(&offer()).await.unwrap().expect("a task");
    worker.beat(&taken, "weights").await.unwrap();
    worker.finish(&taken, b"bundle", 1.0, None).await.unwrap();
    assert!(matches!(
        worker.submit(&[task(1)]).await,
        Err(FarmError::NotAllowed { .. })
    ));
    assert!(matches!(worker.status(None).await, Err(FarmError::NotAllowed { .. })));
    let raw = client(&url).await;
    for forbidden in [
        "UPDATE assay_farm.model SET used = 0",
        "INSERT INTO assay_farm.model VALUES ('\\x00', 0, 1)",
        "DELETE FROM assay_farm.start",
        "SELECT claim FROM assay_farm.task",
        "SELECT bundle FROM assay_farm.result",
        "SELECT used FROM assay_farm.model",
        "SELECT token FROM assay_farm.start",
        "UPDATE assay_farm.farm SET lease = '1 year'",
        "SELECT assay_farm.sweep()",
        "SELECT assay_farm.home()",
        "UPDATE assay_farm.farm SET twice = true",
        "UPDATE assay_farm.task SET second = NULL, copies = 0",
        "UPDATE assay_farm.result SET kept = true",
        "SELECT assay_farm.move_up(1, true)",
        "CREATE TABLE assay_farm.mine ()",
        "CREATE OR REPLACE FUNCTION assay_farm.hello() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "SET ROLE assay_owner",
        "SET ROLE assay",
    ] {
        let error = raw.batch_execute(forbidden).await.expect_err(forbidden);
        let code = error.as_db_error().expect("an answer").code().code().to_owned();
        assert_eq!(code, "42501", "{forbidden}: {error:?}");
    }
}

#[tokio::test]
async fn no_clock_of_a_worker_is_asked() {
    let farm = Farm::new("clocks", 10).await;
    // A worker says how long things take it, as a number, and never what time it is.
    let times = "SELECT count(*) FROM pg_proc p, unnest(p.proargtypes) a
        WHERE p.pronamespace = 'assay_farm'::regnamespace AND has_function_privilege('assay_worker', p.oid, 'EXECUTE')
          AND a::regtype::text ~ '^(timestamp|date|time|interval)'";
    assert_eq!(farm.number(times).await, 0);
    let functions = "SELECT count(*) FROM pg_proc p
        WHERE p.pronamespace = 'assay_farm'::regnamespace AND has_function_privilege('assay_worker', p.oid, 'EXECUTE')";
    assert_eq!(farm.number(functions).await, 5, "hello, take, beat, finish, fail");
}

#[tokio::test]
async fn a_superuser_that_works_has_the_rights_of_a_worker() {
    let farm = Farm::new("downgraded", 10).await;
    assert!(matches!(
        farm.worker.submit(&[task(0)]).await,
        Err(FarmError::NotAllowed { .. })
    ));
}

#[tokio::test]
async fn an_owner_need_not_be_superuser() {
    let _roles_are_there = Farm::new("owned_before", 10).await;
    let url = empty("owned").await;
    sql(
        &url,
        "CREATE ROLE boss LOGIN CREATEROLE; ALTER DATABASE owned OWNER TO boss",
    )
    .await;
    // PostgreSQL 15 lets whoever may make roles join any; later versions only what they made.
    sql(&url, "GRANT assay_owner, assay_worker TO boss WITH ADMIN OPTION").await;
    let url = url.with_user("boss");
    assert_eq!(Queue::set_up(&url, &Settings::default()).await.unwrap(), SetUp::Made);
    assert_eq!(Queue::set_up(&url, &Settings::default()).await.unwrap(), SetUp::Known);
}

#[tokio::test]
async fn strangers_are_told_which_role_they_need() {
    let farm = Farm::new("strangers", 10).await;
    farm.sql("CREATE ROLE stranger LOGIN").await;
    let url = farm.url.with_user("stranger");
    assert!(words(&url, Role::Worker)
        .await
        .contains("GRANT assay_worker TO stranger"));
    assert!(words(&url, Role::Owner).await.contains("GRANT assay_owner TO stranger"));
    farm.sql("CREATE ROLE prover2 LOGIN IN ROLE assay_worker").await;
    let url = farm.url.with_user("prover2");
    assert!(matches!(refused(&url, Role::Owner).await, FarmError::NotAllowed { .. }));
    let unknown = refused(&farm.url.with_user("nobody_here"), Role::Worker).await;
    assert!(matches!(unknown, FarmError::WrongPassword { .. }), "{unknown}");
}

#[tokio::test]
async fn a_wrong_password_is_said_and_not_shown() {
    let farm = Farm::new("secret", 10).await;
    farm.sql("CREATE ROLE careful LOGIN PASSWORD 'hunter2' IN ROLE assay_worker")
        .await;
    let rules = farm.server.path("data/pg_hba.conf");
    let text = fs::read_to_string(&rules).unwrap();
    fs::write(&rules, format!("local all careful scram-sha-256\n{text}")).unwrap();
    farm.sql("SELECT pg_reload_conf()").await;
    let file = farm.server.path("password");
    let url = QueueUrl::parse(&format!(
        "{}&passwordfile={}",
        farm.url.with_user("careful"),
        file.display()
    ))
    .unwrap();
    let with = |password: &str| {
        fs::write(&file, password).unwrap();
        fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    };
    with("hunter3\n");
    let mut error = String::new();
    // The server reads its rules a moment after it is told to.
    for _ in 0..100 {
        match Queue::connect(&url, Role::Worker).await {
            Err(refused) => {
                error = refused.to_string();
                break;
            }
            Ok(_) => tokio::time::sleep(std::time::Duration::from_millis(100)).await,
        }
    }
    assert!(error.contains("PGPASSWORD") && error.contains("careful"), "{error}");
    assert!(!error.contains("hunter"), "{error}");
    with("hunter2\n");
    Queue::connect(&url, Role::Worker).await.unwrap();
}

#[tokio::test]
async fn each_obstacle_is_one_sentence_with_its_remedy() {
    let server = server().await;
    let url = empty("obstacles").await;
    let there = words(&url, Role::Worker).await;
    assert!(there.contains("has no queue yet: run `assay farm up`"), "{there}");
    let missing = words(&url.with_database("missing"), Role::Worker).await;
    assert!(
        missing.contains("\"missing\" does not exist") && missing.contains("createdb"),
        "{missing}"
    );
    let away = QueueUrl::of_socket(server.path("nowhere"), "me", "farm");
    let away = refused(&away, Role::Worker).await;
    assert!(away.passes() && away.to_string().contains("does not answer"), "{away}");
    sql(&url, "CREATE ROLE crowded LOGIN CONNECTION LIMIT 0").await;
    let full = refused(&url.with_user("crowded"), Role::Worker).await;
    assert!(full.passes() && full.to_string().contains("max_connections"), "{full}");
    sql(&url, "ALTER DATABASE obstacles SET default_transaction_read_only = on").await;
    let read_only = Queue::set_up(&url, &Settings::default())
        .await
        .expect_err("it cannot write");
    assert!(matches!(read_only, FarmError::ReadOnly { .. }), "{read_only}");
}

#[tokio::test]
async fn a_queue_that_becomes_read_only_is_waited_for() {
    let farm = Farm::new("frozen", 10).await;
    farm.owner.submit(&[task(0)]).await.unwrap();
    farm.sql("ALTER DATABASE frozen SET default_transaction_read_only = on")
        .await;
    let worker = Queue::connect(&farm.url, Role::Worker).await.unwrap();
    let refused = worker.take(&offer()).await.expect_err("it cannot write");
    assert!(
        matches!(refused, FarmError::ReadOnly { .. }) && refused.passes(),
        "{refused}"
    );
    let server = farm.server.local.url();
    sql(&server, "ALTER DATABASE frozen RESET default_transaction_read_only").await;
    let worker = Queue::connect(&farm.url, Role::Worker).await.unwrap();
    assert!(worker.take(&offer()).await.unwrap().is_some());
}

#[tokio::test]
async fn a_queue_of_another_version_is_left_alone() {
    let farm = Farm::new("version", 10).await;
    farm.sql("UPDATE assay_farm.farm SET version = 4").await;
    let error = words(&farm.url, Role::Worker).await;
    assert!(error.contains("version 4 and this program reads version 3"), "{error}");
    let set_up = Queue::set_up(&farm.url, &Settings::default()).await;
    assert!(
        matches!(set_up, Err(FarmError::WrongVersion { theirs: 4, .. })),
        "{set_up:?}"
    );
}

/// Takes away what version 3 has and version 2 has not.
const TO_2: &str = "DROP FUNCTION assay_farm.move_up;
    ALTER TABLE assay_farm.task ADD doubled boolean NOT NULL DEFAULT false;
    UPDATE assay_farm.task SET doubled = copies > 0, starts = starts + copies, worker = coalesce(second_worker, worker);
    ALTER TABLE assay_farm.task DROP copies, DROP faulted, DROP second_until, DROP second_since, DROP second_worker, DROP second_step;
    ALTER TABLE assay_farm.result DROP kept;
    DROP INDEX assay_farm.task_last;
    CREATE INDEX task_last ON assay_farm.task (deadline, since, id) WHERE state = 'running' AND NOT doubled;
    UPDATE assay_farm.farm SET version = 2;";

/// And what version 2 has and version 1 has not.
const TO_1: &str = "ALTER TABLE assay_farm.task DROP second, DROP doubled; ALTER TABLE assay_farm.farm DROP twice;
    UPDATE assay_farm.farm SET version = 1;";

#[tokio::test]
async fn a_queue_of_the_first_version_becomes_one_of_this() {
    let farm = Farm::new("upgraded", 10).await;
    farm.owner.submit(&tasks(0..2)).await.unwrap();
    farm.worker.take(&offer()).await.unwrap().expect("a task");
    farm.sql(&[TO_2, TO_1].concat()).await;
    let error = words(&farm.url, Role::Worker).await;
    assert!(error.contains("version 1 and this program reads version 3"), "{error}");
    for _ in 0..2 {
        let set_up = Queue::set_up(&farm.url, &Settings::default()).await;
        assert_eq!(set_up.unwrap(), SetUp::Known);
    }
    let worker = Queue::connect(&farm.url, Role::Worker).await.unwrap();
    assert_eq!(worker.take(&offer()).await.unwrap().expect("a task").number, 2);
    assert!(matches!(worker.status(None).await, Err(FarmError::NotAllowed { .. })));
}

#[tokio::test]
async fn a_queue_of_the_version_before_becomes_one_of_this_with_both_workers_of_a_task() {
    let farm = Farm::new("upgraded2", 10).await;
    farm.owner.submit(&[task(0)]).await.unwrap();
    let first = farm.worker.take(&offer()).await.unwrap().expect("a task");
    let second = farm.worker.take(&support::idle()).await.unwrap().expect("the same");
    farm.sql(TO_2).await;
    let error = words(&farm.url, Role::Worker).await;
    assert!(error.contains("version 2 and this program reads version 3"), "{error}");
    Queue::set_up(&farm.url, &Settings::default()).await.unwrap();
    let owner = Queue::connect(&farm.url, Role::Owner).await.unwrap();
    let running = owner.status(None).await.unwrap().running;
    let other = running[0].second.as_ref().expect("a second worker");
    assert_eq!(
        (running[0].worker.as_str(), running[0].start, other.worker.as_str()),
        ("w1", 1, "w2")
    );
    let worker = Queue::connect(&farm.url, Role::Worker).await.unwrap();
    for one in [&first, &second] {
        assert_eq!(worker.beat(one, "").await.unwrap(), assay_farm::queue::Beat::Mine);
    }
}

#[tokio::test]
async fn a_copied_database_grants_nothing_until_its_owner_says_what_is_left() {
    let Farm {
        url,
        owner,
        worker,
        server,
    } = Farm::new("original", 10).await;
    owner.submit(&tasks(0..5)).await.unwrap();
    worker.take(&offer()).await.unwrap().expect("a task");
    let id = owner.id().to_owned();
    drop((owner, worker));
    let copied = || async {
        let admin = client(&server.local.url()).await;
        admin
            .batch_execute("CREATE DATABASE restored TEMPLATE original")
            .await
            .is_ok()
    };
    support::until("nobody is connected to what is copied", copied).await;
    let copy = url.with_database("restored");
    for role in [Role::Worker, Role::Owner] {
        let error = refused(&copy, role).await;
        assert!(matches!(error, FarmError::OtherDatabase { .. }), "{error}");
    }
    let up = Queue::set_up(&copy, &Settings::default()).await;
    assert!(matches!(up, Err(FarmError::OtherDatabase { .. })), "{up:?}");
    let silent = Queue::restored(&copy, &[])
        .await
        .expect_err("each model has to be named")
        .to_string();
    assert!(
        silent.contains(&hex(&MODEL)) && silent.contains("say how many"),
        "{silent}"
    );
    let left = |left| [Left { model_id: MODEL, left }];
    let more = Queue::restored(&copy, &left(11)).await;
    assert!(matches!(more, Err(FarmError::Budget { .. })), "{more:?}");
    Queue::restored(&copy, &left(3)).await.unwrap();
    let worker = Queue::connect(&copy, Role::Worker).await.unwrap();
    assert_eq!(worker.id(), id);
    assert_eq!(worker.take(&offer()).await.unwrap().expect("a task").number, 8);
    // More are left than it counted: counters only rise.
    Queue::restored(&copy, &left(9)).await.unwrap();
    assert_eq!(worker.take(&offer()).await.unwrap().expect("a task").number, 9);
    // The original goes on.
    let worker = Queue::connect(&url, Role::Worker).await.unwrap();
    assert_eq!(worker.take(&offer()).await.unwrap().expect("a task").number, 2);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn a_connection_that_broke_is_made_again() {
    let farm = Farm::new("broken", 10).await;
    farm.owner.submit(&[task(0)]).await.unwrap();
    farm.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = 'broken' AND pid <> pg_backend_pid()",
    )
    .await;
    let first = farm.worker.take(&offer()).await;
    let taken = match first {
        Ok(taken) => taken,
        Err(error) => {
            assert!(error.passes(), "{error}");
            farm.worker.take(&offer()).await.unwrap()
        }
    };
    assert_eq!(taken.expect("a task").number, 1);
}
