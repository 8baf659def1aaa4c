//! The command line itself: exit codes, help, and what must never be printed.

use assay_cli::args::accepting::AcceptingArgs;
use assay_cli::args::consent::ConsentArgs;
use assay_cli::args::economics::{CostArgs, MarketArgs};
use assay_cli::args::keys::{KeyArgs, PasswordArgs};
use assay_cli::args::model::{ModelArgs, ModelIfAnyArgs, PublicModelArgs};
use assay_cli::args::passphrase::PassphraseArgs;
use assay_cli::args::patrol::{MetricsArgs, PatrolArgs};
use assay_cli::args::policy::{AssumedArgs, AuditArgs, LoadArgs, RoundArgs};
use assay_cli::args::predicate::PredicateKeyArgs;
use assay_cli::args::queue::QueueArgs;
use assay_cli::args::sending::{SendArgs, TryArgs};
use assay_cli::args::server::ServerArgs;
use assay_cli::args::serving::ServingArgs;
use assay_cli::args::srs::SrsArgs;
use assay_cli::args::trust::TrustArgs;
use assay_cli::cmd::Cli;
use assay_cli::context::Globals;
use assay_prover::circuit::FrozenArchitecture;
use assay_prover::model::random::tiny_network;
use assay_prover::model::Model;
use clap::{Args, CommandFactory};
use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Output, Stdio};

