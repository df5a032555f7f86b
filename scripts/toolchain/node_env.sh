#!/usr/bin/env bash
# Installs exactly what package-lock.json names: compiler, chain, Solidity libraries.
set -euo pipefail
cd "$(dirname "$0")/../.."

major=$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)
if [ "$major" -lt 20 ] || ! command -v npm >/dev/null; then
  echo "setup: Node 20 or newer with npm is needed (found: $(node --version 2>/dev/null || echo none)); see https://nodejs.org" >&2
  exit 2
fi

# npm writes this file last; when it agrees with the lock file there is nothing to do.
if [ -f node_modules/.package-lock.json ] && node scripts/toolchain/node_env_is_current.js; then
  exit 0
fi
echo "setup: npm ci"
npm ci --no-audit --no-fund --loglevel=error
