// Adds to package-lock.json the optional binaries of platforms that npm left out, as `npm ci` insists on them everywhere.
// npm leaves out what its registry could not serve when the lock was made (mirrors often lack other platforms); an
// entry added here has a version but no hash.
'use strict';
const fs = require('fs');

const lock = JSON.parse(fs.readFileSync('package-lock.json', 'utf8'));
for (const { optionalDependencies = {} } of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const platform = name.match(/-(darwin|linux|win32)-(amd64|arm64)$/);
    if (!platform || lock.packages[`node_modules/${name}`]) continue;
    const cpu = platform[2] === 'amd64' ? 'x64' : platform[2];
    lock.packages[`node_modules/${name}`] = { version, cpu: [cpu], optional: true, os: [platform[1]] };
  }
}
const sorted = Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1));
lock.packages = Object.fromEntries(sorted);
fs.writeFileSync('package-lock.json', JSON.stringify(lock, null, 2) + '\n');
