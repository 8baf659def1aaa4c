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
  'libraries/AuditPayouts.sol': `${UNIT}/RetrievalMarket/{endings,demands,samples}.t.sol`,
  'libraries/AuditStatement.sol': `${UNIT}/libraries/AuditStatement.t.sol`,
  'retrieval/Audits.sol': `${UNIT}/RetrievalMarket/*`,
  'retrieval/AnswerPhase.sol': `${UNIT}/RetrievalMarket/*`,
  'retrieval/SamplePhase.sol': `${UNIT}/RetrievalMarket/*`,
  'retrieval/DemandPhase.sol': `${UNIT}/RetrievalMarket/*`,
  'retrieval/AuditTerms.sol': `${UNIT}/{AuditTerms/constructor,RetrievalMarket/request}.t.sol`,
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
const ENVIRONMENT = {...process.env, FOUNDRY_OPTIMIZER: 'false', FOUNDRY_GAS_LIMIT: `${Number.MAX_SAFE_INTEGER}`};
/** Tests that deploy what they test from its artefact are not compiled again when it changes. */
const LINKED = {...ENVIRONMENT, FOUNDRY_DYNAMIC_TEST_LINKING: 'true'};
/** All compiled into the tests, as `forge test` does: what survives so far must survive this, too. */
const WHOLE = {...ENVIRONMENT, FOUNDRY_OUT: 'out-whole', FOUNDRY_CACHE_PATH: 'cache-whole'};
const COSTLY = 'test_gas|test_handler|test_create2';
const RANDOM = 'invariant|testFuzz';
/** They deploy as another account, which an artefact cannot be. */
const UNLINKED = 'MarketConstructorTest|RealProofTest';

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

/** 'killed' by a failing test, 'invalid' if it does not compile, else 'survived'. */
function judge(work, forge, file) {
  const near = NEAR[path.relative('contracts/src', file)];
  const linked = ['--no-match-test', `${COSTLY}|${RANDOM}`, '--no-match-contract', UNLINKED];
  const runs = [
    ...(near ? [[LINKED, ['--match-path', near, ...linked]]] : []),
    [LINKED, linked],
    [WHOLE, ['--no-match-test', COSTLY]],
  ];
  for (const [env, args] of runs) {
    const run = spawnSync(forge, ['test', '--fail-fast', ...args], {cwd: work, encoding: 'utf8', env, maxBuffer: 1 << 28});
    if (run.error) throw run.error;
    if (run.status !== 0) {
      const compiled = /Ran \d+ test suite/.test(run.stdout);
      return compiled ? 'killed' : 'invalid';
    }
  }
  return 'survived';
}

/** A copy of what forge needs, with a way to judge a change in it. */
function bench() {
  const work = fs.mkdtempSync(path.join(os.tmpdir(), 'assay-mutate-'));
  process.on('exit', () => fs.rmSync(work, {recursive: true, force: true}));
  process.on('SIGINT', () => process.exit(130));
  for (const part of COPIED) {
    const from = path.join(ROOT, part);
    if (fs.existsSync(from)) fs.cpSync(from, path.join(work, part), {recursive: true});
  }
  fs.symlinkSync(path.join(ROOT, 'node_modules'), path.join(work, 'node_modules'));
  const forge = path.join(ROOT, 'scripts/forge');
  return {
    unchanged: async () => judge(work, forge, ''),
    changed: async (mutant) => {
      const place = path.join(work, mutant.file);
      const original = fs.readFileSync(place, 'utf8');
      fs.writeFileSync(place, mutant.text);
      const verdict = judge(work, forge, mutant.file);
      fs.writeFileSync(place, original);
      return verdict;
    },
  };
}

module.exports = {
  explained: 'contracts/test/mutation/equivalent.txt',
  prepare: ({files}) => ({
    all: (files.length ? files : DEFAULT).flatMap((file) => changes(file, select, alternatives)),
    bench,
  }),
};
