//! A farm of provers: PostgreSQL, worker processes, real proofs of a small network, one worker lost in the middle.

use assay_prover::secret::ModelSecret;
use e2e::{text, Farm, Setting};
use serde_json::Value;

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
