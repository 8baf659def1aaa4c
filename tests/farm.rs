//! A farm of provers: PostgreSQL, worker processes, real proofs of a small network, one worker lost in the middle.

use assay_prover::secret::ModelSecret;
use e2e::{text, Audited, Daemons, Farm, Setting};
use serde_json::Value;
use std::path::PathBuf;

/// Seconds that a task is kept for a lost worker.
const LEASE: u32 = 3;

fn counter(setting: &Setting) -> u64 {
    let secret = ModelSecret::open(&setting.model.with_extension("secret"));
    secret.expect("it is there").counter()
}

fn tasks_of(status: &Value, id: &str, what: &str) -> u64 {
    let tasks = status["tasks"].as_array().expect("a list");
    let of_id = tasks.iter().find(|tasks| tasks["id"] == id);
    of_id.map_or(0, |tasks| tasks[what].as_u64().expect("a number"))
}

#[test]
fn a_farm_proves_an_engagement_though_a_worker_is_lost() {
    let setting = Setting::new();
    let farm = Farm::up(&setting, LEASE);
    let id = setting.open("set", 4, 10_000);
    setting.provider().does(&["mp", "accept", &id]);
    let set = setting.send(&id, "set");
    let submit = || setting.with_model(&[&["farm", "submit", &id, "--set", text(&set)][..], &farm.options()].concat());
    let before = counter(&setting);
    let submitted = submit();
    let asked = |value: &Value| ["asked", "new"].map(|key| value[key].as_u64().unwrap());
    assert_eq!(asked(&submitted), [4, 4]);
    // One for each, two for starts that are lost; from here on they are the farm's.
    assert_eq!(submitted["allotted"], 6);
    assert_eq!(counter(&setting), before + 6);
    let again = submit();
    assert_eq!(
        (asked(&again), counter(&setting)),
        ([4, 0], before + 6),
        "it was asked for"
    );
    assert_eq!(std::fs::read_dir(farm.tasks.join(&id)).unwrap().count(), 4);

    let mut lost = farm.worker(&setting, "lost");
    farm.until(&setting, |status| status["running"][0]["worker"] == "lost");
    lost.is_lost();
    let workers = ["one", "two"].map(|name| farm.worker(&setting, name));
    let status = farm.until(&setting, |status| tasks_of(status, &id, "done") == 4);
    let openings = &status["openings"][0];
    assert_eq!(
        [&openings["used"], &openings["left"]].map(|n| n.as_u64().unwrap()),
        [5, 1]
    );

    let collect = || setting.with_model(&[&["farm", "collect", &id, "--wait"][..], &farm.options()].concat());
    let collected = collect();
    assert_eq!(collected["collected"].as_array().unwrap().len(), 4);
    assert_eq!(collect()["collected"], Value::Array(Vec::new()), "each is kept once");
    assert!(!farm.tasks.join(&id).exists(), "what was handed over is removed");
    assert!(workers.into_iter().all(|worker| worker.ends()));
    // Nothing is left to be made here, and nothing is counted.
    assert_eq!(setting.prove(&id, &set)["made"], 0);
    assert_eq!(counter(&setting), before + 6);
    let sent = setting.provider().does(&["mp", "submit", &id]);
    assert_eq!(
        (sent["provenOnChain"].as_u64(), sent["outcome"].as_str()),
        (Some(4), Some("Passed"))
    );
}

#[test]
fn daemons_have_a_farm_prove_and_collect_by_themselves() {
    let daemons = Daemons::new();
    let setting = &daemons.setting;
    let farm = Farm::up(setting, LEASE);
    let worker = farm.worker(setting, "one");
    let id = daemons.open("set", "clear");
    let mut done = Vec::new();
    for _ in 0..12 {
        daemons.once("consumer", &[]);
        done.extend(daemons.once("provider", &farm.options()));
        if daemons.knows("provider", &id) && daemons.has_settled("provider", &id) {
            break;
        }
    }
    assert!(daemons.has_settled("provider", &id), "{done:?}");
    let status = farm.status(setting);
    assert_eq!(tasks_of(&status, &id, "done"), 4, "{status}");
    assert_eq!(daemons.verdict(&id)["provenOnChain"], 4);
    // What was allotted and not used is all that this machine did not keep.
    assert_eq!((counter(setting), &status["openings"][0]["used"]), (6, &4.into()));
    a_contested_prediction_is_proven_by_the_same_farm(setting, &farm);
    assert!(worker.ends());
}

