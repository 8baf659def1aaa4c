// The page from a server that puts a node beside it, as `assay serve --read` does, and what it keeps of whom the reader trusts.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { history, recorded } from './harness/anvil.mjs';
import { launch } from './harness/browser.mjs';

const { market, codehash, engagements } = history;
const PROVEN = `#/verdict/31337/${market}/${engagements.proven}`;
const dist = (name) => readFileSync(new URL(`../dist/${name}`, import.meta.url), 'utf8');
const TYPES = { html: 'text/html', js: 'text/javascript', css: 'text/css' };

let anvil;
let browser;
let server;
before(async () => {
  [anvil, browser] = await Promise.all([recorded(), launch()]);
  server = createServer(async (request, response) => {
    if (request.url === '/rpc') {
      let body = '';
      for await (const part of request) body += part;
      const sent = await fetch(anvil.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
      // No other origin is let in.
      response.writeHead(200, { 'content-type': 'application/json' }).end(await sent.text());
      return;
    }
    const name = request.url.slice(1) || 'index.html';
    const text = dist(name).replace('<html ', '<html data-node="rpc" ');
    response.writeHead(200, { 'content-type': `${TYPES[name.split('.').pop()]}; charset=utf-8` }).end(text);
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
});
after(async () => {
  await browser?.close();
  server?.closeAllConnections();
  server?.close();
  await anvil?.stop();
});

// A tab in which nothing was ever set, but for what `kept` says of chains.
async function shown(link, kept = {}) {
  const page = await browser.newPage();
  try {
    const base = `http://127.0.0.1:${server.address().port}/`;
    await page.evaluateOnNewDocument((all) => {
      if (location.protocol === 'about:') return;
      localStorage.clear();
      for (const [chain, value] of Object.entries(all)) localStorage.setItem(`assay.reader.v2 / ${chain}`, JSON.stringify(value));
    }, kept);
    await page.goto(`${base}${link}`);
    await page.waitForFunction(() => {
      const main = document.querySelector('main');
      return main.childElementCount > 0 && !main.querySelector(':scope > .busy') && !main.querySelector('[aria-busy]');
    }, { timeout: 30_000 });
    const text = await page.$eval('main', (main) => main.innerText);
    const form = await page.$eval('#reader', (reader) => reader.textContent);
    const node = await page.$$eval('#node', (found) => found.map((one) => one.value));
    return { text, form, node, base };
  } finally {
    await page.close();
  }
}

test('a_page_reads_from_the_node_that_is_served_beside_it', async () => {
  const { text, node, base } = await shown(PROVEN);
  assert.match(text, /At least 3 of 4 examples chosen by/);
  assert.deepEqual(node, [`${base}rpc`]);
});

test('whom_a_reader_trusts_on_one_chain_is_not_trusted_on_another', async () => {
  const trust = { codehashes: [codehash], deployments: [], sources: [] };
  const NOT_CHECKED = /Not checked: the verifier that took the proofs is not one that you named as known/i;
  const elsewhere = await shown(PROVEN, { 1: { nodes: [], trust } });
  assert.match(elsewhere.text, NOT_CHECKED);
  assert.match(elsewhere.form, /Your nodes of chain 31337/);
  assert.doesNotMatch((await shown(PROVEN, { 31337: { nodes: [], trust } })).text, NOT_CHECKED);
});
