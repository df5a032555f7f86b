#!/usr/bin/env bash
# Compiles contracts/ with forge into .build/forge/out. All of it (--force) whenever anything changed: by way of the IR, the
# code of a contract depends on which other sources are compiled with it, and what the SDK ships must be what a clean clone
# makes. While developing, `.build/bin/forge build` and `forge test` are incremental.
set -euo pipefail
cd "$(dirname "$0")/../.."
if [ -z "$(find contracts -name '*.sol' 2>/dev/null | head -1)" ]; then
  mkdir -p .build/forge/out
  echo "compile: no contracts yet"
  exit 0
fi
.build/bin/forge build contracts --force "$@"
