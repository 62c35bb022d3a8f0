# Recipes for people who work on Weir. `just` lists them.

clients := env("XDG_CACHE_HOME", home_directory() / ".cache") / "weir-ci" / "python"
# Another version of DuckDB: its generators of data are packages of their own.
generators := env("XDG_CACHE_HOME", home_directory() / ".cache") / "weir-ci" / "tpc"

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

# Random programs and changes without end, other ones each round, until one fails or Ctrl-C: the engine against the naive interpreter, and components.
fuzz-sql:
    #!/usr/bin/env bash
    set -e
    trap 'exit 130' INT
    while true; do
        export WEIR_SEED=$((RANDOM * 32768 + RANDOM)) WEIR_PROGRAMS=1000 WEIR_COMPONENTS=4
        echo "WEIR_SEED=$WEIR_SEED WEIR_PROGRAMS=$WEIR_PROGRAMS WEIR_COMPONENTS=$WEIR_COMPONENTS"
        cargo test -q -p weir-sql --test programs incremental -- --nocapture
        cargo test -q -p weir-compiler --test random_programs -- --nocapture
    done

# The unchanged Python client, and random requests made from the OpenAPI document, against the real binary; functions against other databases.
test-clients *ARGS:
    cargo build -p weir-server
    cargo build -p weir-sql --example evaluate --example replay --example programs
    test -x {{clients}}/bin/pytest || python3 -m venv {{clients}}
    {{clients}}/bin/pip install --quiet --disable-pip-version-check -r tests/python/requirements.txt
    {{clients}}/bin/pytest -q tests/python {{ARGS}}

# All queries of TPC-H and TPC-DS, kept up to date by the engine, against DuckDB's answers (WEIR_TPC_SCALE=0.1: ten times the data).
test-tpc *ARGS:
    cargo build -p weir-sql --example replay
    test -x {{generators}}/bin/pytest || python3 -m venv {{generators}}
    {{generators}}/bin/pip install --quiet --disable-pip-version-check -r tests/tpc/requirements.txt
    {{generators}}/bin/pytest -q tests/tpc {{ARGS}}

# Many pipelines and clients at once, at full size.
load:
    WEIR_LOAD_PIPELINES=1000 WEIR_LOAD_CLIENTS=200 WEIR_LOAD_SECONDS=60 cargo test --release -p weir-server --test load -- --nocapture --test-threads 1

# Accept changed snapshots after reading them.
snapshots:
    INSTA_UPDATE=always cargo test --workspace

# Weir at work, on real data.
demo *ARGS:
    cargo run --release -- demo {{ARGS}}

# All figures, printed: cold start, micro-benchmarks, compile times, profile dev, ingress, connectors, Nexmark; or name a part.
bench *ARGS:
    cargo build --release -p weir-server
    cargo run --release -p weir-bench -- {{ARGS}}

# Figures of the runtime alone: instances, copies, exchange, kills.
bench-runtime:
    cargo run --release -p weir-compiler --example figures
