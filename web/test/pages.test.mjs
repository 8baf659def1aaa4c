// Every page of the recorded history in a real Chromium, opened from disk.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import decodeQR from 'qr/decode.js';
import { pixels } from '../png.mjs';
import { documents, history, recorded } from './harness/anvil.mjs';
import { launch, tab } from './harness/browser.mjs';
import { CASES } from './harness/cases.mjs';
import { match } from './harness/snapshot.mjs';

const CHAIN = 31337;
const { market, prediction, retrieval, corpora, codehash, accounts } = history;
const MARKETS = { verdict: market, model: market, contracts: market, address: market, round: prediction, audit: retrieval, corpus: corpora };
const IDS = { verdict: history.engagements, round: history.rounds, audit: history.audits, corpus: history.corpusIds, model: history.models };
const link = (kind, name) => `#/${kind}/${CHAIN}/${MARKETS[kind]}${kind === 'contracts' ? '' : `/${IDS[kind]?.[name] ?? name}`}`;

let anvil;
let browser;
before(async () => {
  [anvil, browser] = await Promise.all([recorded(), launch()]);
});
after(async () => {
  await browser?.close();
  await anvil?.stop();
});
const reading = (more = {}) => tab(browser, { nodes: [anvil.url], codehashes: [codehash], ...more });

const told = (page) => page.evaluate(() => ({
  lead: document.querySelector('.told .lead')?.textContent,
  text: document.querySelector('.told h1').textContent,
  tone: document.querySelector('.told').className.replace('told ', ''),
}));
// What readers read; raw JSON and what logs said have the contracts' own words.
const prose = (page) => page.evaluate(() => {
  const copy = document.querySelector('main').cloneNode(true);
  copy.querySelectorAll('#document, .timeline details').forEach((one) => one.remove());
  return copy.textContent;
});

// Every page once, as a reader sees it who trusts nobody's verifier: what the next tests are about.
let pages;
async function readAll() {
  const { page, open, wrong } = await reading({ codehashes: [] });
  const all = new Map();
  for (const { kind, name } of [...CASES, { kind: 'contracts', name: 'contracts' }]) {
    await open(link(kind, name));
    all.set(`${kind} ${name}`, {
      ...(await told(page)),
      prose: await prose(page),
      document: JSON.parse(await page.$eval('#document', (one) => one.textContent)),
      doubted: await page.$$eval('.differs, .differs-note', (found) => found.map((one) => one.textContent)),
      steps: (await page.$$('.timeline > li')).length,
      command: await page.$eval('#command', (one) => one.textContent),
    });
  }
  await page.close();
  return { all, wrong };
}
const everything = () => (pages ??= readAll());

test('each_case_has_its_sentence_and_nothing_is_bare', async () => {
  const { all, wrong } = await everything();
  const sentences = {};
  for (const { kind, name, says } of CASES) {
    const { text, tone, lead, prose: read } = all.get(`${kind} ${name}`);
    assert.match(text, says, `${kind} ${name}`);
    // Times are those of the recording.
    sentences[`${kind} ${name}`] = [tone, lead, text].filter(Boolean).join(' | ').replace(/\d{4}-\d\d-\d\d [\d:]{8} UTC/g, 'TIME');
    assert.doesNotMatch(read, /\b(passed|verified|trustworthy|safe)\b/i, `${kind} ${name}`);
  }
  match('sentences.json', sentences);
  assert.deepEqual(wrong, []);
});

test('each_document_is_what_the_command_line_prints_at_the_same_block', async () => {
  const { all } = await everything();
  const recordings = documents();
  assert.ok(recordings.length >= 44, `${recordings.length} documents`);
  for (const { kind, name, args, document } of recordings) {
    let shown = structuredClone(all.get(`${kind} ${name}`).document);
    if (args.includes('--trust-codehash')) {
      const { page, open } = await reading();
      await open(link(kind, name));
      assert.equal(await page.$('.told.claim'), null, 'a verifier that the reader knows');
      shown = JSON.parse(await page.$eval('#document', (one) => one.textContent));
      await page.close();
    }
    const { command } = all.get(`${kind} ${name}`);
    assert.ok(command.startsWith(`assay ${args.slice(0, 3).join(' ')} `) && command.includes(`--block ${document.block} `), command);
    // The command line leaves the digest out when an earlier command has compared the contracts.
    if (document.deployment.digest === undefined) delete shown.deployment.digest;
    assert.deepEqual(shown, document, `${kind} ${name}`);
  }
});

test('every_log_of_an_honest_node_agrees_and_none_is_missing', async () => {
  const { all } = await everything();
  for (const { kind, name } of CASES) {
    const { doubted, steps } = all.get(`${kind} ${name}`);
    assert.deepEqual(doubted, [], `${kind} ${name}`);
    assert.ok(steps > 0, `${kind} ${name}`);
  }
});

