#!/usr/bin/env bash
# Calls every operation of docs/openapi.json with valid and invalid values, and checks that each answer is in the
# description. The server has no clusters.
#
#   tests/e2e/schemathesis.sh [URL]     without a URL the debug binary is built and started
#
# Left out: the stream of events, which has no end, and the change of the password, because wrong old passwords lock the
# account, as they should. For the same reason invalid log-ons are not tried (`ignored_auth`); crates/api tests every
# operation without a log-on.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
tool=$target/schemathesis
version=4.32.5

if ! "$tool/bin/st" --version 2>/dev/null | grep -qF "$version"; then
    python3 -m venv "$tool"
    "$tool/bin/pip" install --quiet --disable-pip-version-check "schemathesis==$version"
fi

url=${1:-}
password=${LIFEBOAT_PASSWORD:-correct horse}
if [ -z "$url" ]; then
    cargo build --quiet --manifest-path "$root/Cargo.toml" --bin lifeboat
    home=$(mktemp -d)
    LIFEBOAT_ADMIN_PASSWORD=$password "$target/debug/lifeboat" serve --data-dir "$home/data" --listen 127.0.0.1:0 \
        --egress-allow loopback \
        >"$home/out" 2>"$home/err" &
    server=$!
    trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; rm -rf "$home"' EXIT
    for _ in $(seq 300); do
        url=$(sed -n 's/.*\(http:[^ ]*\).*/\1/p' "$home/out")
        [ -n "$url" ] && break
        kill -0 "$server" 2>/dev/null || { cat "$home/err" >&2; exit 1; }
        sleep 0.1
    done
    [ -n "$url" ] || { echo "the server did not start in time" >&2; exit 1; }
fi

cd "$(mktemp -d)"
"$tool/bin/st" --config-file "$root/tests/e2e/schemathesis.toml" run "$root/docs/openapi.json" \
    --url "$url" --auth "admin:$password" --seed 20261122 --max-examples "${EXAMPLES:-15}" \
    --exclude-operation-id events --exclude-operation-id change_my_password \
    --exclude-checks ignored_auth --phases examples,coverage,fuzzing
