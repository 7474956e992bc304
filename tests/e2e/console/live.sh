#!/usr/bin/env bash
# Leaves a page of the console open in a real browser while thousands of events pass by: it must show the truth after
# them, and hold hardly more memory than before. Wants a built console and Debian's chromium.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
source tests/e2e/console/binaries

timeout 600 node tests/e2e/console/live.mjs
