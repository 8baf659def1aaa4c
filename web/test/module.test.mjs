// The reading library without a page: the same documents for programs.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { NO_TRUST, Reader, isKind, readAudit, readContracts, readCorpus, readModel, readRound, readVerdict, verdictTimeline } from '../dist/read.mjs';
import { documents, history, recorded } from './harness/anvil.mjs';

const READ = {
  verdict: (reader, name) => readVerdict(reader, NO_TRUST, history.market, history.engagements[name]),
  round: (reader, name) => readRound(reader, NO_TRUST, history.prediction, history.rounds[name]),
  audit: (reader, name) => readAudit(reader, NO_TRUST, history.retrieval, history.audits[name]),
  corpus: (reader, name) => readCorpus(reader, NO_TRUST, history.corpora, history.corpusIds[name]),
  model: (reader, name) => readModel(reader, NO_TRUST, history.market, history.models[name]),
  contracts: (reader) => readContracts(reader, NO_TRUST, history.market),
};

let anvil;
before(async () => {
  anvil = await recorded();
});
after(() => anvil?.stop());

test('a_program_reads_the_documents_that_the_command_line_prints', async () => {
  const reader = await Reader.at([anvil.url], 31337, undefined);
  for (const { kind, name, args, document } of documents().filter(({ args }) => !args.includes('--trust-codehash'))) {
    const shown = structuredClone((await READ[kind](reader, name)).document);
    if (document.deployment.digest === undefined) delete shown.deployment.digest;
    assert.deepEqual(shown, document, args.join(' '));
  }
  await reader.finish();
});

test('a_list_is_read_in_few_requests', async () => {
  const reader = await Reader.at([anvil.url], 31337, undefined);
  await readModel(reader, NO_TRUST, history.market, history.models.digits);
  assert.ok(reader.nodes[0].requests < 40, `${reader.nodes[0].requests} requests`);
});

test('an_earlier_block_without_state_is_an_error_of_its_own', async () => {
  // The recording has the newest state alone, as nodes have that prune.
  const reader = await Reader.at([anvil.url], 31337, 100n);
  await assert.rejects(readVerdict(reader, NO_TRUST, history.market, history.engagements.proven), (error) => isKind(error, 'no state', 'refused', 'not this contract'));
});

test('a_timeline_has_its_transactions_and_proofs', async () => {
  const reader = await Reader.at([anvil.url], 31337, undefined);
  const { steps, missing } = await verdictTimeline(await READ.verdict(reader, 'provenFull'));
  assert.deepEqual(missing, []);
  assert.deepEqual(steps.map(({ name }) => name), ['Offered', 'Locked', 'TransferCommitted', 'Acked', 'ProbeKeysRevealed', 'Proceeded', 'KeyRevealed', 'ProofsAccepted', 'Closed']);
  const proofs = steps.flatMap((step) => step.proofs ?? []);
  assert.deepEqual(proofs.map(({ position, bytes }) => [position, bytes]), [[0, 64], [1, 64], [2, 64]]);
  // Each proof was made for its own place.
  assert.equal(new Set(proofs.map(({ instances }) => instances.context)).size, 3);
});
