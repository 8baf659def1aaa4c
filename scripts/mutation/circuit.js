// Changes of the circuit: the suites read their names from the environment.
'use strict';

const {spawn, spawnSync} = require('node:child_process');
const readline = require('node:readline');

const {ROOT} = require('./lines');

/** The test of which cells follow from others. */
const DETERMINACY = 'follow_from_the_rest';
/**
 * Test binaries that attack the circuit. Left out are tests that do not look at the changed one, and those that count
 * constraints or change the circuit themselves: a snapshot would notice everything.
 */
const CIRCUIT_SUITES = [
  {test: 'soundness', skip: ['proofs::', 'weakened::']},
  {test: 'mutation_sweep', skip: ['without_any_one_computing', 'where_a_computing_selector']},
];
/** Tests that are closest to a kind of change: most fall to these. */
const CIRCUIT_NEAR = [
  [/^(narrow form, )?(fixed, arithmetic|copies)/, {test: 'mutation_sweep', only: DETERMINACY, skip: []}],
  [/^(narrow form, )?(fixed|false)/, {test: 'soundness', only: 'fixed::', skip: []}],
  [/^narrow form/, {test: 'soundness', only: 'narrow', skip: ['proofs::']}],
];
/** Prints the changes of the circuit. */
const CIRCUIT_LIST = 'weakened::every_change_has_a_name';

/** Builds the suites; their executables by name. */
function buildSuites() {
  const suites = [...new Set(CIRCUIT_SUITES.map(({test}) => test))];
  const tests = suites.flatMap((test) => ['--test', test]);
  const run = spawnSync('cargo',
    ['test', '--locked', '--release', '--workspace', ...tests, '--no-run', '--message-format=json'],
    {cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 1 << 28});
  if (run.error) throw run.error;
  if (run.status !== 0) throw new Error('the suites do not build');
  const artefacts = run.stdout.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  const executable = (test) => artefacts.find((a) => a.executable && a.target?.name === test)?.executable;
  return Object.fromEntries(suites.map((test) => [test, executable(test)]));
}

function circuitChanges(executables) {
  const run = spawnSync(executables.soundness, [CIRCUIT_LIST, '--exact', '--nocapture'], {encoding: 'utf8'});
  if (run.error) throw run.error;
  const changes = run.stdout.split('\n').filter((line) => line.startsWith('change: ')).map((line) => line.slice(8));
  if (run.status !== 0 || !changes.length) throw new Error(`no list of changes\n${run.stdout}${run.stderr}`);
  return changes.map((name) => ({name}));
}

/** Runs one suite until its first failing test: its name, or null if all pass. */
async function firstFailure(executable, {only, skip}, change) {
  const env = {...process.env, RUST_BACKTRACE: '0'};
  delete env.ASSAY_WEAKEN;
  if (change) env.ASSAY_WEAKEN = change;
  const args = [...(only ? [only] : []), ...skip.flatMap((name) => ['--skip', name])];
  const child = spawn(executable, args, {env, stdio: ['ignore', 'pipe', 'ignore']});
  const ended = new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  let failed = null;
  for await (const line of readline.createInterface({input: child.stdout})) {
    failed ??= /^test (\S+) \.\.\. FAILED$/.exec(line)?.[1] ?? null;
    if (failed) child.kill('SIGKILL');
  }
  const code = await ended;
  if (!failed && code !== 0) throw new Error(`${executable} ended with ${code}, no test failed`);
  return failed;
}

/** A way to judge a change of the circuit: the suites read its name from the environment. */
function bench(executables) {
  const run = async (change) => {
    const near = CIRCUIT_NEAR.find(([kind]) => kind.test(change ?? ''))?.[1];
    for (const suite of [...(near ? [near] : []), ...CIRCUIT_SUITES]) {
      const failed = await firstFailure(executables[suite.test], suite, change);
      if (failed) return `killed by ${failed}`;
    }
    return 'survived';
  };
  return {unchanged: () => run(null), changed: ({name}) => run(name)};
}

module.exports = {
  explained: 'prover/tests/soundness/equivalent.txt',
  prepare: () => {
    const executables = buildSuites();
    return {all: circuitChanges(executables), bench: () => bench(executables)};
  },
};
