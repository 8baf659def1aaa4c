//! A provider measures its model first, and is held to what came out.

use e2e::{text, Setting};

#[test]
fn a_provider_accepts_no_target_that_its_own_test_speaks_against() {
    let setting = Setting::new();
    let model = text(&setting.model);
    let provider = setting.provider();

    // Four of four right: in clear, of four fresh examples two can be promised, three not.
    let own = setting.build("own", 4);
    let tested = provider.reads(&["model", "test", model, "--set", text(&own)]);
    assert_eq!(
        (tested["correct"].as_u64(), tested["examples"].as_u64()),
        (Some(4), Some(4))
    );
    let clear = &tested["targets"][0];
    assert_eq!(
        (
            clear["mode"].as_str(),
            clear["targetBps"].as_u64(),
            clear["needed"].as_u64()
        ),
        (Some("CLEAR"), Some(5000), Some(2))
    );
    // One probe excludes no chosen set.
    let full = &tested["targets"][2];
    assert_eq!((full["mode"].as_str(), full.get("targetBps")), (Some("FULL"), None));

    let half = setting.open("half", 4, 5_000);
    provider.does(&["mp", "accept", &half]);
    let more = setting.open("more", 4, 5_001);
    let (_, said) = provider.fails(&["mp", "accept", &more]);
    assert!(
        said.contains("right on 4 of 4")
            && said.contains("the largest target that does: 50 %")
            && said.contains("--force"),
        "{said}"
    );
    assert_eq!(setting.verdict(&more)["state"], "Offered");

    // Another measurement takes the place of the first one.
    let hard = setting.build("hard", 1);
    let tested = provider.reads(&["model", "test", model, "--set", text(&hard)]);
    assert_eq!(tested["correct"], 1);
    let (_, said) = provider.fails(&["mp", "accept", &more]);
    assert!(said.contains("right on 1 of 4"), "{said}");
    provider.does(&["mp", "accept", &more, "--force"]);

    let encrypted = setting.open_with("encrypted", 4, 5_000, &["--mode", "full"]);
    let leaves = setting.shared("encrypted").join("leaves.json");
    let (_, said) = provider.fails(&["mp", "accept", &encrypted, "--leaves", text(&leaves)]);
    assert!(said.contains("no number of right probes"), "{said}");
}

#[test]
fn a_provider_does_not_proceed_when_the_open_examples_speak_against_it() {
    let setting = Setting::new();
    let provider = setting.provider();
    let id = setting.open("set", 1, 7_500);
    provider.does(&["mp", "accept", &id]);
    let set = setting.send(&id, "set");
    let (model, arch) = (text(&setting.model), text(&setting.arch));
    let prove = [
        "mp",
        "prove",
        &id,
        "--set",
        text(&set),
        "--model",
        model,
        "--arch",
        arch,
    ];
    let (_, said) = provider.fails(&prove);
    assert!(said.contains("1 of 4 correct, 3 are needed"), "{said}");
    let (_, said) = provider.fails(&["mp", "proceed", &id]);
    assert!(
        said.contains("speaks against proceeding") && said.contains("--force"),
        "{said}"
    );
    assert_eq!(setting.verdict(&id)["state"], "Probing");
    // Trying it against the advice does not forget the advice.
    provider.does(&["mp", "proceed", &id, "--force", "--dry-run"]);
    let (_, said) = provider.fails(&["mp", "proceed", &id]);
    assert!(said.contains("speaks against proceeding"), "{said}");
    assert_eq!(provider.does(&["mp", "proceed", &id, "--force"])["state"], "Proving");
}

/// The words on stderr of a signing command that succeeds.
fn said_by(setting: &Setting, args: &[&str]) -> String {
    let output = setting
        .provider()
        .signing_at(&setting.devnet.url, args)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    said
}

#[test]
fn what_costs_money_states_its_price() {
    let setting = Setting::new();
    let provider = setting.provider();
    let (one, two) = (setting.open("one", 4, 7_500), setting.open("two", 4, 7_500));
    for id in [&one, &two] {
        provider.does(&["mp", "accept", id]);
    }
    provider.does(&["mp", "proceed", &two]);
    let said = said_by(&setting, &["mp", "abort", &one]);
    assert!(
        said.contains("aborting gives up the success payment of 0.016 ETH"),
        "{said}"
    );
    let said = said_by(&setting, &["mp", "concede", &two]);
    assert!(said.contains("conceding costs the whole deposit of 0.08 ETH"), "{said}");
    let said = said_by(&setting, &["mp", "exit", &setting.model_id]);
    assert!(
        said.contains("the model can accept no offer, and its stake of"),
        "{said}"
    );
}

#[test]
fn a_slip_in_the_command_line_ends_no_engagement() {
    let setting = Setting::new();
    let provider = setting.provider();
    let exchange = setting.shared("exchange");
    std::fs::create_dir(&exchange).unwrap();
    // A daemon that could make no proof would abort and concede.
    let typo = setting.shared("typo.assay");
    let (_, said) = provider.fails(&[
        "mp",
        "watch",
        "--model",
        text(&typo),
        "--exchange",
        text(&exchange),
        "--once",
    ]);
    assert!(
        said.contains("cannot load model") && said.contains("typo.assay"),
        "{said}"
    );

    let story = e2e::Story::locked(&["--mode", "simple"]).probing();
    let (model, arch) = (text(&story.setting.model), text(&story.setting.arch));
    let probe = [
        "mp",
        "probe",
        &story.id,
        "--model",
        model,
        "--arch",
        arch,
        "--decide",
        "--at-least",
        "44",
    ];
    let (code, said) = story.setting.provider().fails(&probe);
    assert!(code == 2 && said.contains("44 of 4 open examples"), "{said}");
    assert_eq!(story.verdict()["state"], "Probing");
}
