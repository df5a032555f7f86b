#!/usr/bin/env node
// Compares the storage of every contract, ERC-7201 namespaces included, with contracts/storage-layouts.json.
// A change of a layout is then seen in review, and a member that moved is never an accident. Also: a contract behind a
// proxy keeps all of its state in a namespace, and the slot written in the source is the one that the namespace's name gives.
//   scripts/checks/storage_layouts.js             compare
//   scripts/checks/storage_layouts.js --update    write the file anew
'use strict';
const fs = require('fs');
const path = require('path');
const { buildInfo, compile, definitions, fail, root, upgradesCore } = require('./lib/build_info');
const { makeNamespacedInput, solcInputOutputDecoder, validate } = upgradesCore();

const committed = path.join(root, 'contracts', 'storage-layouts.json');

const { keccak256 } = require(path.join(root, 'node_modules/ethereumjs-util'));

/** keccak256(abi.encode(uint256(keccak256(id)) - 1)) & ~0xff, as ERC-7201 has it. */
function namespaceSlot(id) {
  const inner = BigInt(`0x${keccak256(Buffer.from(id)).toString('hex')}`) - 1n;
  const outer = BigInt(`0x${keccak256(Buffer.from(inner.toString(16).padStart(64, '0'), 'hex')).toString('hex')}`);
  return `0x${(outer & ~0xffn).toString(16).padStart(64, '0')}`;
}

/** Namespaces whose slot stands nowhere in their file, and names used twice. */
function wrongNamespaces(info) {
  const wrong = [];
  const owners = {};
  for (const [source, { content }] of Object.entries(info.input.sources)) {
    if (!source.startsWith('contracts/')) continue;
    for (const [, id] of content.matchAll(/@custom:storage-location\s+erc7201:(\S+)/g)) {
      if (owners[id]) wrong.push(`${source}: namespace ${id} is already that of ${owners[id]}`);
      owners[id] = source;
      const slot = namespaceSlot(id);
      // The constant may also be written as the formula, which the compiler then computes.
      if (!content.toLowerCase().includes(slot) && !content.includes(`keccak256("${id}")`))
        wrong.push(`${source}: the slot of namespace ${id} is ${slot}, which stands nowhere in the file`);
    }
  }
  return wrong;
}

/** "3:16 uint64 total": slot, byte offset, type and name; structs are unfolded below, so that a change within shows. */
function describe(items, types, depth = 0) {
  return items.flatMap(({ slot, offset, type, label }) => {
    const line = `${'  '.repeat(depth)}${slot ?? '?'}:${offset ?? '?'} ${types[type]?.label ?? type} ${label}`;
    return [line, ...inner(type, types, depth + 1, new Set())];
  });
}

/** The members of the structs and enums that a type holds, also as an array's element or a mapping's value. */
function inner(type, types, depth, seen) {
  const unfolded = [];
  for (const [id, { label, members }] of Object.entries(types)) {
    if (!members || seen.has(id) || !type.includes(id)) continue;
    seen.add(id);
    const pad = '  '.repeat(depth);
    if (typeof members[0] === 'string') {
      unfolded.push(`${pad}${label}: ${members.join(', ')}`);
      continue;
    }
    for (const member of members) {
      unfolded.push(`${pad}${label} ${member.slot ?? '?'}:${member.offset ?? '?'} ${types[member.type]?.label ?? member.type} ${member.label}`);
      unfolded.push(...inner(member.type, types, depth + 1, seen));
    }
  }
  return unfolded;
}

function layouts() {
  const info = buildInfo();
  if (!definitions(info).length) return {};
  const namespaced = compile(makeNamespacedInput(info.input, info.output));
  const runs = validate(info.output, solcInputOutputDecoder(info.input, info.output), info.solcVersion, info.input, namespaced);

  const uups = Object.values(info.output.sources)
    .flatMap(({ ast }) => ast.nodes)
    .find(({ nodeType, name }) => nodeType === 'ContractDefinition' && name === 'UUPSUpgradeable');
  const wrong = wrongNamespaces(info);
  const result = {};
  for (const { source, node } of definitions(info)) {
    if (node.contractKind !== 'contract' || node.abstract) continue;
    const { storage, types, namespaces = {} } = runs[`${source}:${node.name}`].layout;
    const entry = {};
    if (storage.length) entry.storage = describe(storage, types);
    for (const [name, items] of Object.entries(namespaces).sort()) entry[name] = describe(items, types);
    if (storage.length && uups && node.linearizedBaseContracts.includes(uups.id))
      wrong.push(`${source}: ${node.name} is upgradeable, but \`${storage[0].label}\` stands outside of a namespace`);
    result[`${source}:${node.name}`] = entry;
  }
  if (wrong.length) fail(`storage layouts:\n  ${wrong.join('\n  ')}`);
  return result;
}

const found = layouts();
if (process.argv.includes('--update')) {
  fs.writeFileSync(committed, JSON.stringify(found, null, 2) + '\n');
  console.log(`storage layouts: ${Object.keys(found).length} contracts written`);
} else {
  const known = fs.existsSync(committed) ? JSON.parse(fs.readFileSync(committed, 'utf8')) : {};
  const differences = [];
  for (const contract of [...new Set([...Object.keys(known), ...Object.keys(found)])].sort()) {
    const parts = new Set([...Object.keys(known[contract] ?? {}), ...Object.keys(found[contract] ?? {})]);
    if (!known[contract]) differences.push(`${contract}: new, not in the file`);
    else if (!found[contract]) differences.push(`${contract}: in the file, but no longer there`);
    else
      for (const part of parts) {
        const [was, is] = [known[contract][part] ?? [], found[contract][part] ?? []];
        for (let i = 0; i < Math.max(was.length, is.length); i++) {
          if (was[i] === is[i]) continue;
          differences.push(`${contract} ${part}:\n    was  ${was[i] ?? '(nothing)'}\n    is   ${is[i] ?? '(nothing)'}`);
          break; // the first difference tells; what follows has merely moved
        }
      }
  }
  if (differences.length) {
    fail(`storage layouts differ from contracts/storage-layouts.json:\n  ${differences.join('\n  ')}
Adding at the end of a namespace is safe; moving, retyping or removing breaks deployed proxies.
If the change is meant: scripts/checks/storage_layouts.js --update, and commit the file.`);
  }
  console.log(`storage layouts: ${Object.keys(found).length} contracts as committed`);
}
