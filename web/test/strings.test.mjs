// What strangers write, and how values are shown.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './harness/modules.mjs';

const s = await load('page/show.ts');
const route = await load('page/route.ts');
const settings = await load('page/settings.ts');

test('controls_and_directions_are_shown_as_escapes', () => {
  assert.equal(s.strange('a\u202eb\u0007\n\u2066\u200b\u00ad'), 'a\\u{202e}b\\u{7}\\u{a}\\u{2066}\\u{200b}\\u{ad}');
  assert.equal(s.strange('\u{e0041}\u2028\ufeff'), '\\u{e0041}\\u{2028}\\u{feff}');
  assert.equal(s.strange('Grüße, 世界 – <b>'), 'Grüße, 世界 – <b>');
});

test('marks_that_are_piled_on_one_character_are_escapes_from_the_third_on', () => {
  assert.equal(s.strange('e\u0301\u0302 a\u0301'), 'e\u0301\u0302 a\u0301');
  assert.equal(s.strange('z\u0301\u0302\u0303\u0304\u20dd.'), 'z\u0301\u0302\\u{303}\\u{304}\\u{20dd}.');
  const piled = { uri: `z${'\u0335'.repeat(50)}` };
  assert.equal(s.json(piled).match(/\u0335/g).length, 2);
  assert.deepEqual(JSON.parse(s.json(piled)), piled);
});

test('long_strings_are_cut_and_say_so', () => {
  assert.equal(s.strange('x'.repeat(500), 10), 'xxxxxxxxxx… (500 characters in all)');
});

test('only_https_and_ipfs_are_links', () => {
  assert.equal(s.link('https://example.org/a'), 'https://example.org/a');
  assert.equal(s.link('ipfs://bafy/x'), 'ipfs://bafy/x');
  for (const no of ['http://example.org', 'javascript:alert(1)', 'data:text/html,x', 'https://user@example.org', 'https://:word@example.org', 'ipfs://:word@bafy', 'https://a b', ' https://a', 'https://', 'https://ex\u202eample.org']) {
    assert.equal(s.link(no), undefined, no);
  }
});

test('amounts_and_times_are_exact', () => {
  assert.equal(s.ether('1000000000000000001'), '1.000000000000000001 ETH');
  assert.equal(s.ether(0n), '0 ETH');
  assert.equal(s.utc(0), '1970-01-01 00:00:00 UTC');
  assert.equal(s.utc(2n ** 63n), 'second 9223372036854775808');
  assert.equal(s.target(7500), '75 %');
  assert.equal(s.target(9950), '99.50 %');
});

test('addresses_that_look_alike_are_marked', () => {
  const a = `0x1234${'0'.repeat(32)}abcd`;
  const b = `0x1234${'1'.repeat(32)}abcd`;
  assert.deepEqual([...s.lookalikes([a, b, `0x${'2'.repeat(40)}`])].sort(), [a, b]);
  assert.equal(s.lookalikes([a, a.toUpperCase().replace('0X', '0x')]).size, 0);
});

test('links_lead_to_one_place_or_say_what_is_wrong', () => {
  const market = `0x${'ab'.repeat(20)}`;
  const id = `0x${'01'.repeat(32)}`;
  assert.deepEqual(route.parse(`#/verdict/1/${market}/${id}@7`), { kind: 'verdict', chainId: 1, market, id, block: 7n });
  assert.equal(route.parse(`#/round/1/${market}/${id}@${id}`).block, id);
  assert.equal(route.format(route.parse(`#/verdict/1/${market}/${id}@7`)), `#/verdict/1/${market}/${id}@7`);
  assert.deepEqual(route.parse(`#/contracts/1/${market}`), { kind: 'contracts', chainId: 1, market, block: undefined });
  const served = 'http://192.0.2.7:8701';
  assert.ok(settings.isNode(`${served}/rpc`, served) && !settings.isNode('http://192.0.2.8:8701/rpc', served));
  for (const no of ['', '#/x/1/2/3', `#/verdict/1/${market}`, `#/verdict/0/${market}/${id}`, `#/verdict/9007199254740993/${market}/${id}`, `#/verdict/1/${market}/${id}@7@8`, `#/verdict/1/0x1/${id}`, `#/verdict/1/${market}/${id}@x`, `#/verdict/1/${market}/${id}/9`, `#/verdict/1/${market}/0x1`, `#/contracts/1/${market}/${id}`, `#/address/1/${market}/${id}`]) {
    assert.equal(typeof route.parse(no), 'string', no);
  }
});

test('nodes_are_those_that_the_content_policy_allows', () => {
  for (const yes of ['https://node.example/key', 'http://127.0.0.1:8545', 'http://localhost:1']) assert.ok(settings.isNode(yes), yes);
  const served = 'http://192.0.2.7:8701';
  assert.ok(settings.isNode(`${served}/rpc`, served) && !settings.isNode('http://192.0.2.8:8701/rpc', served));
  for (const no of ['http://node.example', 'ws://127.0.0.1', 'file:///etc/passwd', 'node', '']) assert.ok(!settings.isNode(no), no);
  const { settings: s2, wrong } = settings.parsed(['https://a', 'ftp://b'], `0x${'1'.repeat(64)} 0x12`, '', 'me');
  assert.deepEqual(s2.nodes, ['https://a']);
  assert.deepEqual(wrong, ['ftp://b', '0x12', 'me']);
});