fn a_contested_prediction_is_proven_by_the_same_farm(setting: &Setting, farm: &Farm) {
    let options = ["--public", "--price", "0.003", "--deposit", "0.02"];
    let opened = setting.open_round("round", 5, 2, &options);
    let id = opened["id"].as_str().expect("an id").to_owned();
    setting.serve_round(&id);
    setting.provider().does(&["predict", "publish", &id]);
    let reference = text(&setting.model);
    setting
        .consumer()
        .does(&["predict", "check", &id, "--reference", reference]);
    setting.consumer().does(&["predict", "contest", &id, "--random", "1"]);
    let exchange = setting.shared("exchange");
    let options = [&["--once"][..], &farm.options()].concat();
    for _ in 0..6 {
        let mut daemon = setting.rounds_daemon("provider", text(&exchange), &options);
        let output = daemon
            .stderr(std::process::Stdio::piped())
            .output()
            .expect("assay runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        if setting.round(&id)["proven"] == 1 {
            break;
        }
    }
    assert_eq!(setting.round(&id)["proven"], 1);
    let status = farm.status(setting);
    assert_eq!(tasks_of(&status, &id, "done"), 1, "{status}");
    assert_eq!(status["openings"][0]["used"], 5);
}

#[test]
fn proofs_are_made_here_when_the_farm_is_gone_and_they_are_due() {
    let daemons = Daemons::new();
    let setting = &daemons.setting;
    let mut farm = Farm::up(setting, LEASE);
    let id = setting.open("set", 4, 10_000);
    setting.provider().does(&["mp", "accept", &id, "--force"]);
    let set = setting.send(&id, "set");
    let submit = ["farm", "submit", &id, "--set", text(&set), "--proceed"];
    setting.with_model(&[&submit[..], &farm.options()].concat());
    farm.goes_away();
    let deadline = setting.verdict(&id)["deadline"].as_u64().expect("a time");
    let newest = setting.devnet.rpc("eth_getBlockByNumber", "[\"latest\", false]");
    let newest: Value = serde_json::from_str(&newest).expect("a block");
    let now = newest["timestamp"].as_str().and_then(|time| time.strip_prefix("0x"));
    let now = u64::from_str_radix(now.expect("a time"), 16).expect("a time");
    // An eighth of the window before its end it would be given up.
    setting.devnet.pass((deadline - now) * 7 / 8 - 30);
    let mut command = daemons.command("provider", &setting.devnet.url, &farm.options());
    let output = command
        .arg("--once")
        .stderr(std::process::Stdio::piped())
        .output()
        .expect("assay runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("proofs are made here, since they are due in") && said.contains("does not answer"),
        "{said}"
    );
    assert_eq!(setting.verdict(&id)["outcome"], "Passed", "{said}");
}

/// The predicate's files, which its responder has from the acceptance on: model and architecture, with the secret beside them.
fn predicate(story: &Audited) -> [PathBuf; 2] {
    let chains = std::fs::read_dir(story.devnet.path("responder")).expect("it has acted");
    let predicates = chains.flatten().map(|chain| chain.path().join("predicates"));
    let found = predicates
        .filter_map(|all| std::fs::read_dir(all).ok())
        .flatten()
        .flatten();
    let dir = found
        .map(|one| one.path())
        .find(|one| one.join("predicate.assay").exists());
    let dir = dir.expect("the predicate of the audit");
    ["predicate.assay", "predicate.arch.json"].map(|name| dir.join(name))
}

#[test]
fn a_farm_proves_the_sample_of_an_audit() {
    let story = Audited::new(4, 2);
    let id = story.requested("3", &[]);
    story.accepted(&id, &[]);
    story.rs("answer", &id, &[]);
    let revealed = story.rq("reveal", &id, &[]);
    let drawn = revealed["drawn"].as_array().expect("a list").clone();
    // Those without a match are proven.
    let due = drawn.len();
    let farm = Farm::beside(&story.devnet, LEASE);
    let [model, arch] = predicate(&story);
    let counter = || {
        let secret = ModelSecret::open(&model.with_extension("secret"));
        secret.expect("it is there").counter()
    };
    let before = counter();
    let submit = |options: &[&str]| {
        let command = [&["farm", "submit", &id][..], &farm.options(), options].concat();
        story.responder().does(&command)
    };
    let tried = submit(&["--dry-run"]);
    assert_eq!(
        (&tried["stopped"], counter()),
        (&"dry run: nothing had to be signed".into(), before)
    );
    let submitted = submit(&[]);
    assert_eq!((&submitted["kind"], &submitted["new"]), (&"audit".into(), &due.into()));
    assert_eq!(counter(), before + due as u64 + 2, "two for starts that are lost");
    let worker = farm.worker_of(story.responder(), "prover", &model, &arch);
    let collect = [&["farm", "collect", &id, "--wait"][..], &farm.options()].concat();
    let collected = story.responder().does(&collect);
    assert_eq!(collected["collected"].as_array().expect("a list").len(), due);
    assert!(worker.ends());
    let status = farm.status_for(story.responder());
    assert_eq!(
        (tasks_of(&status, &id, "done"), &status["openings"][0]["used"]),
        (due as u64, &due.into())
    );
    // They are sent as they are: nothing is proven here.
    let proven = story.rs("prove", &id, &[]);
    assert_eq!(
        (&proven["state"], &proven["unproven"]),
        (&"Delivering".into(), &0.into())
    );
    assert_eq!(counter(), before + due as u64 + 2);
    assert_eq!(story.shown(&id)["proven"], due);
}

