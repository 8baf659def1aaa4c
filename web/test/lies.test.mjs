// Nodes that lie, and chains that change, in a real Chromium.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { keccak256, toFunctionSelector } from 'viem/utils';
import { history, recorded } from './harness/anvil.mjs';
import { launch, tab } from './harness/browser.mjs';
import { between, served, serving, answer, stopAll } from './harness/nodes.mjs';

const { market, prediction, retrieval, codehash, engagements, rounds, audits, models, registry } = history;
const PROVEN = `#/verdict/31337/${market}/${engagements.proven}`;
const OPTIMISTIC = `#/verdict/31337/${market}/${engagements.optimistic}`;
const selector = (signature) => toFunctionSelector(`function ${signature}`);

let anvil;
let browser;
before(async () => {
  [anvil, browser] = await Promise.all([recorded(), launch()]);
});
after(async () => {
  await browser?.close();
  await stopAll();
  await anvil?.stop();
});

// Opens a link with these nodes; gives the text, and the tab's errors but those of the network that a test makes.
async function shown(link, nodes, { base, ...more } = {}) {
  const { page, open, wrong } = await tab(browser, { nodes, codehashes: [codehash], ...more }, base);
  try {
    const text = await open(link);
    const opened = await page.evaluate(() => {
      document.querySelectorAll('main details').forEach((one) => (one.open = true));
      return document.querySelector('main').innerText;
    });
    return { text, opened, wrong, claims: await page.$$eval('.told.claim', (found) => found.length), page };
  } finally {
    await page.close();
  }
}

const words = (data, change) => `0x${change(data.slice(2).match(/.{64}/g)).join('')}`;

test('an_answer_that_two_nodes_give_differently_names_the_one_and_shows_nothing', async () => {
  // One more proven position than there is, in one view.
  const liar = await between(anvil.url, ({ method, params }, said) => {
    if (method === 'eth_call' && params[0].data.startsWith(selector('verdict(bytes32)'))) said.result = words(said.result, (all) => all.with(11, all[11].replace(/.$/, '4')));
    return said;
  });
  const { text } = await shown(PROVEN, [anvil.url, liar.url]);
  assert.ok(text.includes(`${liar.url} differs from ${anvil.url} in the answer to eth_call`), text.slice(0, 400));
  assert.doesNotMatch(text, /answered correctly/);
});

test('another_block_hash_names_the_node', async () => {
  const liar = await between(anvil.url, ({ method }, said) => {
    if (method === 'eth_getBlockByNumber') said.result.hash = `0x${'11'.repeat(32)}`;
    return said;
  });
  assert.ok((await shown(PROVEN, [anvil.url, liar.url])).text.includes(`${liar.url} differs from ${anvil.url}: its block`));
});

test('honest_nodes_agree', async () => {
  const other = await between(anvil.url, (_, said) => said);
  const { text, wrong } = await shown(PROVEN, [anvil.url, other.url]);
  assert.match(text, /At least 3 of 4 examples/);
  assert.deepEqual(wrong, []);
});

test('logs_that_do_not_match_are_marked_and_change_nothing_above_them', async () => {
  const liar = await between(anvil.url, ({ method }, said) => {
    // Another bitmap, and another target in the offer.
    if (method === 'eth_getLogs') for (const log of said.result) log.data = log.data.replace(/07000000/, '0f000000').replace('1d4c', '2710');
    return said;
  });
  const { text } = await shown(OPTIMISTIC, [liar.url]);
  assert.match(text, /The provider claimed 3 of 4/);
  assert.match(text, /✕ log does not match: offer hash/);
  assert.match(text, /✕ log does not match: result hash/);
  assert.match(text, /shows no log of: the offer; the posted result/);
});

test('logs_that_are_left_out_are_missed', async () => {
  const liar = await between(anvil.url, ({ method }, said) => {
    if (method === 'eth_getLogs') said.result = said.result.slice(0, 1);
    return said;
  });
  assert.match((await shown(PROVEN, [liar.url])).text, /shows no log of: 3 accepted proofs; the end/);
});

test('a_node_that_serves_few_blocks_of_logs_is_asked_in_pages', async () => {
  let ranges = 0;
  const small = await between(anvil.url, ({ method, params }, said) => {
    if (method !== 'eth_getLogs') return said;
    ranges++;
    const { fromBlock, toBlock } = params[0];
    return Number(toBlock) - Number(fromBlock) < 40 ? said : { id: said.id, error: { code: -32005, message: 'range is too large' } };
  });
  const { text } = await shown(PROVEN, [small.url]);
  assert.match(text, /agrees with storage: offer hash/);
  assert.ok(ranges > 5, `${ranges} requests`);
});

