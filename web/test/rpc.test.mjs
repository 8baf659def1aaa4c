// What a node may do: batches, loads, lies, lateness, web pages.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './harness/modules.mjs';
import { answer, serving } from './harness/nodes.mjs';

const { Node, canonical } = await load('read/rpc.ts');
const FAST = { pause: 1, timeout: 500 };
const echo = (calls) => calls.map(({ id, params }) => ({ jsonrpc: '2.0', id, result: params[0] }));

async function asked(handle, what, options = FAST) {
  const server = await serving(handle);
  try {
    return await what(new Node(server.url, options));
  } finally {
    await server.stop();
  }
}
const fails = (kind) => (error) => error.kind === kind && error.endpoint.startsWith('http://127.0.0.1');

test('requests_of_one_moment_go_out_in_batches_of_fifty', async () => {
  const sizes = [];
  await asked((calls, response) => {
    sizes.push(calls.length);
    // Answers may come in any order.
    answer(response, echo(calls).reverse());
  }, async (node) => {
    const values = Array.from({ length: 120 }, (_, i) => i);
    assert.deepEqual(await Promise.all(values.map((i) => node.ask('x', [i]))), values);
  });
  assert.deepEqual(sizes.sort((a, b) => a - b), [20, 50, 50]);
});

test('a_busy_node_is_asked_again_later', async () => {
  let tries = 0;
  await asked((calls, response, n) => {
    tries = n + 1;
    if (n === 0) answer(response, 'slow down', 429, 'text/plain');
    else if (n === 1) answer(response, calls.map(({ id }) => ({ jsonrpc: '2.0', id, error: { code: -32005, message: 'limit exceeded' } })));
    else answer(response, echo(calls));
  }, async (node) => assert.equal(await node.ask('x', [7]), 7));
  assert.equal(tries, 3);
});

test('a_node_without_batches_is_asked_one_by_one', async () => {
  await asked((calls, response) => {
    if (Array.isArray(calls)) answer(response, { jsonrpc: '2.0', id: null, error: { code: -32600, message: 'batches are not supported' } });
    else answer(response, echo([calls])[0]);
  }, async (node) => assert.deepEqual(await Promise.all([node.ask('x', [1]), node.ask('x', [2])]), [1, 2]));
});

test('a_limit_that_is_told_in_one_object_is_no_node_without_batches', async () => {
  const sizes = [];
  await asked((calls, response, n) => {
    sizes.push([calls].flat().length);
    if (n === 0) answer(response, { jsonrpc: '2.0', id: null, error: { code: -32005, message: 'limit exceeded' } });
    else answer(response, echo(calls));
  }, async (node) => assert.deepEqual(await Promise.all([1, 2, 3].map((i) => node.ask('x', [i]))), [1, 2, 3]));
  assert.deepEqual(sizes, [3, 3]);
});

test('what_is_no_answer_is_an_error_that_names_the_node', async () => {
  const cases = [
    ['html', (_, response) => answer(response, '<!doctype html><h1>Login</h1>', 200, 'text/html')],
    ['half', (_, response) => answer(response, '[{"jsonrpc":"2.0","id":0,"resu')],
    ['half', (calls, response) => answer(response, echo(calls).slice(1))],
    ['half', (calls, response) => answer(response, [...echo(calls), ...echo(calls)])],
    ['half', (_, response) => answer(response, [null])],
    ['half', (_, response) => answer(response, '{"result":1}')],
    ['status', (_, response) => answer(response, 'no', 503, 'text/plain')],
    ['late', () => {}],
  ];
  for (const [kind, handle] of cases) {
    await asked(handle, (node) => assert.rejects(node.ask('x', [1]), fails(kind), kind), { pause: 1, timeout: 60 });
  }
  const gone = new Node('http://127.0.0.1:9', FAST);
  await assert.rejects(gone.ask('x', []), fails('unreachable'));
});

test('what_a_contract_reverts_with_is_kept', async () => {
  const shapes = ['0x12345678', { data: '0x12345678' }, 'Reverted 0x12345678'];
  for (const data of shapes) {
    await asked((calls, response) => answer(response, calls.map(({ id }) => ({ id, error: { code: 3, message: 'execution reverted', data } }))), async (node) => {
      await assert.rejects(node.ask('eth_call', [{}]), (error) => error.kind === 'reverted' && error.data === '0x12345678');
    });
  }
});

test('missing_state_is_told_from_other_refusals', async () => {
  for (const [message, kind] of [['missing trie node 12ab', 'no state'], ['header not found', 'no state'], ['method not allowed', 'refused']]) {
    await asked((calls, response) => answer(response, calls.map(({ id }) => ({ id, error: { code: -32000, message } }))), (node) =>
      assert.rejects(node.ask('eth_getCode', []), fails(kind)),
    );
  }
});

test('answers_are_compared_whatever_their_order_and_case', () => {
  assert.equal(canonical({ a: '0xAB', b: [1, { d: 1, c: 2 }] }), canonical({ b: [1, { c: 2, d: 1 }], a: '0xab' }));
  assert.notEqual(canonical(['0x1', '0x2']), canonical(['0x2', '0x1']));
});
