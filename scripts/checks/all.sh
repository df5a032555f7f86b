#!/usr/bin/env bash
# Every static check, cheapest first, one line each; what a failing one said comes below its line.
#   scripts/checks/all.sh            all
#   scripts/checks/all.sh arrows     those whose name contains a word
set -uo pipefail
cd "$(dirname "$0")/../.."
PATH="$PWD/.venv/bin:$PATH"

checks=(arrows.py sizes.py format.sh lint.sh abi_drift.py storage_layouts.js upgrade_safety.js types.sh slither.py semgrep.sh bytecode.py proofs.py)
# Minutes of the compiler on one core, and nothing of what the others need: begun first, beside them, told in its turn.
beside=bytecode.py
logs=.build/checks
mkdir -p "$logs"
rm -f "$logs"/*.line
failed=0

# Leaves what the check said in its log, and its mark and how long it took beside that.
run() {
  local log="$logs/$1.log" begun mark=FAILED
  begun=$(date +%s%N)
  if scripts/checks/"$1" >"$log" 2>&1; then mark=ok; fi
  printf '%-7s %-20s %5.1f s\n' "$mark" "${1%.*}" "$((($(date +%s%N) - begun) / 100000000))e-1" >"$log.line"
}

if [[ $beside == *"${1:-}"* ]]; then
  run "$beside" &
  trap 'kill "$(jobs -p)" 2>/dev/null' EXIT
fi
for check in "${checks[@]}"; do
  [[ $check == *"${1:-}"* ]] || continue
  if [ "$check" = "$beside" ]; then wait; else run "$check"; fi
  cat "$logs/$check.log.line"
  grep -q '^ok ' "$logs/$check.log.line" || { sed 's/^/    /' "$logs/$check.log"; failed=$((failed + 1)); }
done
trap - EXIT
[ $failed = 0 ] || { echo "checks: $failed failed" >&2; exit 1; }
