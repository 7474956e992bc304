#!/usr/bin/env bash
# Leaves a page of the console open in a real browser while thousands of events pass by: it must show the truth after
# them, and hold hardly more memory than before. Wants a built console and Debian's chromium.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."

[ -f console/dist/index.html ] || { echo "console: build it first: (cd console && npm ci && npm run build)" >&2; exit 1; }
target=${CARGO_TARGET_DIR:-$PWD/target}
if [ -z "${LIFEBOAT_BINARY:-}" ]; then
    cargo build --quiet --workspace --bins
    export LIFEBOAT_BINARY=$target/debug/lifeboat
fi
export LIFEBOAT_SIM_BINARY=${LIFEBOAT_SIM_BINARY:-$target/debug/lifeboat-sim}
timeout 600 node tests/e2e/console/live.mjs
