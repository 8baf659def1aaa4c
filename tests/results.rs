//! Commands that no other story needs; what they print is of the recorded shape, as everywhere.

use e2e::{text, Setting};

#[test]
fn what_needs_no_chain_says_what_it_made() {
    let setting = Setting::new();
    let someone = setting.consumer();
    let (model, arch) = (text(&setting.model), text(&setting.arch));
    let path = |name| text(&setting.shared(name)).to_owned();
    let random = ["model", "random", "--resolution", "32", "--classes", "10", "--out"];
    assert!(someone.reads(&[&random[..], &[&path("random.assay")]].concat())["parameters"].is_u64());
    let planned = someone.reads(&["plan", model, "--out", &path("planned.json")]);
    someone.reads(&["plan", model]);
    for file in [model, arch] {
        let shown = someone.reads(&["model", "show", file]);
        assert_eq!(
            (&shown["parameters"], &shown["activations"]),
            (&planned["parameters"], &planned["activations"])
        );
        let layers = shown["layers"].as_array().unwrap();
        let products = layers.iter().map(|layer| layer["multiplyAdds"].as_u64().unwrap());
        assert_eq!(Some(products.sum()), shown["multiplyAdds"].as_u64());
        assert_eq!(layers[0]["inputs"], serde_json::json!([0]));
    }
    assert_eq!(
        someone.reads(&["srs", "dev", "-k", "9"])["unsafeDevelopmentString"],
        true
    );
    assert!(someone.reads(&["setup", arch])["k"].is_u64() && planned["k"].is_u64());

    let set = setting.build("set", 4);
    assert_eq!(
        someone.reads(&["model", "test", model, "--set", text(&set)])["correct"],
        4
    );
    let image = std::fs::read_dir(setting.shared("set-images")).unwrap().next().unwrap();
    let (image, proof) = (image.unwrap().path(), path("one.proof"));
    let prove = [
        "prove",
        "--model",
        model,
        "--arch",
        arch,
        "--image",
        text(&image),
        "--out",
        &proof,
    ];
    let proven = someone.reads(&prove);
    let verified = someone.reads(&["verify", &proof, "--arch", arch]);
    assert_eq!(
        (&verified["valid"], &verified["weightsCommit"]),
        (&true.into(), &proven["weightsCommit"])
    );
}

#[test]
fn what_a_provider_does_with_its_stake_says_what_it_came_to() {
    let setting = Setting::new();
    let (provider, model) = (setting.provider(), setting.model_id.as_str());
    assert_eq!(
        provider.reads(&["mp", "offers", model])["offers"],
        serde_json::json!([])
    );
    let id = setting.open("set", 4, 10_000);
    assert_eq!(provider.reads(&["mp", "offers", model])["offers"][0]["id"], id.as_str());
    let key = setting.shared("transport.key");
    provider.does(&["mp", "transport-key", model, "--file", text(&key)]);
    provider.does(&["mp", "topup", model, "--ether", "1"]);
    let asked = provider.does(&["mp", "exit", model, "--yes"]);
    assert!(asked["unlockAt"].as_u64() > Some(0), "{asked}");
    assert_eq!(provider.does(&["mp", "exit", model, "--cancel"])["unlockAt"], 0);
}