test('each_page_has_the_same_parts_in_the_same_order', async () => {
  const { page, open } = await reading();
  const all = [['verdict', 'proven'], ['round', 'upheld'], ['audit', 'sampled'], ['corpus', 'archive'], ['model', 'digits'], ['address', accounts.provider], ['contracts', '']];
  for (const [kind, name] of all) {
    await open(link(kind, name));
    const ids = await page.$$eval('article section', (found) => found.map((one) => one.id).filter((id) => id !== 'history'));
    assert.deepEqual(ids, ['risks', 'facts', 'timeline', 'evidence', 'json'], kind);
    const grades = await page.$$eval('.risks > li', (found) => found.map((one) => one.querySelector('.grade').textContent.trim()));
    assert.equal(grades.length, 7, kind);
    // A shape and words, whatever the colour.
    for (const grade of grades) assert.match(grade, /^[○◐■?–](small|look closer|serious|not known|not here)$/);
    const labelled = await page.evaluate(() => [...document.querySelectorAll('section, .wide')].every((one) => one.getAttribute('aria-label') || document.getElementById(one.getAttribute('aria-labelledby'))?.textContent));
    assert.ok(labelled, kind);
    assert.equal(await page.$$eval('h1', (found) => found.length), 1);
  }
  await page.close();
});

test('numbers_of_proofs_are_called_proven_where_the_verifier_is_known', async () => {
  const { all } = await everything();
  const SAID = 'said to be proven: verifier not checked';
  const { page, open } = await reading();
  for (const [kind, name] of [['model', 'digits'], ['verdict', 'proven'], ['round', 'upheld'], ['audit', 'sampled']]) {
    assert.ok(all.get(`${kind} ${name}`).prose.includes(SAID), kind);
    await open(link(kind, name));
    assert.ok(!(await prose(page)).includes(SAID), kind);
  }
  // A bound is a row of its own only where it is one.
  const rows = (text) => /one-sided/.test(text);
  for (const [kind, name] of [['verdict', 'proven'], ['round', 'upheld'], ['audit', 'sampled']]) {
    assert.ok(!rows(all.get(`${kind} ${name}`).prose), kind);
    await open(link(kind, name));
    assert.ok(rows(await prose(page)), kind);
  }
  await open(link('round', 'served'));
  assert.ok(!rows(await prose(page)));
  await page.close();
});

test('evidence_has_bitmaps_proofs_and_the_sample', async () => {
  const { page, open } = await reading();
  await open(link('verdict', 'demanded'));
  assert.deepEqual(await page.$$eval('.bits li', (found) => found.map((one) => one.textContent)), ['■0 proven, claimed', '■1 proven, claimed', '■2 proven, claimed', '◧3 claimed']);
  assert.equal((await page.$$('#evidence tbody tr')).length, 3);
  const audit = await open(link('audit', 'sampled'));
  const sample = /sample, recomputed\n+([\d, ]+)/.exec(audit)[1].split(', ').map(Number);
  assert.equal(sample.length, 8);
  assert.equal(new Set(sample).size, 8);
  // Neither a match nor outside of the corpus; that these were proven, the contract has checked.
  assert.ok(sample.every((i) => i >= 0 && i < 40 && ![3, 17, 30].includes(i)));
  await page.close();
});

test('hostile_words_run_nothing_and_are_escaped', async () => {
  const { page, open, wrong } = await reading({ sources: [accounts.source] });
  for (const [kind, name] of [['model', 'hostile'], ['corpus', 'archive'], ['audit', 'declined']]) {
    const text = await open(link(kind, name));
    assert.doesNotMatch(text, /[\u0000-\u0008\u202a-\u202e\u2066-\u2069]/, kind);
    await page.evaluate(() => document.querySelectorAll('details').forEach((one) => (one.open = true)));
    const opened = await page.$eval('main', (one) => one.innerText);
    assert.match(opened, /\\u\{202e\}/, kind);
    assert.doesNotMatch(opened, /\u202e/, kind);
    assert.match(await page.title(), new RegExp(`^${kind} 0x`));
    assert.equal((await page.$$('main img, main script, main a[href^="javascript"]')).length, 0);
  }
  assert.deepEqual(wrong, []);
  await page.close();
});

test('an_address_has_all_that_it_did_on_both_sides', async () => {
  const { page, open, wrong } = await reading();
  await open(link('address', accounts.consumer));
  assert.match((await told(page)).text, /^What 0x\w{40} did in this marketplace, as provider and as consumer: 10 engagements, 3 rounds\.$/);
  for (const [who, says] of [
    [accounts.responder, '2 corpora committed, 9 audits of them accepted, 1 request made, 1 corpus attested.'],
    [accounts.requester, '0 corpora committed, 0 audits of them accepted, 10 requests made, 0 corpora attested.'],
    [accounts.source, '0 corpora committed, 0 audits of them accepted, 0 requests made, 1 corpus attested.'],
  ]) {
    await open(`#/address/${CHAIN}/${retrieval}/${who}`);
    assert.match((await told(page)).text, new RegExp(`^What 0x\\w{40} did in audits: ${says}$`));
    assert.deepEqual(await page.$$eval('article section', (found) => found.map((one) => one.id)), ['risks', 'facts', 'timeline', 'evidence', 'json']);
  }
  assert.deepEqual(wrong, []);
  await page.close();
});

