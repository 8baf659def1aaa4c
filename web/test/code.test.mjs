// Code that differs in one place, and contracts that were created in another way.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { toFunctionSelector } from 'viem/utils';
import release from '../../chain/artefacts/release.json' with { type: 'json' };
import { history, recorded } from './harness/anvil.mjs';
import { load } from './harness/modules.mjs';
import { between } from './harness/nodes.mjs';

const { NO_TRUST, Reader, readAudit, readContracts, readCorpus, statement } = await load('read/index.ts');
const { market, retrieval, corpora, registry, audits, corpusIds } = history;
const { contracts: artefacts, creation } = release;
const FACTORY = statement.place(creation.MarketplaceFactory);
const CREATED = toFunctionSelector('function creationCodeHash(address)');

let anvil;
let at;
before(async () => {
  anvil = await recorded();
  const { document, differences } = await marketplace(() => undefined);
  assert.equal(differences, '');
  at = (name) => document.contracts.find(({ contract }) => contract === name).address;
});
after(() => anvil?.stop());

// What `read` gives behind a node of which `change` makes other answers; nothing of it keeps the answer.
async function behind(change, read) {
  const node = await between(anvil.url, async (call, said) => {
    const result = await change(call, said.result);
    return result === undefined ? said : { jsonrpc: '2.0', id: said.id, result };
  });
  try {
    const { document } = await read(await Reader.at([node.url], 31337, undefined));
    return { document, grade: document.deployment.grade, differences: (document.deployment.differences ?? []).join('\n') };
  } finally {
    await node.stop();
  }
}
const marketplace = (change) => behind(change, (reader) => readContracts(reader, NO_TRUST, market));

// The code at an address, with these bytes from there on.
const put = (code, start, bytes) => code.slice(0, 2 + 2 * start) + bytes + code.slice(2 + 2 * start + bytes.length);
const flip = (code, start) => put(code, start, (Number(`0x${code.slice(2 + 2 * start, 4 + 2 * start)}`) ^ 1).toString(16).padStart(2, '0'));
const coded = (address, change) => ({ method, params }, result) => (method === 'eth_getCode' && params[0].toLowerCase() === address ? change(result) : undefined);

test('one_bit_of_code_of_the_same_length_is_other_code', async () => {
  for (const name of ['AccuracyMarket', 'AccuracyTerms', 'ModelRegistry', 'PredictionMarket', 'ProofJudge', 'TransferJudge', 'PublishedTransfers', 'OutputJudge', 'PoseidonT4']) {
    const { immutables, libraries, own, length } = artefacts[name];
    const masked = (i) => Object.values(immutables).flat().some((start) => i >= start && i < start + 32) || [...Object.values(libraries).flat(), ...own].some((start) => i >= start && i < start + 20);
    const places = [100, Math.floor(length / 2), length - 1].map((i) => { while (masked(i)) i--; return i; });
    for (const place of places) {
      const { grade, differences } = await marketplace(coded(at(name), (code) => flip(code, place)));
      assert.equal(grade, 'UNKNOWN');
      assert.match(differences, new RegExp(`^${name} at 0x\\w+: it has other code$`, 'm'), `${name} ${place}`);
    }
  }
});

test('every_place_of_an_immutable_is_compared', async () => {
  for (const [name, immutable] of [['AccuracyMarket', 'N'], ['AccuracyMarket', 'REGISTRY'], ['ModelRegistry', 'STAKE'], ['PredictionMarket', 'FEE']]) {
    const places = artefacts[name].immutables[immutable];
    assert.ok(places.length > 1);
    for (const place of [places[0], places.at(-1)]) {
      const { grade, differences } = await marketplace(coded(at(name), (code) => flip(code, place + 31)));
      assert.equal(grade, 'UNKNOWN');
      assert.match(differences, new RegExp(`^${name} at 0x\\w+: ${immutable} is 0x\\w+, not 0x\\w+$`, 'm'), `${name} ${place}`);
    }
  }
});

