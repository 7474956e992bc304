#!/usr/bin/env bash
# Walks through the console in a real browser on simulated clusters of OceanBase 4.2.5 and 3.1.5: physical backups, log
# backup, compaction, and the ways out when a step stops. Wants a built console and Debian's chromium. The languages
# walk side by side: most of the time they wait for their clusters.
# LANGUAGES="en zh", WALK_ONLY=data,logs,… and SCREENSHOTS=dir narrow it and keep pictures.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
source tests/e2e/console/binaries

walks=()
trap 'kill "${walks[@]}" 2>/dev/null || true' EXIT
for language in ${LANGUAGES:-en zh}; do
    WALK_LANGUAGE=$language timeout 1200 node tests/e2e/console/physical.mjs &
    walks+=($!)
done
for walk in "${walks[@]}"; do wait "$walk"; done
