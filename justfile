# Recipes of this repository; `just` lists them. Each is one line that can be typed without `just` too.

_default:
    @just --list

# Install the EVM tool chain (npm, by the lock file)
install:
    scripts/install

# Every check and test, as CI runs them (--fast, --deep)
test *flags:
    scripts/test {{flags}}

# Formatting, lints and documentation alone
check:
    cargo fmt --check
    scripts/forge fmt --check
    cargo clippy --locked --release --workspace --all-targets -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --locked --release --workspace --no-deps --document-private-items

# The whole story on a local chain (--protocol accuracy-full)
demo *flags:
    scripts/demo {{flags}}

# Measurements: prove NETWORK, held
bench *args:
    scripts/bench {{args}}

# Static analysis and symbolic execution of the contracts
analyse:
    scripts/analyse

# An archive of the program, with pages, completions, licences and checksums
package *flags:
    scripts/package {{flags}}

# The site of docs/ (mdBook)
docs *flags:
    scripts/docs {{flags}}

# Compare what Cargo.lock brings in with deny.toml
deny:
    scripts/deny

# Change the code, one spot at a time, and see which test notices (FILE..., or --circuit)
mutate *args:
    scripts/mutate {{args}}

# Write generated files anew: release artefacts, the reference of docs/ and gas snapshot
bless:
    scripts/release-artefacts
    scripts/reference
    scripts/forge snapshot --no-match-test 'testFuzz|invariant|handler'
