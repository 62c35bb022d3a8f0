# Recipes for people who work on Weir. `just` lists them.

_list:
    @just --list --unsorted

# Everything that CI checks before the tests.
check: format lint docs spelling unused

# Mend what can be mended by itself.
fix:
    cargo fmt --all
    cargo clippy --workspace --all-targets --fix --allow-dirty --allow-staged
    typos --write-changes

# Is the code formatted?
format:
    cargo fmt --all --check

# Clippy, without a warning.
lint:
    cargo clippy --workspace --all-targets -- -D warnings

# Do the docs build, without a broken link?
docs:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --quiet

# Spelling (pip install typos).
spelling:
    typos

# Dependencies that nothing uses (cargo install cargo-machete).
unused:
    cargo machete

# Licences, sources and duplicates of dependencies (cargo install cargo-deny).
deny:
    cargo deny check licenses bans sources

# All tests.
test:
    cargo test --workspace

# Accept changed snapshots after reading them.
snapshots:
    INSTA_UPDATE=always cargo test --workspace

# Weir at work, on real data.
demo *ARGS:
    cargo run --release -- demo {{ARGS}}

# All figures, printed: cold start, micro-benchmarks, compile times, Nexmark; or name a part.
bench *ARGS:
    cargo run --release -p weir-bench -- {{ARGS}}

# Figures of the runtime alone: instances, copies, exchange, kills.
bench-runtime:
    cargo run --release -p weir-compiler --example figures
