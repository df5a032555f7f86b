#!/usr/bin/env node
// OpenZeppelin's upgrade safety (no constructor state, no delegatecall, initializers called in order …) for every
// implementation that stands behind a proxy, and a count, so that a contract that was not looked at cannot pass.
'use strict';
const path = require('path');
const { buildInfo, definitions, fail, root } = require('./lib/build_info');
const { validateUpgradeSafety } = require(path.join(root, 'node_modules/@openzeppelin/upgrades-core'));

async function main() {
  const info = buildInfo();
  const all = Object.values(info.output.sources).flatMap(({ ast }) => ast.nodes);
  const uups = all.find(({ nodeType, name }) => nodeType === 'ContractDefinition' && name === 'UUPSUpgradeable');
  const expected = definitions(info)
    .filter(({ node }) => !node.abstract && uups && node.linearizedBaseContracts.includes(uups.id))
    .map(({ source, node }) => `${source}:${node.name}`);
  if (!expected.length) return console.log('upgrade safety: no upgradeable contracts yet');

  const report = await validateUpgradeSafety('.build/audit/build-info', undefined, undefined, { exclude: ['node_modules/**'] });
  if (!report.ok) fail(`${report.explain(false)}\nupgrade safety: see the errors above`);

  const seen = new Set(report.upgradeableContractReports.map(({ contract }) => contract));
  const missed = expected.filter((contract) => !seen.has(contract));
  if (missed.length) fail(`upgrade safety: not looked at: ${missed.join(', ')}`);
  console.log(`upgrade safety: ${seen.size} contracts validated`);
}

process.chdir(root);
main().catch((error) => fail(`upgrade safety: ${error.message}`));
