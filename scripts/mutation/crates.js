// A copy of some crates as a workspace of their own, built with changes and tested.
'use strict';

const {spawnSync} = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const {ROOT} = require('./lines');
const {Schemata} = require('./schemata');

/** Builds and programs of the tests are kept here from one run to the next, apart for each shard. */
const WORK = 'target/mutate';
/** Loops without end, in seconds of the processor and of the clock, and buffers without end. */
const BUSY_SECONDS = 15;
const SECONDS = 120;
const KIBIBYTES = 12 << 20;

/** The variable with the number of a change, and what reads it before `main`, at the end of the crate that all others use. */
const VARIABLE = 'ASSAY_MUTANT';
const CHOSEN = `
static mut CHOSEN: u32 = 0;
#[used]
#[link_section = ".init_array"]
static CHOOSE: extern "C" fn() = {
    extern "C" fn choose() {
        let number = std::env::var("${VARIABLE}").ok().and_then(|number| number.parse().ok());
        unsafe { CHOSEN = number.unwrap_or(0) }
    }
    choose
};
/// The change that this process runs with.
#[inline]
pub fn chosen() -> u32 {
    unsafe { CHOSEN }
}
`;

/**
 * The tests' programs of a crate, or the lines of `file` that the compiler's errors name, one list an error, and nothing else. Quickly
 * built and quick enough: it is the same arithmetic.
 */
function build({work, env, crates}, crate, file) {
  const optimised = crates.flatMap((name) => ['--config', `profile.release.package.assay-${name}.opt-level=1`]);
  const args = ['test', '--offline', '--release', '--package', `assay-${crate}`, '--lib', '--tests', '--no-run',
    '--message-format=json', ...optimised];
  const run = spawnSync('cargo', args, {cwd: work, env, encoding: 'utf8', maxBuffer: 1 << 28});
  if (run.error) throw run.error;
  const said = run.stdout.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  if (run.status === 0) return {programs: said.filter((a) => a.executable && a.profile?.test).map((a) => a.executable)};
  const spans = (span) => (span ? [span, ...spans(span.expansion?.span)] : []);
  const lines = (message) => [...message.spans.flatMap(spans).filter((span) => span.file_name === file).map((span) => span.line_start),
    ...message.children.flatMap(lines)];
  const errors = said.filter(({reason, message}) => reason === 'compiler-message' && message.level.startsWith('error'));
  return {errors: errors.map(({message}) => lines(message)).filter((named) => named.length)};
}

/** Whether a test fails. A crash or a run without end is a failure, too. */
function fails(program, test, env) {
  const limits = `ulimit -v ${KIBIBYTES} -t ${BUSY_SECONDS}`;
  const run = spawnSync('bash', ['-c', `${limits}; exec "$0" --exact "$1"`, program, test],
    {env, stdio: 'ignore', timeout: SECONDS * 1000, killSignal: 'SIGKILL'});
  return run.status !== 0;
}

/** The tests of some programs, `[program's name, test]`, the quickest first; null if one fails. */
function quickestFirst(programs, env) {
  const timed = [];
  for (const program of programs) {
    const list = spawnSync(program, ['--list', '--format', 'terse'], {env, encoding: 'utf8'}).stdout;
    for (const [, test] of list.matchAll(/^(.+): test$/gm)) {
      const start = process.hrtime.bigint();
      if (fails(program, test, env)) return null;
      timed.push({test: [path.basename(program), test], took: process.hrtime.bigint() - start});
    }
  }
  return timed.sort((a, b) => (a.took < b.took ? -1 : 1)).map(({test}) => test);
}

/**
 * Where `all` changes of the crates are tried. The changes of a file that can stand in one build are built together, when the first of them
 * is tried, the others one by one. A change is not seen by the tests of the crates before its own; `quick` leaves out those of the crates
 * after it.
 */
