#!/usr/bin/env bash
# Walks through the console in a real browser on simulated clusters of OceanBase 4.x, 3.1.5 and 2.2.77: physical backups,
# log backup, compaction, and the actions when a step fails. Needs a built console and Debian's chromium. The walks of
# both languages run at the same time, because they mostly wait for their clusters; each has its own 4.x.
# WALKS="en:4.6.0 zh:4.2.5" and WALK_ONLY=data,logs,… select walks and parts; SCREENSHOTS=dir keeps pictures.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
source tests/e2e/console/binaries

walks=()
trap 'kill "${walks[@]}" 2>/dev/null || true' EXIT
for walk in ${WALKS:-en:4.6.0 zh:4.2.5}; do
    WALK_LANGUAGE=${walk%%:*} WALK_VERSION=${walk#*:} timeout 1200 node tests/e2e/console/physical.mjs &
    walks+=($!)
done
for walk in "${walks[@]}"; do wait "$walk"; done
