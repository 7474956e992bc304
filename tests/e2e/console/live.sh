#!/usr/bin/env bash
# Leaves a page of the console open in a real browser during thousands of events: afterwards it must show the current
# state, and use hardly more memory than before. Needs a built console and Debian's chromium.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
source tests/e2e/console/binaries

timeout 600 node tests/e2e/console/live.mjs