function bench(crates, all, [shard, shards], quick) {
  const base = path.join(ROOT, WORK, `${shard}-of-${shards}`);
  const work = path.join(base, 'work');
  fs.rmSync(work, {recursive: true, force: true});
  fs.mkdirSync(work, {recursive: true});
  for (const part of [...crates, 'Cargo.lock']) fs.cpSync(path.join(ROOT, part), path.join(work, part), {recursive: true});
  fs.appendFileSync(path.join(work, crates[0], 'src/lib.rs'), CHOSEN);
  const manifest = fs.readFileSync(path.join(ROOT, 'Cargo.toml'), 'utf8')
    .replace(/^members = .*$/m, `members = ${JSON.stringify(crates)}`)
    // Profiles of packages that are not here.
    .replace(/^\[profile\.release\.package\.[\w-]+\]\n(.+\n)+/gm, '');
  fs.writeFileSync(path.join(work, 'Cargo.toml'), manifest);
  const env = {...process.env, CARGO_TARGET_DIR: path.join(base, 'target'), CARGO_INCREMENTAL: '1', RUST_BACKTRACE: '0',
    RUST_TEST_THREADS: '1', ASSAY_REQUIRE_LANES: '1'};
  const place = {work, env, crates};
  const affected = (file) => {
    const own = crates.findIndex((name) => file.startsWith(`${name}/`));
    return crates.slice(own, quick ? own + 1 : undefined);
  };

  /** By crate, those first that failed last. */
  const tests = new Map();
  /** The test of a crate that fails, if any, where its programs are in a folder. */
  const failing = (crate, folder, environment) => {
    const known = tests.get(crate);
    const found = known.findIndex(([program, test]) => fails(path.join(folder, program), test, environment));
    if (found >= 0) known.unshift(...known.splice(found, 1));
    return found >= 0 ? known[0] : null;
  };

  /** Builds a crate's tests with another text in a file. */
  const built = (crate, file, text) => {
    const original = fs.readFileSync(path.join(work, file), 'utf8');
    fs.writeFileSync(path.join(work, file), text);
    const result = build(place, crate, file);
    fs.writeFileSync(path.join(work, file), original);
    return result;
  };

  const alone = ({file, text}, some) => {
    for (const crate of some) {
      const {programs} = built(crate, file, text);
      if (!programs) return 'invalid';
      if (failing(crate, path.dirname(programs[0]), env)) return 'killed';
    }
    return 'survived';
  };

  /** As many changes of a file as can stand together. */
  const together = (file) => {
    const mutants = all.map((mutant, i) => ({...mutant, number: i + 1})).filter((mutant) => mutant.file === file);
    const chosen = file.startsWith(`${crates[0]}/`) ? 'crate::chosen()' : `assay_${crates[0]}::chosen()`;
    const schemata = new Schemata(fs.readFileSync(path.join(work, file), 'utf8'), mutants.map(({text}) => text),
      mutants.map(({number}) => number), chosen);
    const folder = (crate) => path.join(base, 'together', crate);
    const make = (crate) => {
      const {programs, errors} = built(crate, file, schemata.text());
      // What the crates after the first refuse would have to be taken out of the first, too.
      if (errors) return crate === affected(file)[0] && schemata.refuse(errors) ? make(crate) : null;
      fs.rmSync(folder(crate), {recursive: true, force: true});
      fs.mkdirSync(folder(crate), {recursive: true});
      programs.forEach((program) => fs.copyFileSync(program, path.join(folder(crate), path.basename(program))));
      return folder(crate);
    };
    const made = new Map([[affected(file)[0], make(affected(file)[0])]]);
    const passed = new Set();
    return {
      file,
      numbers: schemata.numbers(),
      /** Whether a test of a crate fails with a change and not without; null if that cannot be said. */
      killed: (crate, number) => {
        if (!made.has(crate)) made.set(crate, make(crate));
        if (!made.get(crate)) return null;
        const test = failing(crate, made.get(crate), {...env, [VARIABLE]: `${number}`});
        if (!test || passed.has(test)) return Boolean(test);
        if (fails(path.join(made.get(crate), test[0]), test[1], env)) return null;
        passed.add(test);
        return true;
      },
    };
  };

  let current = {};
  return {
    unchanged: () => {
      for (const crate of quick ? [...new Set(all.map(({file}) => affected(file)[0]))] : crates) {
        const {programs} = build(place, crate);
        tests.set(crate, programs && quickestFirst(programs, env));
        if (!tests.get(crate)) return 'killed';
      }
      return 'survived';
    },
    changed: (mutant) => {
      if (current.file !== mutant.file) current = together(mutant.file);
      const number = all.indexOf(mutant) + 1;
      const some = affected(mutant.file);
      while (current.numbers.includes(number) && some.length) {
        const killed = current.killed(some[0], number);
        if (killed) return 'killed';
        if (killed === null) break;
        some.shift();
      }
      return alone(mutant, some);
    },
  };
}

module.exports = {bench};
