// Exits 0 if node_modules holds what package-lock.json names (optional packages of other platforms aside).
'use strict';
const fs = require('fs');

const read = (file) => JSON.parse(fs.readFileSync(file, 'utf8')).packages;
const wanted = read('package-lock.json');
const installed = read('node_modules/.package-lock.json');
const current = Object.entries(wanted).every(
  ([name, { integrity, optional }]) =>
    name === '' || (optional && !installed[name]) || installed[name]?.integrity === integrity,
);
process.exit(current ? 0 : 1);
