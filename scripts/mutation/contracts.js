// Changes of the contracts: comparisons, constants, operators, guards.
'use strict';

const {spawnSync} = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const {ROOT, changes, replaced} = require('./lines');

const DEFAULT = [
  'libraries/Payouts.sol',
  'libraries/RoundPayouts.sol',
  'libraries/OutputWords.sol',
  'libraries/Target.sol',
  'shared/Deadlines.sol',
  'shared/Credits.sol',
  'shared/Offers.sol',
  'shared/Parties.sol',
  'shared/Verifiers.sol',
  'libraries/Statement.sol',
  'libraries/AnswerPages.sol',
  'libraries/Bn254.sol',
  'libraries/AuditPayouts.sol',
  'libraries/AuditStatement.sol',
  'accuracy/Engagements.sol',
  'accuracy/ResultPhase.sol',
  'accuracy/TransferPhase.sol',
  'AccuracyMarket.sol',
  'prediction/Rounds.sol',
  'prediction/ContestPhase.sol',
  'PredictionMarket.sol',
  'retrieval/Audits.sol',
  'retrieval/AnswerPhase.sol',
  'retrieval/SamplePhase.sol',
  'retrieval/DemandPhase.sol',
  'retrieval/AuditTerms.sol',
  'retrieval/AuditReader.sol',
  'RetrievalMarket.sol',
  'OutputJudge.sol',
  'TransferJudge.sol',
  'DocumentJudge.sol',
  'SharedKeyJudge.sol',
  'ModelRegistry.sol',
  'CorpusRegistry.sol',
  'MarketplaceFactory.sol',
  'Cradle.sol',
].map((file) => path.join('contracts/src', file));
const COPIED = ['contracts', 'scripts', 'foundry.toml', 'package.json'];

