#!/usr/bin/env bash
# Formatting of Solidity and Python; `make format` repairs it.
set -euo pipefail
cd "$(dirname "$0")/../.."

result=0
[ ! -d contracts ] || .build/bin/forge fmt --check || result=1
.venv/bin/ruff format --check --quiet . || { .venv/bin/ruff format --diff --quiet . || true; result=1; }
[ $result = 0 ] || echo "format: run \`make format\`" >&2
exit $result
