// Changes of the arithmetic in lanes and of the kernels above it: one operation, comparison, number or reduction at a time.
'use strict';

const fs = require('node:fs');
const path = require('node:path');

const {bench} = require('./crates');
const {ROOT, changes, replaced} = require('./lines');

/** Each may use those before it. */
const CRATES = ['lanes', 'kernels'];

/** Another instruction of the same shape. */
const intrinsic = (from, to) => [new RegExp(`\\b_mm512_${from}(?=[(:])`, 'g'), `std::arch::x86_64::_mm512_${to}`];
const number = (text, by) => {
  const value = BigInt(text.replaceAll('_', '')) + by;
  return text.startsWith('0x') ? `0x${value.toString(16)}` : `${value}`;
};
/** Not the fields of tuples, nor the lengths in types. */
const NUMBER = /(?<![\w]|; )(?<!(?<!\.)\.)(0x[\da-f_]+|\d[\d_]*)(?!\w|\.\d)/g;

const RULES = [
  [/ <= /g, ' < '],
  [/ >= /g, ' > '],
  [/ < /g, ' <= '],
  [/ > /g, ' >= '],
  [/ == /g, ' != '],
  [/ != /g, ' == '],
  [/ && /g, ' || '],
  [/ \|\| /g, ' && '],
  [/ \+ /g, ' - '],
  [/ - /g, ' + '],
  [/ \* /g, ' + '],
  [/ \/ /g, ' * '],
  [/ % /g, ' / '],
  [/ \+= /g, ' -= '],
  [/ -= /g, ' += '],
  [/ \*= /g, ' += '],
  [/ << /g, ' >> '],
  [/ >> /g, ' << '],
  [/ & /g, ' | '],
  [/ \| /g, ' & '],
  [/ \^ /g, ' | '],
  [/ \|= /g, ' &= '],
  [/\.\.=/g, '..'],
  [/(?<=[\s(])!(?=[\w(])/g, ''],
  [/(?<=[\s(])-(?=[\w(])/g, ''],
  [/\btrue\b/g, 'false'],
  [/\bfalse\b/g, 'true'],
  [/::ONE\b/g, '::ZERO'],
  [/::ZERO\b/g, '::ONE'],
  [/\b(wrapping|overflowing|saturating)_sub\b/g, (text) => text.replace('sub', 'add')],
  [/\b(wrapping|overflowing|saturating)_add\b/g, (text) => text.replace('add', 'sub')],
  [/\.(min|max)\(/g, (text) => (text === '.min(' ? '.max(' : '.min(')],
  [/\.rev\(\)/g, ''],
  [/\.double\(\)/g, ''],
  [/\.square\(\)/g, '.double()'],
  [/\.plus\(/g, '.minus('],
  [/\.minus\(/g, '.plus('],
  [/\.normal\(\)/g, ''],
  [/\.reduced\(\)/g, ''],
  [/\.below_prime\(\)/g, ''],
  [/\.canonical\(\)/g, '.reduced()'],
  [/\.lower_by::<\w+>\(\)/g, ''],
  intrinsic('add_epi64', 'sub_epi64'),
  intrinsic('sub_epi64', 'add_epi64'),
  intrinsic('mask_sub_epi64', 'mask_add_epi64'),
  intrinsic('madd52lo_epu64', 'madd52hi_epu64'),
  intrinsic('madd52hi_epu64', 'madd52lo_epu64'),
  intrinsic('srai_epi64', 'srli_epi64'),
  intrinsic('srli_epi64', 'srai_epi64'),
  intrinsic('slli_epi64', 'srli_epi64'),
  intrinsic('and_si512', 'or_si512'),
  intrinsic('or_si512', 'and_si512'),
  intrinsic('cmpeq_epi64_mask', 'cmpneq_epi64_mask'),
  intrinsic('cmplt_epi64_mask', 'cmple_epi64_mask'),
  intrinsic('unpacklo_epi64', 'unpackhi_epi64'),
  intrinsic('unpackhi_epi64', 'unpacklo_epi64'),
  [NUMBER, (text) => number(text, 1n)],
];
/** Where a number is a bound, one less matters as one more does. */
const BOUND = /^\s*(pub(\([a-z]+\))? )?(const|static) |::<\d+>/;
const LESS = [[NUMBER, (text) => (BigInt(text.replaceAll('_', '')) > 0n ? number(text, -1n) : text)]];

function sources() {
  const under = (folder) => fs.readdirSync(path.join(ROOT, folder), {withFileTypes: true}).flatMap((entry) => {
    const name = `${folder}/${entry.name}`;
    return entry.isDirectory() ? under(name) : [name];
  });
  return CRATES.flatMap((name) => under(`${name}/src`)).filter((name) => name.endsWith('.rs') && !name.endsWith('tests.rs')).sort();
}

/** Code up to the tests, without imports and attributes. */
function select(lines) {
  const tests = lines.findIndex((line, i) => line === '#[cfg(test)]' && / mod tests\b|^mod tests\b/.test(lines[i + 1] ?? ''));
  let imported = false;
  return lines.map((line, i) => {
    const trimmed = line.trim();
    if (/^(pub(\([a-z]+\))? )?use /.test(trimmed)) imported = true;
    const code = !imported && (tests < 0 || i < tests) && !/^(\/\/|#|\$|macro_rules|pub mod|mod )/.test(trimmed);
    if (trimmed.endsWith(';')) imported = false;
    return {line, code};
  });
}

function alternatives(line) {
  const end = line.indexOf('//') < 0 ? line.length : line.indexOf('//');
  const open = (place) => place < end && line.slice(0, place).split('"').length % 2 === 1;
  return [...replaced(line, RULES, open), ...(BOUND.test(line) ? replaced(line, LESS, open) : [])];
}

module.exports = {
  explained: 'kernels/tests/mutation/equivalent.txt',
  prepare: ({files, quick, shard}) => {
    const all = (files.length ? files : sources()).flatMap((file) => changes(file, select, alternatives));
    return {all, bench: () => bench(CRATES, all, shard, quick)};
  },
};