test('a_narrow_screen_needs_no_scrolling_sideways', async () => {
  const { page, open } = await reading();
  await page.setViewport({ width: 320, height: 640 });
  for (const [kind, name] of [['verdict', 'proven'], ['verdict', 'demanded'], ['round', 'upheld'], ['audit', 'sampled'], ['corpus', 'archive'], ['model', 'digits'], ['address', accounts.provider], ['contracts', '']]) {
    await open(link(kind, name));
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 320, `${kind} ${name}`);
  }
  await page.close();
});

test('print_has_sentence_block_and_hashes', async () => {
  const { page, open } = await reading();
  await open(link('audit', 'sampled'));
  await page.emulateMediaType('print');
  await page.evaluate(() => window.dispatchEvent(new Event('beforeprint')));
  const text = await page.evaluate(() => document.body.innerText);
  const document = JSON.parse(await page.$eval('#document', (one) => one.textContent));
  for (const part of ['were proven not to match', `block ${document.block} `, document.blockHash, document.seed, document.predicateHash, await page.$eval('#build', (one) => one.textContent)]) {
    assert.ok(text.includes(part), part);
  }
  assert.equal(await page.$$eval('button', (found) => found.filter((one) => one.checkVisibility()).length), 0);
  assert.ok((await page.pdf({ format: 'a4' })).length > 10_000);
  await page.close();
});

test('the_code_on_paper_is_the_link_to_this_block', async () => {
  const { page, open } = await reading();
  await page.setViewport({ width: 800, height: 800, deviceScaleFactor: 2 });
  await open(link('verdict', 'proven'));
  await page.evaluate(() => window.dispatchEvent(new Event('beforeprint')));
  const { width, height, channels, out } = pixels(Buffer.from(await (await page.$('svg.qr')).screenshot()));
  const data = new Uint8Array(width * height * 4).fill(255);
  for (let i = 0; i < width * height; i++) for (let c = 0; c < 3; c++) data[4 * i + c] = out[channels * i + c];
  assert.equal(decodeQR({ width, height, data }), `${link('verdict', 'proven')}@${JSON.parse(await page.$eval('#document', (one) => one.textContent)).blockHash}`, 'a devnet finalises nothing');
  await page.close();
});

test('a_page_of_a_named_block_says_that_it_is_not_of_now', async () => {
  const { page, open } = await reading();
  assert.doesNotMatch(await open(link('verdict', 'proven')), /not of now/);
  const pinned = await page.$eval('#json p a', (one) => one.getAttribute('href'));
  const text = await open(pinned);
  assert.match(text, /This is the state of \d{4}-\d\d-\d\d [\d:]{8} UTC, not of now\. Read the newest one\n+At least 3 of 4/);
  assert.equal(await page.$eval('.lead.old a', (one) => one.getAttribute('href')), link('verdict', 'proven'));
  await page.close();
});

test('words_that_no_hash_is_kept_of_say_so', async () => {
  const { page, open } = await reading();
  const unkept = async (kind, name) => {
    await open(link(kind, name));
    return page.evaluate(() => ['#timeline', '#evidence'].map((id) => /from a log, of which the contracts keep no hash/.test(document.querySelector(id).textContent)));
  };
  assert.deepEqual(await unkept('audit', 'declined'), [true, true]);
  assert.deepEqual(await unkept('corpus', 'archive'), [true, true]);
  // A model's words are in its record.
  assert.deepEqual(await unkept('model', 'digits'), [false, false]);
  await page.close();
});

test('the_keyboard_reaches_everything_and_a_link_skips_the_head', async () => {
  const { page, open } = await reading();
  await open(link('verdict', 'proven'));
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'To the verdict');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
  assert.ok(await page.$('.told h1'), 'the page is still there');
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.tagName), 'SUMMARY');
  await page.keyboard.press('Enter');
  assert.ok(await page.evaluate(() => document.activeElement.parentElement.open));
  assert.deepEqual(await page.evaluate(() => ['header', 'main', 'footer'].map((one) => document.querySelectorAll(one).length)), [1, 1, 1]);
  await page.close();
});

test('the_form_opens_what_is_typed', async () => {
  const { page, open } = await reading();
  await open('');
  await page.select('#kind', 'verdict');
  await page.type('#market', market);
  await page.type('#id', 'nothing');
  await page.click('main button');
  assert.match(await page.$eval('[role=alert]', (one) => one.textContent), /id of the link is none/);
  await page.$eval('#id', (one) => (one.value = ''));
  await page.type('#id', history.engagements.proven);
  await page.click('main button');
  await page.waitForSelector('.told h1');
  assert.match((await told(page)).text, /^At least 3 of 4/);
  await page.close();
});