#[test]
fn the_daemon_of_a_responder_has_a_farm_prove_an_audit() {
    let story = Audited::new(4, 2);
    let id = story.requested("3", &[]);
    let farm = Farm::beside(&story.devnet, LEASE);
    let mut worker = None;
    let mut done = Vec::new();
    for _ in 0..12 {
        story.once("requester", &[]);
        // The keys of the predicate are there once it was taken on.
        if worker.is_none() && done.iter().any(|deed| deed == "accept") {
            let [model, arch] = predicate(&story);
            worker = Some(farm.worker_of(story.responder(), "prover", &model, &arch));
        }
        done.extend(story.once("responder", &farm.options()));
        if done.iter().any(|deed| deed == "settle") {
            break;
        }
    }
    let shown = story.shown(&id);
    assert_eq!(
        (&shown["outcome"], &shown["proven"]),
        (&"Complete".into(), &3.into()),
        "{done:?}"
    );
    let status = farm.status_for(story.responder());
    assert_eq!(
        (tasks_of(&status, &id, "done"), &status["openings"][0]["used"]),
        (3, &3.into()),
        "{status}"
    );
    assert!(worker.expect("it was accepted").ends());
}

#[test]
fn whatever_is_wrong_with_a_queue_is_one_sentence_and_an_exit_code_and_nothing_is_lost() {
    let setting = Setting::new();
    let farm = Farm::up(&setting, LEASE);
    let id = setting.open("set", 4, 10_000);
    setting.provider().does(&["mp", "accept", &id, "--force"]);
    let set = setting.send(&id, "set");
    let before = counter(&setting);
    let (model, arch, tasks) = (text(&setting.model), text(&setting.arch), text(&farm.tasks));
    let refused = |queue: &str| {
        let submit = [
            "farm",
            "submit",
            &id,
            "--set",
            text(&set),
            "--model",
            model,
            "--arch",
            arch,
        ];
        let (code, said) = setting
            .provider()
            .fails(&[&submit[..], &["--queue", queue, "--tasks", tasks]].concat());
        let errors = said.lines().filter(|line| line.starts_with("error")).count();
        assert_eq!(errors, 1, "{said}");
        (code, said)
    };
    let expect = |queue: &str, code: i32, says: &str| {
        let (ended, said) = refused(queue);
        assert!(ended == code && said.contains(says), "{says}: code {ended}: {said}");
    };
    let elsewhere = |name: &str| {
        let (place, options) = farm.queue.split_once('?').unwrap_or((&farm.queue, ""));
        let place = place.rsplit_once('/').expect("a database").0;
        format!("{place}/{name}?{options}")
    };
    expect("postgress://me@db/farm", 2, "is no address of a queue");
    expect("postgres://me@/farm?host=/nowhere", 4, "does not answer");
    expect(&elsewhere("template1"), 1, "has no queue yet: run `assay farm up`");
    expect(&elsewhere("missing"), 1, "createdb");
    let as_it_was = |change: &str, back: &str, code: i32, says: &str| {
        farm.sql(change);
        expect(&farm.queue, code, says);
        farm.sql(back);
    };
    as_it_was(
        "UPDATE assay_farm.farm SET version = version + 1",
        "UPDATE assay_farm.farm SET version = version - 1",
        1,
        "run the same version of assay everywhere",
    );
    as_it_was(
        "UPDATE assay_farm.farm SET home = 'elsewhere'",
        "UPDATE assay_farm.farm SET home = assay_farm.home()",
        1,
        "assay farm up --restored",
    );
    let database = farm
        .queue
        .split('?')
        .next()
        .and_then(|place| place.rsplit('/').next())
        .expect("a name");
    as_it_was(
        &format!("ALTER DATABASE {database} SET default_transaction_read_only = on"),
        &format!("BEGIN READ WRITE; ALTER DATABASE {database} RESET default_transaction_read_only; COMMIT"),
        4,
        "is read-only",
    );
    // What PostgreSQL says of a full disk; of each table that this command writes to.
    for table in ["model", "task"] {
        as_it_was(
            &format!(
                "CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS
                     $$ BEGIN RAISE EXCEPTION 'no more' USING ERRCODE = '53100'; END $$;
                 CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON assay_farm.{table} FOR EACH ROW EXECUTE FUNCTION public.refuse();"
            ),
            "DROP FUNCTION public.refuse() CASCADE",
            4,
            "is full (no more): give its machine more disk or memory",
        );
    }
    assert_eq!(counter(&setting), before, "no proof of the model is lost");
    let submit = ["farm", "submit", &id, "--set", text(&set)];
    let submitted = setting.with_model(&[&submit[..], &farm.options()].concat());
    assert_eq!(submitted["new"], 4);
}
