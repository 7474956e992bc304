#!/usr/bin/env bash
# Creates a backup strategy in a real browser on simulated clusters of OceanBase 4.x, and follows it: its storage as the
# default of Back up Now, a run, a pause, and the run that was missed during the pause. Takes some minutes, because runs
# are due at full minutes. Needs a built console and Debian's chromium. The walks of both languages run at the same
# time, each on its own 4.x.
# WALKS="en:4.6.0 zh:4.2.5" selects walks; SCREENSHOTS=dir keeps pictures (SCREENSHOTS_SMALL=1: of a phone size too).
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
