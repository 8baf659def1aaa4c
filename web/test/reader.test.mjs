// Two nodes that differ, hostile counts, and logs that nobody asked for.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { toEventSelector, toFunctionSelector } from 'viem/utils';
import { history, recorded } from './harness/anvil.mjs';
import { load } from './harness/modules.mjs';
import { answer, between, serving, stopAll } from './harness/nodes.mjs';

const { NO_TRUST, Reader, contracts, readAudit, readContracts, readCorpus, readRound, readVerdict, verdictTimeline } = await load('read/index.ts');
const { LISTED, MOST, requireSizes } = await load('read/sizes.ts');
const { market, prediction, retrieval, corpora, registry, engagements, rounds, audits, corpusIds } = history;
const selector = (signature) => toFunctionSelector(`function ${signature}`);
const hex = (number) => `0x${number.toString(16)}`;

let anvil;
before(async () => {
  anvil = await recorded();
});
after(async () => {
  await stopAll();
  await anvil?.stop();
});

// `what` with the addresses of nodes, one for each change of answers.
async function nodes(changes, what) {
  const all = await Promise.all(changes.map((change) => between(anvil.url, async (call, said) => (await change(call, said)) ?? said)));
  try {
    return await what(...all.map(({ url }) => url));
  } finally {
    await Promise.all(all.map((node) => node.stop()));
  }
}
const honest = () => undefined;
const result = (said, value) => ({ jsonrpc: '2.0', id: said.id, result: value });
const called = ({ method, params }, to, signature) => method === 'eth_call' && params[0].to.toLowerCase() === to && params[0].data.startsWith(selector(signature));
const word = (data, place, value) => `0x${data.slice(2).match(/.{64}/g).with(place, value.toString(16).padStart(64, '0')).join('')}`;

test('two_nodes_that_differ_in_anything_are_told_and_the_second_is_named', async () => {
  const changed = (which, change) => (call, said) => (which(call) ? result(said, change(said.result)) : undefined);
  const method = (name) => (call) => call.method === name;
  const verdict = async (reader) => verdictTimeline(await readVerdict(reader, NO_TRUST, market, engagements.proven));
  for (const [what, change, says] of [
    ['the time of a block', changed(method('eth_getBlockByNumber'), (block) => ({ ...block, timestamp: hex(Number(block.timestamp) + 1) })), /its block \d+ is of second/],
    ['a log', changed(method('eth_getLogs'), (logs) => logs.map((log) => ({ ...log, data: `${log.data.slice(0, -1)}f` }))), /eth_getLogs/],
    ['a log that is left out', changed(method('eth_getLogs'), (logs) => logs.slice(1)), /eth_getLogs/],
    ['code', changed(method('eth_getCode'), (code) => `${code}00`), /eth_getCode/],
    ['parameters of rounds', changed((call) => called(call, prediction, 'params()'), (data) => word(data, 3, 7n)), /eth_call/],
    ['parameters of rounds, refused', (call, said) => (called(call, prediction, 'params()') ? { id: said.id, error: { code: 3, message: 'execution reverted', data: '0x' } } : undefined), /eth_call/],
  ]) {
    await nodes([honest, change], async (first, second) => {
      const read = async () => verdict(await Reader.at([first, second], 31337, undefined));
      await assert.rejects(read, (error) => error.kind === 'disagree' && error.endpoint === second && says.test(error.message), what);
    });
  }
  await nodes([honest, honest], async (first, second) => assert.equal((await verdict(await Reader.at([first, second], 31337, undefined))).missing.length, 0));
});

test('a_prediction_market_that_a_node_does_not_answer_for_is_no_marketplace_without_one', async () => {
  const refusing = (call, said) => (called(call, prediction, 'params()') ? { id: said.id, error: { code: -32000, message: 'out of sorts' } } : undefined);
  await nodes([refusing], async (url) => {
    const reader = await Reader.at([url], 31337, undefined);
    await assert.rejects(readContracts(reader, NO_TRUST, market), (error) => error.kind === 'refused');
  });
});

test('finalised_is_what_every_node_calls_so', async () => {
  const last = Number(await anvil.rpc('eth_blockNumber'));
  const mainnet = (final, hash) => async ({ method, params }, said) => {
    if (method === 'eth_chainId') return result(said, '0x1');
    if (method !== 'eth_getBlockByNumber') return undefined;
    const block = params[0] === 'finalized' ? await anvil.rpc(method, hex(final), false) : said.result;
    return result(said, block && hash ? { ...block, hash } : block);
  };
  for (const finals of [[last, last - 3], [last - 3, last]]) {
    await nodes(finals.map((final) => mainnet(final)), async (...urls) => {
      const { block } = await Reader.at(urls, 1, undefined);
      assert.deepEqual([block.number, block.finalized], [BigInt(last - 3), true]);
      const at = async (number) => (await Reader.at(urls, 1, BigInt(number))).block.finalized;
      assert.deepEqual([await at(last - 4), await at(last - 3), await at(last - 2)], [true, true, false]);
    });
  }
  // Finalised, but of another chain.
  await nodes([mainnet(last), mainnet(last - 3, `0x${'55'.repeat(32)}`)], async (...urls) => {
    await assert.rejects(Reader.at(urls, 1, undefined), (error) => error.kind === 'disagree' && error.endpoint === urls[1]);
  });
});

