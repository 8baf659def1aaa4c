// A copy of some crates as a workspace of their own, built with changes and tested.
'use strict';

const {spawn, spawnSync} = require('node:child_process');
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
function fails(program, env) {
  const limits = `ulimit -v ${KIBIBYTES} -t ${BUSY_SECONDS}`;
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', `${limits}; exec "$0"`, program], {env, stdio: ['ignore', 'pipe', 'ignore']});
    const clock = setTimeout(() => child.kill('SIGKILL'), SECONDS * 1000);
    let said = '';
    child.stdout.on('data', (data) => {
      said = (said + data).slice(-4096);
      if (/\.\.\. FAILED$/m.test(said)) child.kill('SIGKILL');
    });
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(clock);
      resolve(code !== 0);
    });
  });
}

/** Whether a test of some programs fails. Whichever fails goes first the next time. */
async function someFails(programs, env) {
  for (const [i, program] of programs.entries()) {
    if (await fails(program, env)) {
      programs.unshift(...programs.splice(i, 1));
      return true;
    }
  }
  return false;
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

  /** Builds and tests what stands in the copy, crate by crate. */
  const judge = async (some) => {
    for (const crate of some) {
      const {programs} = build(place, crate);
      if (!programs) return 'invalid';
      if (await someFails(programs, env)) return 'killed';
    }
    return 'survived';
  };

  /** The programs of a crate's tests with many changes of a file in them, kept for as long as it is that file's turn. */
  const kept = async (file, text, crate) => {
    const original = fs.readFileSync(path.join(work, file), 'utf8');
    fs.writeFileSync(path.join(work, file), text);
    const built = build(place, crate, file);
    fs.writeFileSync(path.join(work, file), original);
    if (built.errors) return built;
    const folder = path.join(base, 'together', crate);
    fs.rmSync(folder, {recursive: true, force: true});
    fs.mkdirSync(folder, {recursive: true});
    const programs = built.programs.map((program) => path.join(folder, path.basename(program)));
    programs.forEach((program, i) => fs.copyFileSync(built.programs[i], program));
    return await someFails(programs, env) ? {errors: []} : {programs};
  };

  /** As many changes of a file as can stand together: their numbers, and the programs of each crate's tests when they are needed. */
  const together = async (file) => {
    const mutants = all.map((mutant, i) => ({...mutant, number: i + 1})).filter((mutant) => mutant.file === file);
    const chosen = file.startsWith(`${crates[0]}/`) ? 'crate::chosen()' : `assay_${crates[0]}::chosen()`;
    const schemata = new Schemata(fs.readFileSync(path.join(work, file), 'utf8'), mutants.map(({text}) => text),
      mutants.map(({number}) => number), chosen);
    const own = affected(file)[0];
    let text = schemata.together();
    let first = await kept(file, text, own);
    while (first.errors && schemata.refuse(first.errors)) {
      text = schemata.together();
      first = await kept(file, text, own);
    }
    const ready = new Map([[own, first]]);
    return {file, numbers: schemata.numbers(), programs: async (crate) => {
      if (!ready.has(crate)) ready.set(crate, await kept(file, text, crate));
      return ready.get(crate).programs;
    }};
  };

  let current = {};
  return {
    unchanged: () => judge(crates),
    changed: async (mutant) => {
      const {file, text} = mutant;
      if (current.file !== file) current = await together(file);
      const number = all.indexOf(mutant) + 1;
      let crate = 0;
      const rest = affected(file);
      while (current.numbers.includes(number) && crate < rest.length) {
        const programs = await current.programs(rest[crate]);
        if (!programs) break;
        if (await someFails(programs, {...env, [VARIABLE]: `${number}`})) return 'killed';
        crate += 1;
      }
      if (crate === rest.length) return 'survived';
      // Alone, as far as it was not tried.
      const original = fs.readFileSync(path.join(work, file), 'utf8');
      fs.writeFileSync(path.join(work, file), text);
      const verdict = await judge(rest.slice(crate));
      fs.writeFileSync(path.join(work, file), original);
      return verdict;
    },
  };
}

module.exports = {bench};
