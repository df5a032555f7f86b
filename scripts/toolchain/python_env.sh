#!/usr/bin/env bash
# Creates .venv (or the folder $2) with exactly what the lock file $1 names, hashes checked, and the SDK installed editable.
#   scripts/toolchain/python_env.sh [requirements.lock [.venv]]
set -euo pipefail
cd "$(dirname "$0")/../.."
lock=${1:-requirements.lock}
venv=${2:-.venv}

python=""
for candidate in ${PYTHON:-python3 python3.12 python3.11 python3.13}; do
  if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python=$candidate
    break
  fi
done
[ -n "$python" ] || {
  echo "setup: Python 3.11 or newer with venv is needed (found: $(python3 --version 2>&1 || true)); name one with PYTHON=/path/to/python3.11" >&2
  exit 2
}

if ! "$venv/bin/python" -c 'import pip' 2>/dev/null; then
  rm -rf "$venv"
  echo "setup: creating $venv with $("$python" --version)"
  "$python" -m venv "$venv"
fi
pip=("$venv/bin/python" -m pip --disable-pip-version-check --quiet)

# uv needs seconds where pip needs more than a minute. It comes from the same lock, and pip takes over where
# uv cannot reach the index (uv does not read pip's configuration).
mkdir -p .build
awk '/^uv==/ { on = 1 } on { print } on && !/\\$/ { exit }' requirements.lock >.build/uv.txt
echo "setup: installing $lock"
if ! { "${pip[@]}" install --require-hashes -r .build/uv.txt 2>.build/uv.log &&
  UV_LINK_MODE=copy "$venv/bin/uv" pip install --python "$venv/bin/python" --quiet --require-hashes -r "$lock" 2>>.build/uv.log; }; then
  echo "setup: uv could not (.build/uv.log says why); pip takes over, about a minute and a half"
  "${pip[@]}" install --require-hashes -r "$lock"
fi

if [ "$lock" = requirements.lock ]; then
  "${pip[@]}" install --no-deps --no-build-isolation --editable .

  # Ape looks for anvil on the PATH and for solc in SOLCX_BINARY_PATH; in this environment both are the pinned ones.
  site=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
  cat >"$site/carbon-toolchain.pth" <<PTH
import os; bin = "$PWD/.build/bin"; os.environ.setdefault("SOLCX_BINARY_PATH", bin); os.environ["PATH"] = bin + os.pathsep + os.environ.get("PATH", "")
PTH
fi
