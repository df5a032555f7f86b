#!/usr/bin/env bash
# Rewrites both lock files with today's newest versions that pyproject.toml and requirements-audit.in allow.
# Hashes are of every platform's files; no address of a registry is written. Needs `pip install uv`.
set -euo pipefail
cd "$(dirname "$0")/../.."
command -v uv >/dev/null || { echo "lock.sh: uv is needed: pip install uv" >&2; exit 2; }

options=(--generate-hashes --universal --python-version 3.11 --no-emit-index-url --no-emit-find-links --no-header --quiet)
uv pip compile pyproject.toml --extra dev "${options[@]}" "$@" -o requirements.lock
uv pip compile requirements-audit.in "${options[@]}" "$@" -o requirements-audit.lock
