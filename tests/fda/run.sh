#!/usr/bin/env bash
# Every subcommand of the unchanged CLI `fda` 0.36.0 against a server of its own.
#   cargo install fda --version 0.36.0 --root /tmp/fda     (some minutes; CI does not)
#   cargo build && FDA=/tmp/fda/bin/fda tests/fda/run.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
FDA=${FDA:-fda}
WEIR=${WEIR:-${CARGO_TARGET_DIR:-target}/debug/weir}
work=$(mktemp -d)
"$WEIR" serve --bind 127.0.0.1:0 --data-dir "$work/data" >"$work/out" 2>"$work/log" &
server=$!
trap 'kill $server 2>/dev/null || true; wait $server 2>/dev/null || true; rm -rf "$work"' EXIT
until grep -q http: "$work/out"; do sleep 0.1; done
FELDERA_HOST=$(sed 's/.* //' "$work/out")
export FELDERA_HOST
export RUST_LOG=${RUST_LOG:-error}

# check NAME EXPECTED COMMAND...: the command succeeds and says what is expected.
check() {
    local name=$1 expected=$2 said
    shift 2
    if ! said=$("$@" 2>&1); then
        printf 'FAILED  %s: %s\n%s\n' "$name" "$*" "$said"
        exit 1
    fi
    if ! grep -q -- "$expected" <<<"$said"; then
        printf 'FAILED  %s: no "%s" in\n%s\n' "$name" "$expected" "$said"
        exit 1
    fi
    printf 'ok      %s\n' "$name"
}

cat >"$work/p.sql" <<'SQL'
CREATE TABLE t (n INT NOT NULL PRIMARY KEY) WITH ('materialized' = 'true');
CREATE MATERIALIZED VIEW v AS SELECT n * 2 AS m FROM t;
SQL
check "create" "" "$FDA" create p "$work/p.sql" unoptimized
check "pipelines" "p" "$FDA" pipelines
check "pipelines, json" '"name"' "$FDA" --format json pipelines
check "program get" "CREATE TABLE t" "$FDA" program get p
check "program config" "unoptimized" "$FDA" program config p
check "program status" "" "$FDA" program status p
check "config" "workers" "$FDA" config p
check "set-config" "2" "$FDA" set-config p workers 2
check "program set-config" "" "$FDA" program set-config p optimized
check "program set" "" "$FDA" program set p "$work/p.sql"
check "start" "" "$FDA" start p
check "status" "Running" "$FDA" status p
check "stats" "pipeline_complete" "$FDA" --format json stats p
check "query, insert" "" "$FDA" query p "INSERT INTO t VALUES (1), (2)"
check "query" "4" "$FDA" query p "SELECT m FROM v ORDER BY m"
check "query, json" '"m":2' "$FDA" --format json query p "SELECT m FROM v ORDER BY m"
check "pause" "" "$FDA" pause p
check "restart" "" "$FDA" restart p
check "logs" "" timeout 20 "$FDA" logs p
check "heap-profile" "" "$FDA" heap-profile p --output "$work/heap.pb"
# Without connectors there is nothing to control but the answer is the API's.
if "$FDA" table-connector p t absent pause >"$work/said" 2>&1 || ! grep -q absent "$work/said"; then
    echo "FAILED  table-connector"
    cat "$work/said"
    exit 1
fi
echo "ok      table-connector"
# Its shell wants a terminal: util-linux's `script` makes one.
check "shell" "| m" bash -c "(sleep 1; printf 'SELECT m FROM v;\\n'; sleep 1; printf 'exit\\n') | script -qec \"'$FDA' shell p\" /dev/null"
check "shutdown" "" "$FDA" shutdown p
check "apikey create" "apikey:" "$FDA" apikey create mine
check "apikey list" "mine" "$FDA" apikey list
check "apikey delete" "" "$FDA" apikey delete mine
check "delete" "" "$FDA" delete p
if "$FDA" status p >"$work/said" 2>&1; then
    echo "FAILED  a pipeline that is gone has a status"
    exit 1
fi
echo "ok      status of a pipeline that is gone"
