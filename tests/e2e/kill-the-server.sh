#!/usr/bin/env bash
# Kills the server at random times of real backups and starts it again: each task must succeed, with one complete backup
# set that matches the database. The seed is printed: set SEED to repeat a run. Set KILLS for more kills.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

seed=${SEED:-$RANDOM}
kills=${KILLS:-10}
RANDOM=$seed
echo "kill-the-server: seed $seed, $kills kills"

cargo build --quiet --bin lifeboat
lifeboat=${CARGO_TARGET_DIR:-$PWD/target}/debug/lifeboat
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill -9 "$server" 2>/dev/null; rm -rf "$work"' EXIT
mkdir "$work/backups"

cargo xtask seekdb start > /dev/null
cargo xtask seekdb sample --database kill_shop
instance=${CARGO_TARGET_DIR:-$PWD/target}/seekdb/shared/instance.json
read -r port < <(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["port"])' "$instance")
(umask 077
 python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["password"])' "$instance" > "$work/database-password"
 echo "a password for one run" > "$work/admin-password")
listen=127.0.0.1:$(tests/e2e/free-port)
export LIFEBOAT_SERVER=http://$listen LIFEBOAT_USER=admin LIFEBOAT_PASSWORD_FILE=$work/admin-password
export LIFEBOAT_CLUSTER_PASSWORD_FILE=$work/database-password LIFEBOAT_ADMIN_PASSWORD_FILE=$work/admin-password

start() {
    "$lifeboat" serve --data-dir "$work/data" --file-root "$work/backups" --listen "$listen" \
        --egress-allow loopback >> "$work/server.log" 2>&1 &
    server=$!
    for _ in $(seq 150); do
        "$lifeboat" cluster list > /dev/null 2>&1 && return
        kill -0 "$server" 2>/dev/null || break
        sleep 0.1
    done
    tail -20 "$work/server.log"
    echo "kill-the-server: the server does not start" >&2
    exit 1
}

# Prints the value of a Python expression about the JSON "answer" on standard input.
field() { python3 -c 'import json, sys; answer = json.load(sys.stdin); print('"$1"')'; }

start
"$lifeboat" cluster add victim --host "127.0.0.1:$port" --user root > /dev/null
"$lifeboat" storage add local "file://$work/backups" > /dev/null

for round in $(seq "$kills"); do
    task=$("$lifeboat" backup now --cluster victim --storage local --database kill_shop -o json | field 'answer["backupObjectOpsResultList"][0]["taskIdList"][0]')
    pause=$(printf '0.%03d' $((RANDOM % 1000)))
    sleep "$pause"
    kill -9 "$server"
    wait "$server" 2>/dev/null || true
    start
    "$lifeboat" task watch "$task" > "$work/watch.log" 2>&1 || { cat "$work/watch.log"; echo "round $round: task $task did not end well" >&2; exit 1; }
    sets=$("$lifeboat" backup list --cluster victim -o json | field 'len(answer)')
    [ "$sets" -eq "$round" ] || { echo "round $round: $sets backup sets after $round backups" >&2; exit 1; }
    printf 'round %s: killed after %s s, task %s ended well\n' "$round" "$pause" "$task"
done

echo "kill-the-server: every backup set is whole and equals the database"
count=0
while read -r manifest; do
    "$lifeboat" verify --from "file://$(dirname "$manifest")" > "$work/verify.log" 2>&1 || { cat "$work/verify.log"; exit 1; }
    count=$((count + 1))
done < <(find "$work/backups" -name manifest.json)
[ "$count" -eq "$kills" ] || { echo "$count complete dumps after $kills backups" >&2; exit 1; }
"$lifeboat" verify --from "file://$(dirname "$(find "$work/backups" -name manifest.json | head -1)")" \
    --against "mysql://root@127.0.0.1:$port" > /dev/null
echo "kill-the-server: $kills passed, 0 failed"
