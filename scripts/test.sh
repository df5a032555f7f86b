#!/usr/bin/env bash
# Static checks, contract tests, Python tests, in this order; a part that fails does not hide the others, and fails the run.
#   scripts/test.sh           complete for correctness, samples what is long
#   scripts/test.sh --full    everything: more fuzzing, tests marked `full`, the benchmarks; its figures go to benchmarks/full.json
set -uo pipefail
cd "$(dirname "$0")/.."

marks="not full"
inputs=() # of the fuzzers: the same always, as foundry.toml says
reports=.build/reports
mkdir -p "$reports"
if [ "${1:-}" = --full ]; then
  marks="full or not full"
  export FOUNDRY_PROFILE=full CARBON_FULL=1
  inputs=(--fuzz-seed "0x$(od -An -N8 -tx8 /dev/urandom | tr -d ' ')")
fi
failed=()

heading() { printf '\n== %s ==\n' "$*"; }

heading static checks
scripts/checks/all.sh || failed+=("static checks")

heading contract tests
scripts/contract_tests.py "${inputs[@]}" || failed+=("contract tests")

heading Python tests
.venv/bin/python -m pytest -q -m "$marks" --junitxml="$reports/pytest.xml" || failed+=("Python tests")

if [ "${1:-}" = --full ]; then
  heading benchmarks
  .venv/bin/python -m benchmarks || failed+=("benchmarks")
  .venv/bin/python scripts/full_figures.py "$reports" || failed+=("figures of the full run")
fi

if [ ${#failed[@]} != 0 ]; then
  printf -v listed '%s, ' "${failed[@]}"
  echo "FAILED: ${listed%, }" >&2
  exit 1
fi
