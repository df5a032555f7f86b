#!/usr/bin/env bash
# Rewrites the lock files with today's newest versions that pyproject.toml, requirements-audit.in and package.json allow.
# Hashes are of every platform's files; no address of a registry is written.
set -euo pipefail
cd "$(dirname "$0")/../.."
PATH=$PWD/.venv/bin:$PATH
command -v uv >/dev/null || { echo "lock.sh: uv is needed: make setup, or pip install uv" >&2; exit 2; }

options=(--generate-hashes --universal --python-version 3.11 --no-emit-index-url --no-emit-find-links --no-header --quiet)
uv pip compile pyproject.toml --extra dev "${options[@]}" "$@" -o requirements.lock
uv pip compile requirements-audit.in "${options[@]}" "$@" -o requirements-audit.lock

npm install --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund --loglevel=error
node scripts/toolchain/complete_lock.js