test('a_block_that_was_not_asked_for_is_none', async () => {
  const other = async ({ method, params }, said) => (method === 'eth_getBlockByNumber' && params[0] === '0x5' ? result(said, await anvil.rpc(method, '0x6', false)) : undefined);
  await nodes([other], (url) => assert.rejects(Reader.at([url], 31337, 5n), (error) => error.kind === 'half' && /another block than 5/.test(error.message)));
});

test('sizes_that_no_contract_of_assay_has_are_told', async () => {
  const huge = (to, signature, place) => (call, said) => (called(call, to, signature) ? result(said, word(said.result, place, 0xffffffffn)) : undefined);
  for (const [change, read, field] of [
    [huge(market, 'verdict(bytes32)', 8), (reader) => readVerdict(reader, NO_TRUST, market, engagements.proven), 'n2'],
    [huge(prediction, 'round(bytes32)', 12), (reader) => readRound(reader, NO_TRUST, prediction, rounds.upheld), 'predictions'],
    [huge(corpora, 'corpus(bytes32)', 1), (reader) => readCorpus(reader, NO_TRUST, corpora, corpusIds.archive), 'size'],
    [huge(retrieval, 'audit(bytes32)', 16), (reader) => readAudit(reader, NO_TRUST, retrieval, audits.sampled), 'size'],
    [huge(retrieval, 'audit(bytes32)', 31), (reader) => readAudit(reader, NO_TRUST, retrieval, audits.sampled), 'demands'],
  ]) {
    await nodes([change], async (url) => {
      const reader = await Reader.at([url], 31337, undefined);
      await assert.rejects(read(reader), (error) => error.kind === 'not this contract' && error.message.includes(`that ${field} is 4294967295: of contracts of assay at most`), field);
    });
  }
});

test('every_limit_is_of_something_that_is_read', () => {
  for (const [of, limits] of Object.entries(MOST)) {
    const [name, view] = of.split('.');
    const { outputs } = contracts.abi[name].find((one) => one.type === 'function' && one.name === view);
    const fields = outputs[0].components.map((one) => one.name);
    for (const [field, most] of Object.entries(limits)) {
      assert.ok(fields.includes(field), `${of} ${field}`);
      requireSizes(name, market, view, { [field]: most });
      assert.throws(() => requireSizes(name, market, view, { [field]: most + 1 }), new RegExp(`that ${field} is ${most + 1}`));
    }
  }
});

test('of_a_very_long_list_the_newest_things_are_read_and_it_is_said', async () => {
  const total = LISTED + 3;
  const [count, at] = ['modelCount()', 'modelIdAt(uint256)'].map(selector);
  const asked = [];
  const told = ({ method, params: [call] }) => {
    if (method === 'eth_chainId') return hex(31337);
    if (method !== 'eth_call') return { number: '0x1', hash: `0x${'11'.repeat(32)}`, timestamp: '0x1' };
    if (call.data === count) return `0x${total.toString(16).padStart(64, '0')}`;
    assert.ok(call.data.startsWith(at));
    asked.push(Number(`0x${call.data.slice(10)}`));
    return `0x${call.data.slice(10)}`;
  };
  const server = await serving((calls, response) => answer(response, calls.map((call) => ({ jsonrpc: '2.0', id: call.id, result: told(call) }))));
  const reader = await Reader.at([server.url], 31337, undefined);
  const all = await reader.list('IModelRegistry', registry, 'modelCount', 'modelIdAt', []);
  assert.deepEqual([all.length, BigInt(all[0]), BigInt(all.at(-1))], [LISTED, 3n, BigInt(total - 1)]);
  assert.equal(Math.min(...asked), 3);
  assert.deepEqual([...reader.cut], [`modelCount(): the newest ${LISTED} of ${total}`]);
});

test('logs_of_other_blocks_than_those_asked_for_are_refused', async () => {
  const last = Number(await anvil.rpc('eth_blockNumber'));
  const later = ({ method }, said) => (method === 'eth_getLogs' ? result(said, said.result.map((log, i) => (i === 0 ? { ...log, blockNumber: hex(last + 1) } : log))) : undefined);
  await nodes([later], async (url) => {
    const page = await readVerdict(await Reader.at([url], 31337, undefined), NO_TRUST, market, engagements.proven);
    await assert.rejects(verdictTimeline(page), (error) => error.kind === 'half' && error.message.includes(`gave a log of block ${last + 1}`));
  });
});

test('proofs_that_logs_count_twice_are_told', async () => {
  const accepted = toEventSelector('event ProofsAccepted(bytes32,bytes32,address,uint32,uint32)');
  const twice = ({ method }, said) => (method === 'eth_getLogs' ? result(said, said.result.flatMap((log) => (log.topics[0] === accepted ? [log, log] : [log]))) : undefined);
  await nodes([twice, honest], async (lying, true_) => {
    const timeline = async (url) => verdictTimeline(await readVerdict(await Reader.at([url], 31337, undefined), NO_TRUST, market, engagements.proven));
    assert.deepEqual((await timeline(lying)).more, ['6 accepted proofs, not 3']);
    assert.deepEqual((await timeline(true_)).more, []);
  });
});
