#!/usr/bin/env bash
# Linters of Solidity and Python; every warning counts.
set -euo pipefail
cd "$(dirname "$0")/../.."

result=0
# In folders of its own: forge lint overwrites artifacts with ones that have no bytecode.
[ ! -d contracts ] ||
  FOUNDRY_OUT=.build/lint/out FOUNDRY_CACHE_PATH=.build/lint/cache .build/bin/forge lint --deny warnings || result=1
# Without its cache: whether an import is the project's own depends on other files, which the cache does not look at.
.venv/bin/ruff check --no-cache --quiet . || result=1
exit $result
