#!/usr/bin/env bash
# Walks through the console in a real browser, in both languages, on the real seekdb: from the first log-on to the
# recovery of a backup. Needs a built console (console/dist) and Debian's chromium. SCREENSHOTS=dir keeps pictures.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tests/e2e/console/binaries

xtask=${XTASK:-cargo xtask}
lifeboat=$LIFEBOAT_BINARY
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT

$xtask seekdb start > /dev/null
instance=$target/seekdb/shared/instance.json
port=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["port"])' "$instance")
(umask 077; python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["password"])' "$instance" > "$work/database-password")

for language in en zh; do
    $xtask seekdb sample --database "console_$language" > /dev/null
    mkdir "$work/$language" "$work/$language/backups"
    listen=127.0.0.1:$(tests/e2e/free-port)
    "$lifeboat" serve --data-dir "$work/$language/data" --file-root "$work/$language/backups" --listen "$listen" \
        --egress-allow loopback \
        > "$work/$language/server.log" 2>&1 &
    server=$!
    WALK_LANGUAGE=$language WALK_URL=http://$listen WALK_DATA=$work/$language WALK_DATABASE=console_$language \
        WALK_SEEKDB=127.0.0.1:$port WALK_SEEKDB_PASSWORD_FILE=$work/database-password WALK_SERVER_LOG=$work/$language/server.log \
        timeout 300 node tests/e2e/console/walk.mjs || { tail -20 "$work/$language/server.log"; exit 1; }
    kill "$server"
    wait "$server" 2>/dev/null || true
    server=
done
