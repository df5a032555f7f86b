#!/usr/bin/env bash
# Compiles contracts/ with forge into .build/forge/out; what did not change is not compiled again.
set -euo pipefail
cd "$(dirname "$0")/../.."
if [ -z "$(find contracts -name '*.sol' 2>/dev/null | head -1)" ]; then
  mkdir -p .build/forge/out
  echo "compile: no contracts yet"
  exit 0
fi
.build/bin/forge build contracts "$@"
