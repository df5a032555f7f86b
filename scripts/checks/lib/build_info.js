// One full description of contracts/ (syntax trees, ABIs, storage layouts; no code, so that it takes seconds) for the
// checks that read it: slither, upgrade safety, storage layouts, import directions. Never touches forge's own output.
//   node scripts/checks/lib/build_info.js      writes .build/audit/build-info/contracts.json if a source changed
'use strict';
const { spawnSync } = require('child_process');
const crypto = require('crypto');
const fs = require('fs');
const path = require('path');

const root = path.resolve(__dirname, '..', '..', '..');
const folder = path.join(root, '.build', 'audit', 'build-info');
const file = path.join(folder, 'contracts.json');
const version = require(path.join(root, 'package.json')).dependencies.solc;

/** Every Solidity file below a folder, as paths from the root. */
function solidityFiles(below) {
  if (!fs.existsSync(path.join(root, below))) return [];
  return fs
    .readdirSync(path.join(root, below), { withFileTypes: true })
    .flatMap((entry) => {
      const name = `${below}/${entry.name}`;
      return entry.isDirectory() ? solidityFiles(name) : name.endsWith('.sol') ? [name] : [];
    })
    .sort();
}

const importPattern = /^\s*import\s[^;]*?["']([^"']+)["']\s*;/gms;

/** The files that a source imports, as paths from the root. */
function importsOf(name, content) {
  return [...content.matchAll(importPattern)].map(([, target]) => {
    if (target.startsWith('.')) return path.posix.join(path.posix.dirname(name), target);
    return target.startsWith('@') ? `node_modules/${target}` : target;
  });
}

function sourcesWithImports() {
  const sources = {};
  const pending = solidityFiles('contracts');
  while (pending.length) {
    const name = pending.pop();
    if (sources[name]) continue;
    const content = fs.readFileSync(path.join(root, name), 'utf8');
    sources[name] = { content };
    pending.push(...importsOf(name, content));
  }
  return Object.fromEntries(Object.entries(sources).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Calls the pinned compiler; an error in the sources ends the process with the compiler's words. */
function compile(input) {
  const solc = path.join(root, '.build', 'bin', `solc-v${version}`);
  const done = spawnSync(solc, ['--standard-json'], { input: JSON.stringify(input), maxBuffer: 2 ** 30, cwd: root });
  if (done.status !== 0) fail(`the compiler failed (make setup?): ${done.error ?? done.stderr}`);
  const output = JSON.parse(done.stdout);
  const errors = (output.errors ?? []).filter(({ severity }) => severity === 'error');
  if (errors.length) fail(errors.map(({ formattedMessage }) => formattedMessage).join('\n'));
  return output;
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

/** The build info of contracts/: { solcVersion, input, output }; compiled only if a source changed. */
function buildInfo() {
  const input = {
    language: 'Solidity',
    sources: sourcesWithImports(),
    settings: {
      remappings: ['@openzeppelin/=node_modules/@openzeppelin/'],
      evmVersion: 'prague',
      viaIR: true,
      optimizer: { enabled: true, runs: 2000 },
      outputSelection: {
        '*': { '': ['ast'], '*': ['abi', 'storageLayout', 'devdoc', 'userdoc', 'evm.methodIdentifiers'] },
      },
    },
  };
  const id = crypto.createHash('sha256').update(JSON.stringify(input)).update(version).digest('hex').slice(0, 32);
  if (fs.existsSync(file)) {
    const known = JSON.parse(fs.readFileSync(file, 'utf8'));
    if (known.id === id) return known;
  }

  const output = compile(input);
  for (const [source, { ast }] of Object.entries(output.sources)) {
    for (const { nodeType, name, contractKind, abstract } of ast.nodes) {
      if (nodeType !== 'ContractDefinition') continue;
      // The code was not asked for, but readers of build info expect its fields, and upgrades-core tells contracts apart by it.
      const deployable = !abstract && contractKind !== 'interface';
      const object = deployable ? crypto.createHash('sha256').update(`${source}:${name}`).digest('hex') : '';
      const code = { object, linkReferences: {}, opcodes: '', sourceMap: '' };
      const contract = output.contracts[source][name];
      contract.evm = { ...contract.evm, bytecode: code, deployedBytecode: code };
    }
  }
  const info = { _format: 'hh-sol-build-info-1', id, solcVersion: version, solcLongVersion: version, input, output };
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(`${file}.new`, JSON.stringify(info));
  fs.renameSync(`${file}.new`, file);
  return info;
}

/** Contracts of contracts/ as the compiler's tree has them, each with its source. */
function definitions(info) {
  return Object.entries(info.output.sources)
    .filter(([source]) => source.startsWith('contracts/'))
    .flatMap(([source, { ast }]) =>
      ast.nodes.filter(({ nodeType }) => nodeType === 'ContractDefinition').map((node) => ({ source, node })),
    );
}

/** upgrades-core without its advice, which would hide what a check says. */
function upgradesCore() {
  const folder = path.join(root, 'node_modules/@openzeppelin/upgrades-core');
  const say = console.error;
  console.error = () => {}; // silencing announces itself
  require(path.join(folder, 'dist/utils/log')).silenceWarnings();
  console.error = say;
  return require(folder);
}

module.exports = { buildInfo, compile, definitions, fail, root, upgradesCore, version };

if (require.main === module) buildInfo();
