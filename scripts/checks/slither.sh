#!/usr/bin/env bash
# slither on every contract; fails on any finding of medium impact or above that is not suppressed where it stands
# (`// slither-disable-next-line <detector>` with the reason in the line above), and if it did not look at all contracts.
set -euo pipefail
cd "$(dirname "$0")/../.."
make --no-print-directory --silent .build/stamps/audit
node scripts/checks/lib/build_info.js

expected=$(node -p '
  const { sources } = JSON.parse(require("fs").readFileSync(".build/audit/build-info/contracts.json")).output;
  Object.values(sources ?? {}).flatMap(({ ast }) => ast.nodes).filter((n) => n.nodeType === "ContractDefinition").length')
if [ "$expected" = 0 ]; then
  echo "slither: no contracts yet"
  exit 0
fi

# Off, with the reason:
#   uninitialized-local   a local that starts at zero or false is the language's rule, and used as such
off=uninitialized-local

# --foundry-ignore-compile: it reads our build info, and neither compiles nor cleans forge's folder.
result=0
PATH="$PWD/.build/bin:$PATH" .venv-audit/bin/slither . --foundry-ignore-compile --foundry-out-directory .build/audit \
  --filter-paths node_modules --exclude "$off" --exclude-low --exclude-informational --exclude-optimization \
  --disable-color --fail-medium >.build/audit/slither.log 2>&1 || result=$?

analysed=$(sed -n 's/.*analyzed (\([0-9]*\) contracts.*/\1/p' .build/audit/slither.log)
if [ "$result" != 0 ] || [ "$analysed" != "$expected" ]; then
  cat .build/audit/slither.log
  echo "slither: ${analysed:-0} of $expected contracts analysed, exit code $result" >&2
  exit 1
fi
echo "slither: $analysed contracts analysed, nothing of medium impact or above"
