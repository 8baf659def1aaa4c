//! What is hidden and what is public is decided by opening commitments or not: hidden inputs with public weights, public inputs
//! with hidden weights, and both hidden. In each setting a contested output is proven on chain; what is public is checked by
//! somebody who is no party and has a home of its own, and what does not open a commitment is refused by name.

use alloy::primitives::B256;
use assay_durable::cache::Cache;
use assay_durable::progress::Silent;
use assay_prover::model::{LayerParams, Model, Op, OutputMode};
use assay_prover::proof::{ModelOpening, VerifierKey};
use assay_prover::srs::Srs;
use e2e::{small_architecture_with, text, Party, Setting, OUTSIDER};
use serde_json::{json, Value};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// Makes another opening of an honest one.
type Forgery<'a> = &'a dyn Fn(&mut ModelOpening);

const CAP: u32 = 1;
/// A proof does not open what it is said to.
const REJECTED: i32 = 3;

/// One chain with one verifier for all settings, which take turns: the parties' accounts are the same.
struct Turn {
    setting: Arc<Setting>,
    _turn: MutexGuard<'static, ()>,
}

impl Turn {
    fn take() -> Self {
        static SHARED: Mutex<Weak<Setting>> = Mutex::new(Weak::new());
        static TURN: Mutex<()> = Mutex::new(());
        let setting = {
            let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
            shared.upgrade().unwrap_or_else(|| {
                let setting = Arc::new(Setting::new());
                *shared = Arc::downgrade(&setting);
                setting
            })
        };
        Self {
            setting,
            _turn: TURN.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    fn outsider(&self) -> Party<'_> {
        self.setting.devnet.party("outsider", OUTSIDER)
    }

    /// A model of other weights, registered with options of its own; its file, its secret file, its id.
    fn register(&self, name: &str, seed: u64, options: &[&str]) -> (PathBuf, String) {
        let model = self.setting.shared(&format!("{name}.assay"));
        let network = Model::random(small_architecture_with(OutputMode::Top1), seed).unwrap();
        network.save(&model).unwrap();
        let arch = text(&self.setting.arch);
        let register = ["mp", "register", "--model", text(&model), "--arch", arch];
        let registered = self.setting.provider().does(&[&register, options].concat());
        (model, registered["modelId"].as_str().unwrap().to_owned())
    }

    /// A round of two predictions of which one is contested, proven and upheld; its id.
    fn contested(&self, model: &Path, model_id: &str, name: &str, options: &[&str]) -> String {
        let setting = &self.setting;
        let (mp, mc) = (setting.provider(), setting.consumer());
        let opened = setting.open_round_of(model_id, name, 2, CAP, &[&["--public"], options].concat());
        let id = opened["id"].as_str().unwrap();
        let inputs = setting.shared(&format!("{name}-in"));
        mc.does(&["predict", "send", id, "--to", text(&inputs)]);
        let with_model = ["--model", text(model), "--arch", text(&setting.arch)];
        let serve = ["predict", "serve", id, "--inputs", text(&inputs)];
        mp.does(&[&serve[..], &with_model].concat());
        mp.does(&["predict", "publish", id]);
        mc.does(&["predict", "check", id]);
        mc.does(&["predict", "contest", id, "--index", "1"]);
        let answered = mp.does(&[&["predict", "answer", id], &with_model[..]].concat());
        assert_eq!(answered["unproven"], 0, "{answered}");
        assert_eq!(mc.does(&["predict", "confirm", id])["outcome"], "Upheld");
        id.to_owned()
    }

    /// Opens the weights of a model of the provider; the file.
    fn opened(&self, model: &Path, model_id: &str, name: &str) -> PathBuf {
        let to = self.setting.shared(name);
        let open = [
            "model",
            "open",
            "--model",
            text(model),
            "--arch",
            text(&self.setting.arch),
        ];
        let rest = ["--model-id", model_id, "--out", text(&to)];
        let (code, said) = self.setting.provider().fails_to_read(&[&open[..], &rest].concat());
        assert!(code == 2 && said.contains("gives all weights of"), "{said}");
        assert!(!to.exists(), "nothing is written unasked");
        let opened = self.setting.provider().reads(&[&open[..], &rest, &["--yes"]].concat());
        assert_eq!(opened["modelId"], *model_id);
        to
    }

    /// What somebody else says of an opening that must be refused.
    fn refused(&self, args: &[&str]) -> String {
        let (code, said) = self.outsider().fails_to_read(args);
        assert_eq!(code, REJECTED, "{args:?}: {said}");
        said
    }
}

#[test]
fn hidden_inputs_with_public_weights() {
    let turn = Turn::take();
    let (model, id) = turn.register("opened", 21, &[]);
    let opening = turn.opened(&model, &id, "opened.opening");
    let check = |file: &Path, id: &str| turn.outsider().reads(&["model", "check", text(file), "--model-id", id]);
    let checked = check(&opening, &id);
    assert_eq!(
        (&checked["modelId"], &checked["publicSalts"]),
        (&json!(id), &json!(false))
    );
    let commit = checked["weightsCommit"].as_str().unwrap();
    let offline = ["model", "check", text(&opening), "--commitment", commit];
    assert_eq!(turn.outsider().reads(&offline)["weightsCommit"], *commit);
    // What was opened goes on proving, and its proofs hide their inputs: nobody has the salts.
    turn.contested(&model, &id, "hidden", &[]);

    // Public from the start: the model file is all that anybody needs.
    let (plain, id) = turn.register("plain", 22, &["--public-weights"]);
    let arch = text(&turn.setting.arch);
    let args = ["model", "check", text(&plain), "--arch", arch, "--model-id", &id];
    assert_eq!(turn.outsider().reads(&args)["publicSalts"], true);
    let said = turn.refused(&["model", "check", text(&model), "--arch", arch, "--model-id", &id]);
    assert!(
        said.contains("the weights differ, or what they were salted with"),
        "{said}"
    );
    // Public salts are taken only where they are asked for.
    let register = ["mp", "register", "--model", text(&plain), "--arch", arch];
    let (code, said) = turn.setting.provider().fails(&register);
    assert!(
        code == 2 && said.contains("say --public-weights if that is meant"),
        "{said}"
    );
    // A provider opens a commitment with the files that have it, or not at all.
    let forged = turn.setting.shared("no.opening");
    let open = [
        "model",
        "open",
        "--model",
        text(&model),
        "--arch",
        arch,
        "--model-id",
        &id,
    ];
    let rest = ["--out", text(&forged), "--yes"];
    let (code, said) = turn.setting.provider().fails_to_read(&[&open[..], &rest].concat());
    assert!(code == REJECTED && said.contains("the weights differ"), "{said}");
    assert!(!forged.exists());
    turn.contested(&plain, &id, "hidden-too", &[]);
    // What another contract accepts says nothing of these weights.
    let rpc = |method: &str, params: &str| -> Value {
        serde_json::from_str(&turn.setting.devnet.rpc(method, params)).unwrap()
    };
    let shown = turn.outsider().reads(&["model", "show", &id]);
    let verifier = &shown["verifierAddress"];
    let code = rpc("eth_getCode", &format!("[{verifier},\"latest\"]"));
    let is_set = |code: &str| rpc("anvil_setCode", &format!("[{verifier},\"{code}\"]"));
    is_set(&format!("{}00", code.as_str().unwrap()));
    let said = turn.refused(&args);
    is_set(code.as_str().unwrap());
    assert!(said.contains("is not the one that was registered"), "{said}");

    let twin = turn.setting.shared("twin.assay");
    twin_of(&Model::load(&plain).unwrap()).save(&twin).unwrap();
    let said = turn.refused(&["model", "check", text(&twin), "--model-id", &id]);
    assert!(said.contains("the model was registered under"), "{said}");
}

/// Another network whose weights have the same commitment: a padded layer that takes another byte for zero. What is padded is
/// the circuit's affair, so only its key tells the two apart.
fn twin_of(model: &Model) -> Model {
    let mut twin = model.clone();
    let padded = twin.architecture.layers.iter_mut().zip(&mut twin.params);
    let (conv, params) = padded
        .filter_map(|(layer, params)| match (&mut layer.op, params) {
            (Op::Conv(conv), LayerParams::Conv(params)) if !conv.pad.is_none() => Some((conv, params)),
            _ => None,
        })
        .next()
        .unwrap();
    conv.input_zero ^= 1;
    params.input_zero = conv.input_zero;
    twin
}

/// The digest of an opening's own key.
fn digest_of(opening: &ModelOpening) -> [u8; 32] {
    let dir = tempfile::tempdir().unwrap();
    let cache = Cache::at(dir.path());
    let srs = Arc::new(Srs::dev(opening.layout.k, &cache, &Silent).unwrap());
    let key = VerifierKey::load_or_build(&opening.frozen(), srs, &cache, &Silent).unwrap();
    assert_eq!(opening.recompute(&key).unwrap(), opening.weights_commit, "a twin");
    key.vk_digest()
}

#[test]
fn public_inputs_with_hidden_weights() {
    let turn = Turn::take();
    let setting = &turn.setting;
    let id = turn.contested(&setting.model, &setting.model_id, "public", &["--public-inputs"]);
    let images = setting.shared("public-images");
    let size = Model::load(&setting.model).unwrap().architecture.input.h.to_string();
    let check = ["input", "check", text(&images), "--size", &size, "--round", &id];
    let checked = turn.outsider().reads(&check);
    assert_eq!(
        (&checked["publicSalts"], checked["inputs"].as_array().unwrap().len()),
        (&json!(true), 2)
    );
    let inputs = setting.shared("public.inputs");
    let again = [
        "predict",
        "open",
        &setting.model_id,
        "--inputs",
        text(&inputs),
        "--contest-cap",
        "1",
    ];
    let again = [&again[..], &["--arch", text(&setting.arch)]].concat();
    let (code, said) = setting.consumer().fails(&again);
    assert!(
        code == 2 && said.contains("say --public-inputs if that is meant"),
        "{said}"
    );
    // Hidden inputs of the same images are others; one of them is opened, and is the one that was proven.
    let hidden = turn.contested(&setting.model, &setting.model_id, "opened-later", &[]);
    let others = setting.shared("opened-later-images");
    let said = turn.refused(&["input", "check", text(&others), "--size", &size, "--round", &hidden]);
    assert!(said.contains("are not the inputs of round"), "{said}");
    let opening = setting.shared("later.opening");
    let open = [
        "input",
        "open",
        "--round",
        &hidden,
        "--index",
        "1",
        "--out",
        text(&opening),
    ];
    let (code, said) = setting.consumer().fails_to_read(&open);
    assert!(code == 2 && said.contains("gives image and salt away"), "{said}");
    setting.consumer().reads(&[&open[..], &["--yes"]].concat());
    let checked = turn
        .outsider()
        .reads(&["input", "check", text(&opening), "--round", &hidden]);
    assert_eq!(checked["inputs"][0]["index"], 1);
    // The weights stay hidden: the model's file with the salts that everybody knows has another commitment.
    let (model, arch) = (text(&setting.model), text(&setting.arch));
    let said = turn.refused(&["model", "check", model, "--arch", arch, "--model-id", &setting.model_id]);
    assert!(
        said.contains("the weights differ, or what they were salted with"),
        "{said}"
    );
}

#[test]
fn both_hidden_and_what_opens_neither_is_named() {
    let turn = Turn::take();
    let setting = &turn.setting;
    let round = turn.contested(&setting.model, &setting.model_id, "both", &[]);

    // Of the weights: other ones, other salts, another commitment, another reference string, another file.
    let honest = turn.opened(&setting.model, &setting.model_id, "own.opening");
    let bytes = std::fs::read(&honest).unwrap();
    let forged = setting.shared("forged.opening");
    let refused = |change: Forgery<'_>| {
        let mut opening = ModelOpening::from_bytes(&bytes).unwrap();
        change(&mut opening);
        std::fs::write(&forged, &*opening.to_bytes().unwrap()).unwrap();
        turn.refused(&["model", "check", text(&forged), "--model-id", &setting.model_id])
    };
    let other = Model::random(small_architecture_with(OutputMode::Top1), 99).unwrap();
    let narrow = Model::random(small_architecture_with(OutputMode::Top5), 99).unwrap();
    let cases: [(Forgery<'_>, &str); 5] = [
        (&|opening| opening.model = other.clone(), "the weights differ"),
        (&|opening| opening.seeds[0][0] ^= 1, "what they were salted with"),
        (&|opening| opening.seeds[1][0] ^= 1, "what they were salted with"),
        (&|opening| opening.srs_id[0] ^= 1, "the reference string differs"),
        (&|opening| opening.model = narrow.clone(), "the architecture differs"),
    ];
    for (change, said) in cases {
        let refusal = refused(change);
        assert!(refusal.contains(said), "{said}: {refusal}");
    }
    // The same commitment, another network: said honestly, and not.
    let mut twin = ModelOpening::from_bytes(&bytes).unwrap();
    let [commit, registered] = [twin.weights_commit, twin.vk_digest].map(B256::from);
    twin.model = twin_of(&twin.model);
    let own = digest_of(&twin);
    assert_ne!(own, *registered);
    let refusal = refused(&|opening| {
        opening.model = twin.model.clone();
        opening.vk_digest = own;
    });
    assert!(refusal.contains("the opening is under verifying key"), "{refusal}");
    let refusal = refused(&|opening| opening.model = twin.model.clone());
    assert!(refusal.contains("the model was registered under"), "{refusal}");
    let args = ["model", "check", text(&forged), "--commitment", &commit.to_string()];
    let refusal = turn.refused(&args);
    assert!(
        refusal.contains("another verifying key than its architecture has"),
        "{refusal}"
    );
    std::fs::write(&forged, &bytes[..bytes.len() - 1]).unwrap();
    let said = turn.refused(&["model", "check", text(&forged), "--model-id", &setting.model_id]);
    assert!(said.contains("corrupted"), "{said}");

    // Of the inputs: a pixel, a salt, an index, another round.
    let opening = setting.shared("both.opening");
    let open = [
        "input",
        "open",
        "--round",
        &round,
        "--index",
        "0",
        "--out",
        text(&opening),
        "--yes",
    ];
    setting.consumer().reads(&open);
    turn.outsider()
        .reads(&["input", "check", text(&opening), "--round", &round]);
    let document: Value = serde_json::from_slice(&std::fs::read(&opening).unwrap()).unwrap();
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut document = document.clone();
        change(&mut document["inputs"][0]);
        std::fs::write(&forged, document.to_string()).unwrap();
        turn.refused(&["input", "check", text(&forged), "--round", &round])
    };
    let flipped = |field: &'static str| {
        move |input: &mut Value| {
            let text = input[field].as_str().unwrap();
            let last = if text.ends_with('0') { "1" } else { "0" };
            input[field] = format!("{}{last}", &text[..text.len() - 1]).into();
        }
    };
    for change in [flipped("image"), flipped("salt")] {
        let said = refused(&change);
        assert!(said.contains("input 0: its image or its salt was altered"), "{said}");
    }
    let said = refused(&|input| input["index"] = 1.into());
    assert!(said.contains("input 1: it is not at index 1 of round"), "{said}");
    let elsewhere = setting.open_round("elsewhere", 2, CAP, &[]);
    let other = elsewhere["id"].as_str().unwrap();
    let said = turn.refused(&["input", "check", text(&opening), "--round", other]);
    assert!(said.contains("input 0: it is not at index 0 of round"), "{said}");
    // The consumer cannot open inputs of a round as another's.
    let inputs = setting.shared("both.inputs");
    let open = [
        "input",
        "open",
        "--round",
        other,
        "--inputs",
        text(&inputs),
        "--all",
        "--out",
        text(&forged),
    ];
    let (code, said) = setting.consumer().fails_to_read(&open);
    assert!(code == REJECTED && said.contains("these are other inputs"), "{said}");
}