fn assay(args: &[&str]) -> Output {
    let home = std::env::temp_dir().join("assay-argument-tests");
    let mut command = Command::new(env!("CARGO_BIN_EXE_assay"));
    command
        .args(args)
        .env("ASSAY_HOME", home)
        .env_remove("ETH_RPC_URL")
        .env_remove("ASSAY_PRIVATE_KEY");
    command.output().expect("the program runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

const ID: &str = "0x0000000000000000000000000000000000000000000000000000000000000001";
const ADDRESS: &str = "0x0000000000000000000000000000000000000001";
/// Nothing listens here.
const NOWHERE: &str = "http://127.0.0.1:1";

/// Of two options with one name the second could never be given.
#[test]
fn no_command_has_two_options_of_one_name() {
    let mut left = vec![Cli::command()];
    while let Some(command) = left.pop() {
        let mut names: Vec<&str> = command.get_arguments().filter_map(|arg| arg.get_long()).collect();
        names.sort_unstable();
        let twice = names.windows(2).find(|two| two[0] == two[1]);
        assert_eq!(twice, None, "{}", command.get_name());
        left.extend(command.get_subcommands().cloned());
    }
}

#[test]
fn every_command_has_help_with_an_example() {
    let commands: &[&[&str]] = &[
        &["model", "import"],
        &["model", "random"],
        &["model", "test"],
        &["model", "open"],
        &["model", "check"],
        &["input", "open"],
        &["input", "check"],
        &["key", "new"],
        &["key", "import"],
        &["key", "list"],
        &["audit", "request"],
        &["audit", "approve"],
        &["audit", "cancel"],
        &["audit", "accept"],
        &["audit", "decline"],
        &["audit", "answer"],
        &["audit", "withhold"],
        &["audit", "overrule"],
        &["audit", "reveal"],
        &["audit", "prove"],
        &["audit", "deliver"],
        &["audit", "receive"],
        &["audit", "demand"],
        &["audit", "ack"],
        &["audit", "publish"],
        &["audit", "dispute"],
        &["audit", "settle"],
        &["audit", "confirm"],
        &["audit", "finalize"],
        &["audit", "watch", "rq"],
        &["audit", "watch", "rs"],
        &["plan"],
        &["policy", "size"],
        &["policy", "bound"],
        &["policy", "proceed"],
        &["policy", "griefing"],
        &["policy", "deposit"],
        &["policy", "cost"],
        &["policy", "check"],
        &["policy", "tables"],
        &["srs", "dev"],
        &["srs", "import"],
        &["setup"],
        &["prove"],
        &["verify"],
        &["devnet", "up"],
        &["deploy"],
        &["mp", "deploy-verifier"],
        &["mp", "register"],
        &["mp", "accept"],
        &["mp", "prove"],
        &["mp", "submit"],
        &["mp", "abort"],
        &["mp", "concede"],
        &["mp", "ack"],
        &["mp", "post"],
        &["mp", "watch"],
        &["mc", "test-set", "build"],
        &["mc", "open"],
        &["mc", "cancel"],
        &["mc", "send"],
        &["mc", "verify"],
        &["mc", "watch"],
        &["corpus", "commit"],
        &["corpus", "attest"],
        &["corpus", "sample"],
        &["corpus", "open"],
        &["corpus", "check"],
        &["corpus", "show"],
        &["corpus", "list"],
        &["serve"],
        &["timeout", "run"],
        &["withdraw"],
        &["demo"],
        &["verdict", "show"],
        &["verdict", "list"],
    ];
    for command in commands {
        let output = assay(&[*command, &["--help"]].concat());
        assert_eq!(output.status.code(), Some(0), "{command:?}");
        let help = text(&output.stdout);
        assert!(
            help.contains("Example") && help.contains("assay "),
            "{command:?}: {help}"
        );
    }
}

#[test]
fn wrong_usage_ends_with_code_2() {
    let cases: &[&[&str]] = &[
        &[],
        &["no-such-command"],
        &["timeout", "run", "not-an-id"],
        &[
            "mc",
            "open",
            ID,
            "--set",
            "x",
            "--target-bps",
            "10001",
            "--trust-codehash",
            ID,
        ],
        &["mc", "open", ID, "--set", "x", "--target-bps", "9000"],
        &["mc", "open", ID, "--set", "x", "--trust-codehash", ID],
        &["withdraw", "--keystore", "k", "--devnet-account", "1"],
        &["withdraw", "--password-env", "P", "--devnet-account", "0"],
        &["withdraw", "--signer-url", NOWHERE, "--devnet-account", "0"],
        &["withdraw", "--signer-url", NOWHERE, "--password-env", "P"],
        &["withdraw", "--signer-url", NOWHERE, "--ledger"],
        &["withdraw", "--ledger", "--keystore", "k"],
        &["withdraw", "--ledger=x"],
        // A path follows an equals sign: what stands behind the option is an argument of its own.
        &["mc", "cancel", "--ledger", "not-an-id"],
        &["mc", "test-set", "build", "--size", "96", "--out", "x"],
        &["withdraw", "--rpc-url", "not a url"],
        &["demo", "--examples", "3"],
        &["model", "check", "x"],
        &["model", "check", "x", "--model-id", ID, "--commitment", ID],
        &["corpus", "commit", "x"],
        &["corpus", "commit", "x", "--size", "96", "--arch", "x"],
        &["corpus", "attest", ID],
        &["corpus", "open", ID, "--out", "x"],
        &["corpus", "check", "x"],
        &[
            "audit",
            "overrule",
            ID,
            "--ruling",
            "Cargo.toml",
            "--devnet-account",
            "3",
        ],
        &[
            "audit",
            "watch",
            "rq",
            "--exchange",
            "x",
            "--devnet-account",
            "1",
            "--once",
        ],
        &["input", "check", "x"],
        &["input", "check", "src", "--root", ID],
        &["input", "open", "--index", "0", "--out", "x"],
        &["input", "open", "--inputs", "x", "--out", "x"],
        &["input", "open", "--inputs", "x", "--set", "x", "--all", "--out", "x"],
        &[
            "input",
            "open",
            "--round",
            ID,
            "--engagement",
            ID,
            "--all",
            "--out",
            "x",
        ],
        &["serve", "--operator", ADDRESS],
        &["serve", "--operator", ADDRESS, "--parties", "x", "--tls-cert", "x"],
        &[
            "serve",
            "--operator",
            ADDRESS,
            "--parties",
            "x",
            "--listen",
            "0.0.0.0:0",
        ],
    ];
    for args in cases {
        let output = assay(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", text(&output.stderr));
        assert!(output.stdout.is_empty(), "{args:?} wrote to stdout");
    }
}

/// The command line with what makes everything but the given options right.
fn open_for(options: &[&str]) -> Output {
    let open = [
        "mc",
        "open",
        ID,
        "--set",
        "x",
        "--trust-codehash",
        ID,
        "--rpc-url",
        NOWHERE,
    ];
    assay(&[&open, options].concat())
}

#[test]
fn a_target_is_percent_with_its_sign_and_asks_below_one_half() {
    for options in [
        &["--target", "75%"][..],
        &["--target-bps", "7500"],
        &["--target", "0.75%", "--yes"],
    ] {
        let output = open_for(options);
        assert_eq!(output.status.code(), Some(4), "{options:?}: {}", text(&output.stderr));
    }
    for (options, said) in [
        (&["--target", "75"][..], "percent sign"),
        (&["--target", "0.75"], "percent sign"),
        (&["--target", "75%", "--target-bps", "7500"], "cannot be used with"),
        (
            &["--target-bps", "75"],
            "the target is 0.75 %, less than half of the examples: repeat with --yes",
        ),
        (&["--target", "49.99%"], "the target is 49.99 %"),
    ] {
        let output = open_for(options);
        let printed = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{options:?}: {printed}");
        assert!(printed.contains(said), "{options:?}: {printed}");
    }
}

#[test]
fn who_signs_can_say_what_gas_may_cost() {
    let help = |args: &[&str]| text(&assay(&[args, &["--help"]].concat()).stdout);
    for command in [
        &["withdraw"][..],
        &["deploy"],
        &["mp", "watch"],
        &["mc", "watch"],
        &["mc", "open"],
    ] {
        let help = help(command);
        let (_, fees) = help
            .split_once("\nFees:\n")
            .unwrap_or_else(|| panic!("{command:?}: {help}"));
        for said in [
            "--max-fee <GWEI>",
            "--max-priority-fee <GWEI>",
            "--max-cost <ETHER>",
            "in gwei",
            "in ether",
            "[default: 5]",
        ] {
            assert!(fees.contains(said), "{command:?} {said}: {fees}");
        }
    }
    for command in [&["verdict", "list"][..], &["verify"], &["serve"]] {
        assert!(!help(command).contains("--max-cost"), "{command:?}");
    }
    for option in ["--max-fee", "--max-priority-fee", "--max-cost"] {
        for amount in ["-1", "NaN", "1e3", "", "1 gwei"] {
            let output = assay(&["withdraw", "--rpc-url", NOWHERE, option, amount]);
            let said = text(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{option} {amount:?}: {said}");
            assert!(said.contains(option), "{option} {amount:?}: {said}");
        }
        let output = assay(&["withdraw", "--rpc-url", NOWHERE, option, "0.5"]);
        assert_eq!(output.status.code(), Some(4), "{option}: {}", text(&output.stderr));
    }
}

#[test]
fn a_daemon_accepts_only_up_to_a_target_that_was_given() {
    let watch = [
        "mp",
        "watch",
        "--model",
        "x",
        "--exchange",
        "x",
        "--once",
        "--rpc-url",
        NOWHERE,
    ];
    let accepting = |options: &[&str]| assay(&[&watch, options].concat());
    for options in [
        &["--accept"][..],
        &["--max-target", "90%"],
        &["--max-target-bps", "9000"],
    ] {
        let output = accepting(options);
        let printed = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{options:?}: {printed}");
        assert!(
            printed.contains("--max-target") || printed.contains("--accept"),
            "{printed}"
        );
    }
    for options in [
        &["--accept", "--max-target", "90%"][..],
        &["--accept", "--max-target-bps", "9000"],
    ] {
        let output = accepting(options);
        assert_eq!(output.status.code(), Some(4), "{options:?}: {}", text(&output.stderr));
    }
}

#[test]
fn a_daemon_of_audits_accepts_only_up_to_a_bond_that_was_given() {
    let watch = [
        "audit",
        "watch",
        "rs",
        "--exchange",
        "x",
        "--once",
        "--rpc-url",
        NOWHERE,
    ];
    let ends = |options: &[&str]| {
        let output = assay(&[&watch, options].concat());
        (output.status.code(), text(&output.stderr))
    };
    for (options, said) in [
        (&["--accept"][..], "--max-bond"),
        (&["--accept", "--max-bond", "5"], "--max-matches"),
        (
            &["--accept", "--max-bond", "5", "--max-matches", "3"],
            "--any-requester",
        ),
        (&["--max-open", "3"], "--accept"),
        (&["--originals", "x"], "--corpus"),
    ] {
        let (code, printed) = ends(options);
        assert!(code == Some(2) && printed.contains(said), "{options:?}: {printed}");
    }
    let limits = ["--accept", "--max-bond", "5", "--max-matches", "3"];
    let anybody = [&limits[..], &["--any-requester"]].concat();
    let one = [&limits[..], &["--requester", ADDRESS]].concat();
    for options in [&anybody[..], &one, &[]] {
        assert_eq!(ends(options).0, Some(4), "{options:?}");
    }
    let output = assay(&["audit", "accept", ID, "--predicate", "x", "--rpc-url", NOWHERE]);
    assert_eq!(output.status.code(), Some(2), "whoever accepts by hand names it, too");
}

#[test]
fn an_import_replaces_no_model_unasked_and_none_with_a_secret_file_ever() {
    let dir = tempfile::tempdir().unwrap();
    let (model, secret) = (dir.path().join("m.assay"), dir.path().join("m.secret"));
    std::fs::write(&model, b"model").unwrap();
    let import = |options: &[&str]| {
        let out = model.to_str().unwrap();
        let missing = [
            "model",
            "import",
            "missing.onnx",
            "--calibration",
            "missing",
            "--out",
            out,
        ];
        let output = assay(&[&missing, options].concat());
        (output.status.code(), text(&output.stderr))
    };
    let (code, said) = import(&[]);
    assert!(code == Some(2) && said.contains("--force replaces it"), "{said}");
    let (code, said) = import(&["--metric", "top5", "--logits"]);
    assert!(code == Some(2) && said.contains("cannot be used with"), "{said}");
    let (code, said) = import(&["--metric", "bin", "--force"]);
    assert!(code == Some(1) && said.contains("cannot import"), "{said}");
    let (code, said) = import(&["--force"]);
    assert!(code == Some(1) && said.contains("cannot import missing.onnx"), "{said}");
    std::fs::write(&secret, b"secret").unwrap();
    for options in [&[][..], &["--force"]] {
        let (code, said) = import(options);
        assert!(code == Some(2) && said.contains("never replaced"), "{said}");
    }
}

#[test]
fn a_node_that_does_not_answer_ends_with_code_4() {
    let output = assay(&["verdict", "show", ID, "--rpc-url", NOWHERE]);
    assert_eq!(output.status.code(), Some(4));
    assert!(text(&output.stderr).contains("no answer from the node"));
}

#[test]
fn a_missing_node_says_how_to_get_one() {
    let output = assay(&["verdict", "show", ID]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("hint: use --rpc-url"));
}

#[test]
fn bytes_that_are_no_proof_end_with_code_3() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.proof");
    for bytes in [&b""[..], b"ASSAYPRF", &[0xff; 5000]] {
        std::fs::write(&path, bytes).unwrap();
        let output = assay(&["verify", path.to_str().unwrap(), "--arch", "missing.json"]);
        assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    }
}

#[test]
fn a_proof_that_is_not_there_is_not_a_rejected_one() {
    let output = assay(&["verify", "missing.proof", "--arch", "missing.json"]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.starts_with("error: cannot read missing.proof\n") && !said.contains("rejected"),
        "{said}"
    );
}

#[test]
fn the_access_key_of_a_node_and_private_keys_are_never_printed() {
    const SECRET: &str = "s3cr3t-that-nobody-may-see";
    let url = format!("{NOWHERE}/{SECRET}");
    let user = format!("http://user:{SECRET}@[::1]:1/rpc?key={SECRET}");
    let without_scheme = format!("node.example:1/{SECRET}");
    for (url, said) in [
        (&url, NOWHERE),
        (&user, "http://[::1]:1"),
        (&without_scheme, "--rpc-url"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_assay"))
            .args(["withdraw", "--rpc-url", url])
            .env("ASSAY_PRIVATE_KEY", SECRET)
            .output()
            .unwrap();
        let printed = text(&output.stderr) + &text(&output.stdout);
        assert!(printed.contains(said) && !printed.contains(SECRET), "{printed}");
    }
    let help = Command::new(env!("CARGO_BIN_EXE_assay"))
        .arg("--help")
        .env("ETH_RPC_URL", &url)
        .output()
        .unwrap();
    assert!(!text(&help.stdout).contains(SECRET));
}

/// The program on a terminal on which nothing or `typed` is entered: exit code, and all that is drawn.
#[cfg(target_os = "linux")]
fn on_terminal(cache: &std::path::Path, args: &str, typed: &str) -> (Option<i32>, String) {
    let mut child = Command::new("script")
        .args([
            "--quiet",
            "--return",
            "--command",
            &format!("\"$ASSAY\" {args}"),
            "/dev/null",
        ])
        .env("ASSAY", env!("CARGO_BIN_EXE_assay"))
        .env("ASSAY_CACHE_DIR", cache)
        .env("ASSAY_HOME", cache)
        .env("TERM", "xterm")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("`script` of util-linux is on the PATH");
    // Closed when it is dropped: the end of the input.
    let mut keyboard = child.stdin.take().unwrap();
    keyboard.write_all(typed.as_bytes()).unwrap();
    drop(keyboard);
    let output = child.wait_with_output().unwrap();
    (output.status.code(), text(&output.stdout))
}

/// What the program draws on a terminal, begun at every frame of a spinner.
#[cfg(target_os = "linux")]
fn frames(cache: &std::path::Path, args: &str) -> Vec<String> {
    let (code, drawn) = on_terminal(cache, args, "");
    assert_eq!(code, Some(0), "{drawn}");
    let spinner = |c: char| ('\u{2800}'..='\u{28ff}').contains(&c);
    drawn.split(spinner).skip(1).map(str::to_owned).collect()
}

#[cfg(target_os = "linux")]
#[test]
fn on_a_terminal_consent_is_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let open = format!("mc open {ID} --set x --trust-codehash {ID} --target 10% --rpc-url {NOWHERE}");
    for typed in ["", "n\n", "\n"] {
        let (code, said) = on_terminal(dir.path(), &open, typed);
        assert!(
            said.contains("the target is 10 %") && said.contains("go on? [y/N]"),
            "{said}"
        );
        assert!(
            code == Some(1) && said.contains("nothing was done"),
            "{typed:?}: {said}"
        );
    }
    // Asked no more, it looks for the node.
    for (options, typed) in [("", "y\n"), (" --yes", "")] {
        let (code, said) = on_terminal(dir.path(), &format!("{open}{options}"), typed);
        assert_eq!(code, Some(4), "{said}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn every_frame_of_a_bar_is_taken_away_again() {
    let cache = tempfile::tempdir().unwrap();
    let frames = frames(cache.path(), "srs dev -k 8");
    assert!(!frames.is_empty());
    for frame in frames {
        assert!(frame.contains("\u{1b}[2K"), "this frame stays: {frame:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn proving_says_what_is_left_and_where_that_comes_from() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let model = Model::random(tiny_network(10), 3).unwrap();
    let frozen = FrozenArchitecture::plan_with(model.architecture.clone(), 3, 64).unwrap();
    model.save(&dir.path().join("tiny.assay")).unwrap();
    std::fs::write(path("tiny.arch.json"), serde_json::to_vec(&frozen).unwrap()).unwrap();
    let image = image::RgbImage::from_pixel(12, 8, image::Rgb([1, 2, 3]));
    image.save(dir.path().join("x.png")).unwrap();
    let (model, arch, image, home) = (path("tiny.assay"), path("tiny.arch.json"), path("x.png"), path("home"));
    for basis in ["the plan", "earlier proofs"] {
        let args = format!(
            "prove --model {model} --arch {arch} --image {image} --out {} --home {home}",
            path("x.proof")
        );
        let frames = frames(dir.path(), &args);
        let shares: Vec<&str> = frames
            .iter()
            .filter_map(|frame| Some(frame.split_once("proving: ")?.1))
            .collect();
        assert!(!shares.is_empty(), "{frames:?}");
        for share in shares {
            let (percent, rest) = share.split_once(" % (").unwrap();
            assert!(percent.parse::<u8>().unwrap() < 100, "{share}");
            assert!(rest.contains(&format!("estimated from {basis})")), "{share}");
        }
        assert!(!frames.iter().any(|frame| frame.contains("100 %")));
    }
}

#[test]
fn a_damaged_secret_is_reported_before_any_key_is_derived() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    Model::random(tiny_network(10), 3)
        .unwrap()
        .save(&dir.path().join("tiny.assay"))
        .unwrap();
    std::fs::write(path("tiny.secret"), b"no secret").unwrap();
    image::RgbImage::from_pixel(12, 8, image::Rgb([1, 2, 3]))
        .save(dir.path().join("x.png"))
        .unwrap();
    let (model, image, out) = (path("tiny.assay"), path("x.png"), path("x.proof"));
    let ran = Command::new(env!("CARGO_BIN_EXE_assay"))
        .args([
            "prove",
            "--model",
            &model,
            "--secret",
            &path("tiny.secret"),
            "--image",
            &image,
            "--out",
            &out,
        ])
        .env("ASSAY_HOME", dir.path().join("home"))
        .env("ASSAY_CACHE_DIR", dir.path().join("cache"))
        .output()
        .unwrap();
    let said = text(&ran.stderr);
    assert_eq!(ran.status.code(), Some(1), "{said}");
    assert!(said.contains("tiny.secret"), "{said}");
    assert!(!dir.path().join("cache").exists(), "{said}");
}

type Headings = BTreeMap<String, Option<String>>;

fn headings_in(command: &clap::Command) -> Headings {
    let heading = |arg: &clap::Arg| (arg.get_id().to_string(), arg.get_help_heading().map(str::to_owned));
    command.get_arguments().map(heading).collect()
}

/// Options that several commands share, by the name of their group.
fn shared() -> Vec<(&'static str, Headings)> {
    fn of<T: Args>() -> Headings {
        headings_in(&T::augment_args(clap::Command::new("")))
    }
    vec![
        ("AcceptingArgs", of::<AcceptingArgs>()),
        ("AssumedArgs", of::<AssumedArgs>()),
        ("AuditArgs", of::<AuditArgs>()),
        ("ConsentArgs", of::<ConsentArgs>()),
        ("CostArgs", of::<CostArgs>()),
        ("Globals", of::<Globals>()),
        ("KeyArgs", of::<KeyArgs>()),
        ("LoadArgs", of::<LoadArgs>()),
        ("MarketArgs", of::<MarketArgs>()),
        ("MetricsArgs", of::<MetricsArgs>()),
        ("ModelArgs", of::<ModelArgs>()),
        ("ModelIfAnyArgs", of::<ModelIfAnyArgs>()),
        ("PassphraseArgs", of::<PassphraseArgs>()),
        ("PasswordArgs", of::<PasswordArgs>()),
        ("PatrolArgs", of::<PatrolArgs>()),
        ("PredicateKeyArgs", of::<PredicateKeyArgs>()),
        ("PublicModelArgs", of::<PublicModelArgs>()),
        ("QueueArgs", of::<QueueArgs>()),
        ("RoundArgs", of::<RoundArgs>()),
        ("SendArgs", of::<SendArgs>()),
        ("ServerArgs", of::<ServerArgs>()),
        ("ServingArgs", of::<ServingArgs>()),
        ("SrsArgs", of::<SrsArgs>()),
        ("TrustArgs", of::<TrustArgs>()),
        ("TryArgs", of::<TryArgs>()),
    ]
}

fn check_headings(command: &clap::Command, shared: &[(&str, Headings)]) {
    let has = |name: &str| command.get_groups().any(|group| group.get_id() == name);
    let groups = shared.iter().filter(|(name, _)| has(name));
    let of_groups: Headings = groups.flat_map(|(_, headings)| headings.clone()).collect();
    for (id, heading) in headings_in(command) {
        let expected = of_groups.get(&id).cloned().flatten();
        assert_eq!(heading, expected, "{id} of {}", command.get_name());
    }
    for inner in command.get_subcommands() {
        check_headings(inner, shared);
    }
}

#[test]
fn every_option_stands_under_the_heading_of_its_own_group() {
    let shared = shared();
    for (name, headings) in &shared {
        assert!(
            !headings.is_empty() && headings.values().all(Option::is_some),
            "{name} leaves an option to whatever stands before it: {headings:?}"
        );
    }
    check_headings(&Cli::command(), &shared);
}
