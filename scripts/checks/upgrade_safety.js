#!/usr/bin/env node
// OpenZeppelin's upgrade safety (no constructor state, no delegatecall, initializers called in order …) for every
// implementation that stands behind a proxy, and a count, so that a contract that was not looked at cannot pass.
'use strict';
const { buildInfo, definitions, fail, root, upgradesCore } = require('./lib/build_info');
const { validateUpgradeSafety } = upgradesCore();

const SEED = 'contracts/governance/Seed.sol:Seed';

async function main() {
  const info = buildInfo();
  const all = Object.values(info.output.sources).flatMap(({ ast }) => ast.nodes);
  const uups = all.find(({ nodeType, name }) => nodeType === 'ContractDefinition' && name === 'UUPSUpgradeable');
  const expected = definitions(info)
    .filter(({ node }) => !node.abstract && uups && node.linearizedBaseContracts.includes(uups.id))
    .map(({ source, node }) => `${source}:${node.name}`);
  if (!expected.length) return console.log('upgrade safety: no upgradeable contracts yet');

  const validated = async (contract, options) => {
    const report = await validateUpgradeSafety('.build/audit/build-info', contract, undefined, options);
    if (!report.ok) fail(`${report.explain(false)}\nupgrade safety: see the errors above`);
    return report;
  };
  // Every proxy is born with Seed, whose initializer calls those of the parents; the implementations that follow need none
  // and must not call them again. So the one contract is held to it, the others are not.
  if (expected.includes(SEED)) await validated(SEED, {});
  const unsafeAllow = expected.includes(SEED) ? ['missing-initializer', 'missing-initializer-call'] : [];
  const report = await validated(undefined, { exclude: ['node_modules/**'], unsafeAllow });

  const seen = new Set(report.upgradeableContractReports.map(({ contract }) => contract));
  const missed = expected.filter((contract) => !seen.has(contract));
  if (missed.length) fail(`upgrade safety: not looked at: ${missed.join(', ')}`);
  console.log(`upgrade safety: ${seen.size} contracts validated`);
}

process.chdir(root);
main().catch((error) => fail(`upgrade safety: ${error.message}`));
