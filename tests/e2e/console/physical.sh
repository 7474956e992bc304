#!/usr/bin/env bash
# Walks through the console in a real browser on simulated clusters of OceanBase 4.2.5 and 3.1.5: physical backups, log
# backup, compaction, and the ways out when a step stops. Wants a built console and Debian's chromium.
# Not part of `./x test` yet: see its parts by WALK_ONLY.
# LANGUAGES="en zh", WALK_ONLY=data,logs,… and SCREENSHOTS=dir narrow it and keep pictures.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."

[ -f console/dist/index.html ] || { echo "console: build it first: (cd console && npm ci && npm run build)" >&2; exit 1; }
target=${CARGO_TARGET_DIR:-$PWD/target}
if [ -z "${LIFEBOAT_BINARY:-}" ]; then
    cargo build --quiet --workspace --bins
    export LIFEBOAT_BINARY=$target/debug/lifeboat
fi
export LIFEBOAT_SIM_BINARY=${LIFEBOAT_SIM_BINARY:-$target/debug/lifeboat-sim}
for language in ${LANGUAGES:-en zh}; do
    WALK_LANGUAGE=$language timeout 1200 node tests/e2e/console/physical.mjs
done