test('a_predicate_that_a_log_gets_wrong_is_not_believed', async () => {
  const liar = await between(anvil.url, ({ method }, said) => {
    if (method === 'eth_getLogs') for (const log of said.result) log.data = log.data.replace(codehash.slice(2), '22'.repeat(32));
    return said;
  });
  assert.match((await shown(`#/audit/31337/${retrieval}/${audits.sampled}`, [liar.url])).text, /no log of request .* that has the predicate/);
});

test('late_half_and_html_answers_are_told', async () => {
  const cases = [
    [/web page instead of JSON/, (_, response) => answer(response, '<html>Please log in</html>', 200, 'text/html')],
    [/half of an answer instead of JSON/, (_, response) => answer(response, '[{"id":0,"result":"0x')],
    [/HTTP status 500/, (_, response) => answer(response, 'broken', 500, 'text/plain')],
    [/no node of|node of chain 1,/, (calls, response) => answer(response, [calls].flat().map(({ id }) => ({ id, result: '0x1' })))],
  ];
  for (const [says, handle] of cases) {
    const node = await serving(handle);
    assert.match((await shown(PROVEN, [node.url])).text, says);
  }
});

test('a_node_that_refuses_the_origin_of_a_page_from_disk_is_explained', async () => {
  const closed = await between(anvil.url, (_, said) => said, { 'access-control-allow-origin': 'https://wallet.example' });
  assert.match((await shown(PROVEN, [closed.url])).text, /origin "null", which some nodes refuse/);
  // A browser that has no web security would have read it: then these tests show nothing.
});

test('the_page_opens_from_a_static_host_too', async () => {
  const host = await served(new URL('../dist', import.meta.url).pathname);
  const { text, wrong } = await shown(PROVEN, [anvil.url], { base: `${host.url}/index.html` });
  assert.match(text, /At least 3 of 4 examples/);
  assert.deepEqual(wrong, []);
});

test('garbage_links_and_ids_are_told', async () => {
  for (const [link, says] of [
    ['#/verdict/31337/nothing/1', /the market of the link is no address/],
    ['#/<img src=x onerror=alert(1)>/1', /is no kind of page/],
    [`#/verdict/31337/${market}/0x${'99'.repeat(32)}`, /had no engagement 0x9999/],
    [`#/round/31337/${prediction}/0x${'99'.repeat(32)}`, /had no round/],
    [`#/audit/31337/${retrieval}/0x${'99'.repeat(32)}`, /had no audit/],
    [`#/model/31337/${market}/0x${'99'.repeat(32)}`, /had no model/],
    [`#/verdict/31337/${registry}/${engagements.proven}`, /does not answer|refused the call/],
    [`#/verdict/1/${market}/${engagements.proven}`, /node of chain 31337, this page is of chain 1/],
    [`${PROVEN}@99999999`, /does not have block 99999999/],
  ]) {
    const { text, wrong } = await shown(link, [anvil.url]);
    assert.match(text, says, link);
    assert.deepEqual(wrong, []);
  }
});

test('a_block_that_is_replaced_between_two_reads_is_started_again', async () => {
  let reads = 0;
  const turning = await between(anvil.url, ({ method, params }, said) => {
    // The chain is another one at the end of the first reading.
    if (method === 'eth_getBlockByNumber' && params[0] !== 'latest' && said.result && params[1] === false && ++reads === 1) said.result.hash = `0x${'33'.repeat(32)}`;
    return said;
  });
  const { text } = await shown(PROVEN, [turning.url]);
  assert.match(text, /At least 3 of 4 examples/);
  assert.ok(reads >= 2, `${reads}`);
  // A link to one block is not read at another.
  reads = 0;
  const number = Number(await anvil.rpc('eth_blockNumber'));
  const fixed = await between(anvil.url, ({ method, params }, said) => {
    if (method === 'eth_getBlockByNumber' && params[0] !== 'latest' && ++reads >= 3) said.result.hash = `0x${'33'.repeat(32)}`;
    return said;
  });
  assert.match((await shown(`${PROVEN}@${number}`, [fixed.url])).text, /was replaced while it was read/);
});

