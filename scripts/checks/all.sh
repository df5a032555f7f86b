#!/usr/bin/env bash
# Every static check, cheapest first, one line each; what a failing one said comes below its line.
#   scripts/checks/all.sh            all
#   scripts/checks/all.sh arrows     those whose name contains a word
set -uo pipefail
cd "$(dirname "$0")/../.."
PATH="$PWD/.venv/bin:$PATH"

checks=(arrows.py sizes.py format.sh lint.sh abi_drift.py storage_layouts.js upgrade_safety.js types.sh slither.py semgrep.sh bytecode.py proofs.py)
log=.build/checks.log
failed=0
for check in "${checks[@]}"; do
  [[ $check == *"${1:-}"* ]] || continue
  begun=$(date +%s%N)
  if scripts/checks/"$check" >"$log" 2>&1; then mark=ok; else mark=FAILED failed=$((failed + 1)); fi
  printf '%-7s %-20s %5.1f s\n' "$mark" "${check%.*}" "$((($(date +%s%N) - begun) / 100000000))e-1"
  [ "$mark" = ok ] || sed 's/^/    /' "$log"
done
[ $failed = 0 ] || { echo "checks: $failed failed" >&2; exit 1; }
