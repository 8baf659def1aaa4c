// Changes of the arithmetic in lanes and of the kernels above it: one operation, comparison, number or reduction at a time.
'use strict';

const {spawn, spawnSync} = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const {ROOT, changes, replaced} = require('./lines');

const CRATES = ['lanes', 'kernels'];
const COPIED = [...CRATES, 'Cargo.lock'];
/** Builds and programs of the tests are kept here from one run to the next, apart for each shard. */
const WORK = 'target/mutate';
/** Quickly built and quick enough: the same arithmetic. */
const OPTIMISED = CRATES.flatMap((name) => ['--config', `profile.release.package.assay-${name}.opt-level=1`]);
/** Loops without end, and buffers without end. */
const SECONDS = 60;
const KIBIBYTES = 12 << 20;

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

/** The executables of a crate's tests, the quicker ones first; null if they do not compile. */
function build(work, env, crate) {
  const args = ['test', '--offline', '--release', '--package', `assay-${crate}`, '--lib', '--tests', '--no-run',
    '--message-format=json', ...OPTIMISED];
  const run = spawnSync('cargo', args, {cwd: work, env, encoding: 'utf8', maxBuffer: 1 << 28});
  if (run.error) throw run.error;
  if (run.status !== 0) return null;
  const artefacts = run.stdout.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  return artefacts.filter((a) => a.executable && a.profile?.test).map((a) => a.executable);
}

/** Runs tests side by side until one fails: whether one does. A crash or a run without end is a failure, too. */
async function fails(executables, env) {
  const children = [];
  const runs = executables.map((executable) => new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', `ulimit -v ${KIBIBYTES}; exec "$0"`, executable], {env, stdio: ['ignore', 'pipe', 'ignore']});
    const clock = setTimeout(() => child.kill('SIGKILL'), SECONDS * 1000);
    let said = '';
    child.stdout.on('data', (data) => {
      said = (said + data).slice(-4096);
      if (/\.\.\. FAILED$/m.test(said)) child.kill('SIGKILL');
    });
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(clock);
      if (code !== 0) children.forEach((other) => other.kill('SIGKILL'));
      resolve(code !== 0);
    });
    children.push(child);
  }));
  return (await Promise.all(runs)).includes(true);
}

/** A copy of both crates as a workspace of their own. A change of the kernels is not seen by the tests of the lanes. */
function bench([shard, shards]) {
  const base = path.join(ROOT, WORK, `${shard}-of-${shards}`);
  const work = path.join(base, 'work');
  fs.rmSync(work, {recursive: true, force: true});
  fs.mkdirSync(work, {recursive: true});
  for (const part of COPIED) fs.cpSync(path.join(ROOT, part), path.join(work, part), {recursive: true});
  const manifest = fs.readFileSync(path.join(ROOT, 'Cargo.toml'), 'utf8')
    .replace(/^members = .*$/m, `members = ${JSON.stringify(CRATES)}`)
    // Profiles of packages that are not here.
    .replace(/^\[profile\.release\.package\.[\w-]+\]\n(.+\n)+/gm, '');
  fs.writeFileSync(path.join(work, 'Cargo.toml'), manifest);
  const env = {...process.env, CARGO_TARGET_DIR: path.join(base, 'target'), CARGO_INCREMENTAL: '1', RUST_BACKTRACE: '0',
    ASSAY_REQUIRE_LANES: '1'};
  const judge = async (crates) => {
    for (const crate of crates) {
      const executables = build(work, env, crate);
      if (!executables) return 'invalid';
      if (await fails(executables, env)) return 'killed';
    }
    return 'survived';
  };
  return {
    unchanged: () => judge(CRATES),
    changed: async ({file, text}) => {
      const place = path.join(work, file);
      const original = fs.readFileSync(place, 'utf8');
      fs.writeFileSync(place, text);
      const verdict = await judge(CRATES.slice(CRATES.findIndex((name) => file.startsWith(`${name}/`))));
      fs.writeFileSync(place, original);
      return verdict;
    },
  };
}

module.exports = {
  explained: 'kernels/tests/mutation/equivalent.txt',
  prepare: ({files, shard}) => ({
    all: (files.length ? files : sources()).flatMap((file) => changes(file, select, alternatives)),
    bench: () => bench(shard),
  }),
};