/** Pairs of a token and what takes its place. */
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
  [/ \+= /g, ' -= '],
  [/ -= /g, ' += '],
  [/\b2 \*/g, '3 *'],
  [/ \/ 2\b/g, ' / 3'],
  [/\breturn 0;/g, 'return 1;'],
];
/** Tests that are closest to a file: most changes fall to these. */
const UNIT = 'contracts/test/unit';
const NEAR = {
  'accuracy/Engagements.sol': `${UNIT}/AccuracyMarket/{lifecycle,outcomes,agreeClose,withdraw}.t.sol`,
  'accuracy/ResultPhase.sol': `${UNIT}/AccuracyMarket/{challenge,demandFull,result,submitProofs}.t.sol`,
  'accuracy/TransferPhase.sol': `${UNIT}/AccuracyMarket/{transfer,proveBadData,timeout}.t.sol`,
  'AccuracyMarket.sol': `${UNIT}/AccuracyMarket/{open,accept,abort,proceed,cancel,timeout,views}.t.sol`,
  'libraries/RoundPayouts.sol': `contracts/test/{symbolic/RoundPayouts,unit/PredictionMarket/endings}.t.sol`,
  'libraries/OutputWords.sol': `${UNIT}/libraries/OutputWords.t.sol`,
  'prediction/Rounds.sol': `${UNIT}/PredictionMarket/{constructor,endings,contest}.t.sol`,
  'prediction/ContestPhase.sol': `${UNIT}/PredictionMarket/{contest,answer}.t.sol`,
  'PredictionMarket.sol': `${UNIT}/PredictionMarket/{open,serve,publish,endings}.t.sol`,
  'libraries/AuditPayouts.sol': 'contracts/test/{AuditAmountVectors,symbolic/AuditPayouts}.t.sol',
  'libraries/AuditStatement.sol': `${UNIT}/libraries/AuditStatement.t.sol`,
  'retrieval/Audits.sol': `${UNIT}/RetrievalMarket/*`,
  'retrieval/AnswerPhase.sol': `${UNIT}/RetrievalMarket/*`,
  'retrieval/SamplePhase.sol': `${UNIT}/RetrievalMarket/*`,
  'retrieval/DemandPhase.sol': `${UNIT}/RetrievalMarket/*`,
  'retrieval/AuditTerms.sol': 'contracts/test/{AuditAmountVectors,unit/AuditTerms/constructor,unit/RetrievalMarket/request}.t.sol',
  'retrieval/AuditReader.sol': `${UNIT}/RetrievalMarket/*`,
  'RetrievalMarket.sol': `${UNIT}/RetrievalMarket/*`,
  'OutputJudge.sol': `${UNIT}/PredictionMarket/{answer,attacks}.t.sol`,
  'ModelRegistry.sol': `${UNIT}/ModelRegistry/*`,
  'MarketplaceFactory.sol': `${UNIT}/MarketplaceFactory/*`,
  'Cradle.sol': `${UNIT}/MarketplaceFactory/*`,
  'libraries/Statement.sol': `${UNIT}/{libraries/Statement,AccuracyMarket/submitProofs*}.t.sol`,
  'TransferJudge.sol': `${UNIT}/TransferJudge/*`,
  'DocumentJudge.sol': `${UNIT}/DocumentJudge/*`,
  'SharedKeyJudge.sol': `${UNIT}/SharedKeyJudge/*`,
  'CorpusRegistry.sol': `${UNIT}/CorpusRegistry/*`,
  'libraries/AnswerPages.sol': `${UNIT}/libraries/AnswerPages.t.sol`,
  'libraries/Bn254.sol': `${UNIT}/libraries/Bn254.t.sol`,
  'shared/Verifiers.sol': `${UNIT}/ModelRegistry/*`,
};
/** Whole statements without which nothing is checked. */
const STATEMENTS = /^\s*(require|_require[A-Z]\w*|[\w.]+\.(require|check)\w*)\(.*;\s*$/;
/** Unoptimised code compiles three times as fast; bounds on gas and size say nothing then, and long stories need more gas. */
const WHOLE = {...process.env, FOUNDRY_OPTIMIZER: 'false', FOUNDRY_GAS_LIMIT: `${Number.MAX_SAFE_INTEGER}`};
/** Tests that deploy what they test from its artefact are not compiled again when it changes. */
const LINKED = {...WHOLE, FOUNDRY_DYNAMIC_TEST_LINKING: 'true'};
const COSTLY = 'test_gas|test_handler|test_create2';
const RANDOM = 'invariant|testFuzz';
/** They deploy as another account, which an artefact cannot be. */
const UNLINKED = ['contracts/test/unit/AccuracyMarket/constructor.t.sol', 'contracts/test/real/RealProof.t.sol'];

/** Which lines are code. */
function select(lines) {
  let comment = false;
  return lines.map((line) => {
    const trimmed = line.trim();
    const code = !comment && !trimmed.startsWith('//') && !trimmed.startsWith('import') && !trimmed.startsWith('pragma');
    if (trimmed.startsWith('/*')) comment = true;
    if (trimmed.includes('*/')) comment = false;
    return {line, code};
  });
}

function alternatives(line) {
  return [...(STATEMENTS.test(line) ? [''] : []), ...replaced(line, RULES)];
}

/** Whether a path is among those of a pattern with `*` and `{one,other}`. */
function matches(pattern, file) {
  const alternatives = {'*': '[^/]*', '{': '(', ',': '|', '}': ')', '.': '\\.'};
  return new RegExp(`^${pattern.replace(/[*{},.]/g, (c) => alternatives[c])}$`).test(file);
}

/**
 * A copy of what forge needs, with some of the tests: files and, by the beginnings of their names, functions are left out. To
 * apply a filter of its own, forge would compile everything once more.
 */
function folder(source, place, {keeps, hidden}) {
  fs.mkdirSync(place);
  for (const part of COPIED) fs.cpSync(path.join(source, part), path.join(place, part), {recursive: true});
  fs.symlinkSync(path.join(ROOT, 'node_modules'), path.join(place, 'node_modules'));
  for (const file of fs.readdirSync(path.join(place, 'contracts/test'), {recursive: true})) {
    const test = path.join('contracts/test', file);
    if (!test.endsWith('.t.sol')) continue;
    const at = path.join(place, test);
    if (!keeps(test)) fs.rmSync(at);
    else fs.writeFileSync(at, fs.readFileSync(at, 'utf8').replace(new RegExp(`\\b(?=(${hidden})\\w*\\()`, 'g'), 'hidden_'));
  }
  return place;
}

/** 'killed' by a failing test, 'invalid' if it does not compile, else 'survived'. */
function judge({place, env}, change) {
  const at = change && path.join(place, change.file);
  const original = change && fs.readFileSync(at);
  if (change) fs.writeFileSync(at, change.text);
  const run = spawnSync(path.join(ROOT, 'scripts/forge'), ['test', '--fail-fast'],
    {cwd: place, encoding: 'utf8', env, maxBuffer: 1 << 28});
  if (change) fs.writeFileSync(at, original);
  if (run.error) throw run.error;
  if (run.status === 0) return 'survived';
  return /Ran \d+ test suite/.test(run.stdout) ? 'killed' : 'invalid';
}

/** The tests near a file, all that can be linked, and everything compiled in, with random calls: each sees what is left. */
function bench(quick) {
  const work = fs.mkdtempSync(path.join(os.tmpdir(), 'assay-mutate-'));
  process.on('exit', () => fs.rmSync(work, {recursive: true, force: true}));
  process.on('SIGINT', () => process.exit(130));
  // As it is now, whatever is written while this runs.
  const source = path.join(work, 'source');
  for (const part of COPIED) fs.cpSync(path.join(ROOT, part), path.join(source, part), {recursive: true});
  const ready = new Map();
  /** Tests that pass without any change, made when they are first needed. */
  const tests = (name, env, chosen) => {
    if (!ready.has(name)) {
      const made = {place: folder(source, path.join(work, `${ready.size}`), chosen), env};
      if (judge(made) !== 'survived') throw new Error(`the tests fail without any change: ${name}`);
      ready.set(name, made);
    }
    return ready.get(name);
  };
  const fast = `${COSTLY}|${RANDOM}`;
  const changed = async (mutant) => {
    const pattern = NEAR[path.relative('contracts/src', mutant.file)];
    const near = () => tests(pattern, LINKED, {keeps: (test) => matches(pattern, test), hidden: fast});
    const linked = () => tests('linked', LINKED, {keeps: (test) => !UNLINKED.includes(test), hidden: fast});
    const whole = () => tests('whole', WHOLE, {keeps: () => true, hidden: COSTLY});
    for (const some of [...(pattern ? [near] : []), linked, ...(quick ? [] : [whole])]) {
      const verdict = judge(some(), mutant);
      if (verdict !== 'survived') return verdict;
    }
    return 'survived';
  };
  return {unchanged: async () => 'survived', changed};
}

module.exports = {
  explained: 'contracts/test/mutation/equivalent.txt',
  prepare: ({files, quick}) => ({
    all: (files.length ? files : DEFAULT).flatMap((file) => changes(file, select, alternatives)),
    bench: () => bench(quick),
  }),
};