test('a_block_that_is_replaced_while_logs_are_read_is_told', async () => {
  const last = await anvil.rpc('eth_blockNumber');
  let reads = 0;
  const turning = await between(anvil.url, ({ method, params }, said) => {
    if (method === 'eth_getBlockByNumber' && params[0] === last && ++reads >= 2) said.result.hash = `0x${'33'.repeat(32)}`;
    return said;
  });
  const { text } = await shown(PROVEN, [turning.url]);
  assert.match(text, /Not shown: block \d+ was replaced while it was read: load the page again\. What is above was read from it\./);
});

test('what_a_node_says_of_an_error_is_shown_as_a_strangers_words', async () => {
  const rude = await between(anvil.url, ({ method }, said) => (method === 'eth_getLogs' ? { id: said.id, error: { code: -32000, message: 'no\u202e\u0007 logs' } } : said));
  assert.match((await shown(PROVEN, [rude.url])).text, /Not shown: .*no\\u\{202e\}\\u\{7\} logs/);
});

test('state_that_is_forgotten_is_told_with_what_to_do', async () => {
  const number = Number(await anvil.rpc('eth_blockNumber'));
  const pruned = await between(anvil.url, ({ method }, said) => (method === 'eth_call' ? { id: said.id, error: { code: -32000, message: 'missing trie node' } } : said));
  const { text } = await shown(`${PROVEN}@${number}`, [pruned.url]);
  assert.match(text, /has no state of that block any more/);
  assert.match(text, /needs an archive node/);
});

test('other_code_at_a_market_makes_everything_a_claim', async () => {
  const cases = [
    [market, PROVEN], [registry, `#/model/31337/${market}/${models.digits}`], [prediction, `#/round/31337/${prediction}/${rounds.upheld}`],
    [retrieval, `#/audit/31337/${retrieval}/${audits.sampled}`],
  ];
  for (const [address, link] of cases) {
    // The same behaviour: bytes after the end of the code.
    const other = await between(anvil.url, ({ method, params }, said) => {
      if (method === 'eth_getCode' && params[0].toLowerCase() === address) said.result += '00';
      return said;
    });
    const { text, claims } = await shown(link, [other.url]);
    assert.match(text, /The code of these contracts is unknown: nothing below is stated as a fact/, link);
    assert.equal(claims, 1, link);
    assert.match(text, /From here on: claims of contracts that nobody here knows/, link);
    assert.doesNotMatch(text, /95 %/, `${link}: no bound follows`);
  }
});

test('an_immutable_that_differs_is_named', async () => {
  const other = await between(anvil.url, ({ method, params }, said) => {
    // TREASURY is where burned strikes go.
    if (method === 'eth_getCode' && params[0].toLowerCase() === registry) said.result = said.result.replaceAll('000000000000000000000000000000000000dead', '000000000000000000000000000000000000beef');
    return said;
  });
  assert.match((await shown(`#/contracts/31337/${market}`, [other.url])).text, /TREASURY is 0xbeef, not 0xdead/);
});

test('a_verifier_that_the_reader_does_not_know_makes_what_rests_on_proofs_a_claim', async () => {
  const { text, claims } = await shown(PROVEN, [anvil.url], { codehashes: [] });
  assert.match(text, /Not checked: the verifier that took the proofs/);
  assert.equal(claims, 1);
  // What rests on no proof is said as it is.
  const clean = await shown(`#/round/31337/${prediction}/${rounds.clean}`, [anvil.url], { codehashes: [] });
  assert.equal(clean.claims, 0);
});

test('contracts_that_the_reader_names_by_their_digest_are_believed', async () => {
  const other = await between(anvil.url, ({ method, params }, said) => {
    if (method === 'eth_getCode' && params[0].toLowerCase() === market) said.result += '00';
    return said;
  });
  const digest = /digest\s+(0x[0-9a-f]{64})/.exec((await shown(`#/contracts/31337/${market}`, [other.url])).opened)[1];
  const { text, claims } = await shown(PROVEN, [other.url], { deployments: [digest] });
  assert.match(text, /Contracts that you named as known/);
  assert.equal(claims, 0);
});