test('a_library_is_the_one_that_is_linked_in_every_place', async () => {
  const places = artefacts.TransferJudge.libraries.PoseidonT4;
  assert.equal(places.length, 2);
  for (const [linked, says] of [[market, /^PoseidonT4 at 0x\w+: it has other code$/m], [`0x${'77'.repeat(20)}`, /^PoseidonT4 at 0x7777\w+: there is no code$/m]]) {
    for (const some of [places, places.slice(0, 1), places.slice(1)]) {
      const { grade, differences } = await marketplace(coded(at('TransferJudge'), (code) => some.reduce((all, start) => put(all, start, linked.slice(2)), code)));
      assert.equal(grade, 'UNKNOWN');
      assert.match(differences, says);
    }
  }
  // A library that takes itself for another one reverts, or does what no library does.
  const { differences } = await marketplace(coded(at('PoseidonT4'), (code) => flip(code, artefacts.PoseidonT4.own[0])));
  assert.match(differences, /^PoseidonT4 at 0x\w+: it has other code$/m);
});

test('a_market_was_created_by_the_factory_from_the_code_of_this_release', async () => {
  const kept = (value, of) => ({ method, params }) => (method === 'eth_call' && params[0].data === `${CREATED}${of.slice(2).padStart(64, '0')}` ? value : undefined);
  for (const [name, address] of [['AccuracyMarket', market], ['ModelRegistry', registry]]) {
    const none = await marketplace(kept(`0x${'00'.repeat(32)}`, address));
    assert.equal(none.grade, 'UNKNOWN');
    assert.match(none.differences, new RegExp(`^${name} at 0x\\w+: it was not created by this release's factory$`));
    const other = await marketplace(kept(`0x${'12'.repeat(32)}`, address));
    assert.equal(other.grade, 'UNKNOWN');
    assert.match(other.differences, new RegExp(`^${name} at 0x\\w+: it was created from other code$`));
  }
});

test('without_factory_or_proxy_nothing_shows_how_a_market_was_created', async () => {
  const none = await marketplace(coded(FACTORY, () => '0x'));
  assert.equal(none.grade, 'UNKNOWN');
  assert.match(none.differences, /^AccuracyMarket at 0x\w+: it was not created by this release's factory, which is not at 0x\w{40}$/m);
  for (const code of ['0x', '0x00']) {
    const { grade, differences } = await marketplace(coded(statement.DEPLOYER, () => code));
    assert.equal(grade, 'UNKNOWN');
    for (const name of ['AccuracyMarket', 'ModelRegistry', 'PredictionMarket', 'PublishedTransfers']) {
      assert.match(differences, new RegExp(`^${name} at 0x\\w+: nothing shows how it was created: 0x\\w{40} is no deployment proxy$`, 'm'));
    }
    const audit = await behind(coded(statement.DEPLOYER, () => code), (reader) => readAudit(reader, NO_TRUST, retrieval, audits.sampled));
    assert.match(audit.differences, /^RetrievalMarket at 0x\w+: nothing shows how it was created/m);
  }
});

test('the_same_code_at_another_address_did_not_begin_as_this_release_does', async () => {
  const other = `0x${'66'.repeat(20)}`;
  const moved = async ({ method, params }) => {
    if (method === 'eth_getCode' && params[0].toLowerCase() === other) return anvil.rpc(method, corpora, params[1]);
    if (method === 'eth_call' && params[0].to.toLowerCase() === other) return anvil.rpc(method, { ...params[0], to: corpora }, params[1]);
    if (method === 'eth_getLogs' && params[0].address.toLowerCase() === other) return [];
    return undefined;
  };
  const { grade, differences } = await behind(moved, (reader) => readCorpus(reader, NO_TRUST, other, corpusIds.archive));
  assert.equal(grade, 'UNKNOWN');
  assert.match(differences, /^CorpusRegistry at 0x6666\w+: it is not the one at 0x\w{40}, whose address shows how it was created$/);
});
