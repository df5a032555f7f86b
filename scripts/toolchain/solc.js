#!/usr/bin/env node
// The pinned compiler behind the command-line face that forge, Ape and py-solc-x expect.
// It answers `--version` and `--standard-json` by way of the npm package `solc`, so that no native download is needed.
'use strict';
const fs = require('fs');
const path = require('path');

const root = path.resolve(__dirname, '..', '..');
const solc = require(path.join(root, 'node_modules', 'solc'));
const args = process.argv.slice(2);

if (args.includes('--version')) {
  const version = solc.version().replace('.Emscripten.clang', '.Linux.g++');
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${version}\n`);
} else if (args.includes('--standard-json')) {
  const named = args.filter((a, i) => !a.startsWith('--') && !['--base-path', '--include-path', '--allow-paths'].includes(args[i - 1]));
  const input = fs.readFileSync(named.length ? named[named.length - 1] : 0, 'utf8');
  const valueOf = (flag) => args.flatMap((a, i) => (a === flag ? [args[i + 1]] : []));
  const folders = [...valueOf('--base-path'), ...valueOf('--include-path'), process.cwd()];
  const read = (name) => {
    for (const folder of folders) {
      const file = path.resolve(folder, name);
      if (fs.existsSync(file)) return { contents: fs.readFileSync(file, 'utf8') };
    }
    return { error: `File not found: ${name}` };
  };
  process.stdout.write(solc.compile(input, { import: read }));
} else {
  process.stderr.write('solc shim: only --version and --standard-json are supported\n');
  process.exit(1);
}