test('off_a_devnet_the_finalised_block_is_read_and_the_development_string_shows_nothing', async () => {
  const asked = [];
  const mainnet = await between(anvil.url, async ({ method, params }, said) => {
    if (method === 'eth_chainId') return { ...said, result: '0x1' };
    if (method !== 'eth_getBlockByNumber') return said;
    asked.push(params[0]);
    return params[0] === 'finalized' ? { id: said.id, jsonrpc: '2.0', result: await anvil.rpc('eth_getBlockByNumber', 'latest', false) } : said;
  });
  const { text, claims } = await shown(PROVEN.replace('31337', '1'), [mainnet.url]);
  assert.match(text, /chain 1; finalised/);
  assert.equal(asked[0], 'finalized');
  assert.ok(!asked.includes('latest'));
  assert.match(text, /anybody can forge what it accepts/);
  assert.equal(claims, 1);
});

test('off_a_devnet_a_page_says_when_it_is_more_than_an_hour_old', async () => {
  for (const [age, isOld] of [[7200, true], [600, false]]) {
    const timestamp = `0x${(Math.floor(Date.now() / 1000) - age).toString(16)}`;
    const mainnet = await between(anvil.url, async ({ method, params }, said) => {
      if (method === 'eth_chainId') return { ...said, result: '0x1' };
      if (method !== 'eth_getBlockByNumber') return said;
      const block = params[0] === 'finalized' ? await anvil.rpc('eth_getBlockByNumber', 'latest', false) : said.result;
      return { id: said.id, jsonrpc: '2.0', result: { ...block, timestamp } };
    });
    const { text } = await shown(PROVEN.replace('31337', '1'), [mainnet.url]);
    assert.equal(/This is the state of .* UTC, not of now\./.test(text), isOld);
  }
});

test('a_thousand_verdicts_are_read', async (t) => {
  const [count, at] = ['lockedCount(bytes32)', 'lockedIdAt(bytes32,uint256)'].map(selector);
  const few = Number(await anvil.rpc('eth_call', { to: market, data: count + models.digits.slice(2) }, 'latest'));
  // Those that there are, again and again.
  const many = await between(anvil.url, async ({ method, params }, said) => {
    const data = params[0]?.data ?? '';
    if (method !== 'eth_call') return said;
    if (data.startsWith(count)) return { ...said, result: `0x${(1000).toString(16).padStart(64, '0')}` };
    if (!data.startsWith(at)) return said;
    const i = Number(`0x${data.slice(-64)}`) % few;
    return { id: said.id, jsonrpc: '2.0', result: await anvil.rpc('eth_call', { to: market, data: data.slice(0, -64) + i.toString(16).padStart(64, '0') }, 'latest') };
  });
  const began = Date.now();
  const { text } = await shown(`#/model/31337/${market}/${models.digits}`, [many.url]);
  t.diagnostic(`1,000 verdicts in ${Date.now() - began} ms`);
  assert.match(text, /NOT CHECKED|PROVEN: \d+/);
  const rows = [...text.matchAll(/(?:PROVEN|OPTIMISTIC|No assurance|Not closed): (\d+)/g)].reduce((sum, [, n]) => sum + Number(n), 0);
  assert.equal(rows, 1000);
});

test('rows_of_a_long_list_are_shown_as_they_come', async () => {
  const [count, at, one] = ['lockedCount(bytes32)', 'lockedIdAt(bytes32,uint256)', 'engagement(bytes32)'].map(selector);
  let go;
  const gate = new Promise((done) => (go = done));
  let asked = 0;
  const slow = await between(anvil.url, async ({ method, params }, said) => {
    const data = params[0]?.data ?? '';
    if (method !== 'eth_call') return said;
    if (data.startsWith(count)) return { ...said, result: `0x${(150).toString(16).padStart(64, '0')}` };
    if (data.startsWith(at)) return { id: said.id, jsonrpc: '2.0', result: engagements.proven };
    if (data.startsWith(one) && ++asked > 100) await gate;
    return said;
  });
  const { page, open } = await tab(browser, { nodes: [slow.url], codehashes: [codehash] });
  const whole = open(`#/model/31337/${market}/${models.digits}`);
  await page.waitForFunction(() => document.querySelectorAll('main .busy tbody tr').length === 100, { timeout: 30_000 });
  assert.match(await page.$eval('main [role=status]', (found) => found.textContent), /^100 of 150 engagements/);
  go();
  assert.match(await whole, /PROVEN: 150/);
  await page.close();
});

test('code_hashes_are_of_code', async () => {
  const { text } = await shown(`#/contracts/31337/${market}`, [anvil.url]);
  assert.ok(text.includes(keccak256(await anvil.rpc('eth_getCode', market, 'latest'))));
  assert.match(text, /These contracts have the code of this release, assay \d+\.\d+\.\d+, with parameters that agree/);
});
