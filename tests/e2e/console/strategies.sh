#!/usr/bin/env bash
# Creates a backup strategy in a real browser on simulated clusters of OceanBase 4.x, and follows it: the storage that Back up
# Now fills in from it, a run, a pause, and the run that the pause missed. Takes some minutes, because runs are due at whole minutes. Wants a
# built console and Debian's chromium. The languages walk side by side, each on its own 4.x.
# WALKS="en:4.6.0 zh:4.2.5" and SCREENSHOTS=dir (SCREENSHOTS_SMALL=1 for a telephone, too) narrow it and keep pictures.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
source tests/e2e/console/binaries

walks=()
trap 'kill "${walks[@]}" 2>/dev/null || true' EXIT
for walk in ${WALKS:-en:4.6.0 zh:4.2.5}; do
    WALK_LANGUAGE=${walk%%:*} WALK_VERSION=${walk#*:} timeout 900 node tests/e2e/console/strategies.mjs &
    walks+=($!)
done
for walk in "${walks[@]}"; do wait "$walk"; done
