#!/usr/bin/env bash
# mypy, strict, over the SDK.
set -euo pipefail
cd "$(dirname "$0")/../.."
if [ -z "$(find carbon_sdk -name '*.py' | head -1)" ]; then
  echo "types: no Python yet"
  exit 0
fi
.venv/bin/mypy
