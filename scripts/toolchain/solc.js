#!/usr/bin/env node
// The pinned compiler behind the command-line face that forge, Ape and py-solc-x expect: `--version` and `--standard-json`.
// It calls the user's native solc where scripts/toolchain/locate.py found one, else npm's WebAssembly build, so that no
// native download is needed. It also fixes the one setting that Ape cannot pass, so that forge and Ape make the same bytecode.
'use strict';
const { spawnSync } = require('child_process');
const fs = require('fs');
const path = require('path');

const root = path.resolve(__dirname, '..', '..');
const native = path.join(root, '.build', 'bin', 'solc-native');
const args = process.argv.slice(2);

/** The same as bytecode_hash and cbor_metadata in foundry.toml. */
function withMetadataSettings(input) {
  const json = JSON.parse(input);
  json.settings ??= {};
  json.settings.metadata ??= { bytecodeHash: 'none', appendCBOR: false };
  return JSON.stringify(json);
}

if (args.includes('--standard-json')) {
  const isValue = (i) => ['--base-path', '--include-path', '--allow-paths'].includes(args[i - 1]);
  const file = args.find((arg, i) => !arg.startsWith('-') && !isValue(i));
  const input = withMetadataSettings(fs.readFileSync(file ?? 0, 'utf8'));
  if (fs.existsSync(native)) {
    const rest = args.filter((arg) => arg !== file);
    const done = spawnSync(native, rest, { input, maxBuffer: 2 ** 30, stdio: ['pipe', 'inherit', 'inherit'] });
    process.exit(done.status ?? 1);
  }
  const valueOf = (flag) => args.flatMap((arg, i) => (arg === flag ? [args[i + 1]] : []));
  const folders = [...valueOf('--base-path'), ...valueOf('--include-path'), process.cwd()];
  const read = (name) => {
    const found = folders.map((folder) => path.resolve(folder, name)).find((candidate) => fs.existsSync(candidate));
    return found ? { contents: fs.readFileSync(found, 'utf8') } : { error: `File not found: ${name}` };
  };
  const solc = require(path.join(root, 'node_modules', 'solc'));
  process.stdout.write(solc.compile(input, { import: read }));
} else if (args.includes('--version')) {
  // Both callers tell the compilers apart by this suffix.
  const version = require(path.join(root, 'node_modules', 'solc')).version().replace('.Emscripten.clang', '.Linux.g++');
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${version}\n`);
} else {
  process.stderr.write('solc.js: only --version and --standard-json are supported\n');
  process.exit(1);
}
