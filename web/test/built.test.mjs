// What is built, and from what.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { bn254 } from '@noble/curves/bn254';
import { load } from './harness/modules.mjs';

const root = new URL('../..', import.meta.url).pathname;
const dist = (name) => readFileSync(`${root}web/dist/${name}`, 'utf8');

test('two_builds_are_the_same_bytes_and_the_footer_has_their_hash', () => {
  const again = mkdtempSync(join(tmpdir(), 'assay-dist-'));
  try {
    execFileSync(process.execPath, [`${root}web/build.mjs`, again]);
    for (const name of readdirSync(again)) assert.equal(readFileSync(join(again, name), 'utf8'), dist(name), name);
  } finally {
    rmSync(again, { recursive: true });
  }
  const hash = createHash('sha256').update(dist('page.js')).update(dist('page.css')).digest('hex');
  assert.ok(dist('index.html').includes(`<code id="build">${hash}</code>`));
});

test('the_program_carries_the_page_that_is_built', () => {
  for (const name of ['index.html', 'page.css', 'page.js']) {
    assert.ok(readFileSync(`${root}marketplace-cli/page/${name}`, 'utf8') === dist(name), `${name}: run scripts/build-web --embed`);
  }
});

test('the_page_is_one_html_one_css_and_one_classic_script_under_a_policy', () => {
  const html = dist('index.html');
  assert.match(html, /Content-Security-Policy" content="default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' https: http:\/\/127\.0\.0\.1:\* http:\/\/localhost:\*;/);
  assert.doesNotMatch(html, /integrity|type="module"|https?:\/\/(?!127|localhost)/);
  assert.equal(html.match(/<script/g).length, 1);
  assert.equal(html.match(/<link/g).length, 1);
  assert.doesNotMatch(dist('page.css'), /url\(|@import|@font-face/);
  assert.doesNotMatch(dist('page.js'), /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/);
});

test('what_is_known_of_the_contracts_is_theirs', { skip: !existsSync(`${root}out/IAccuracyMarket.sol/IAccuracyMarket.json`) && 'contracts are not built' }, () => {
  const made = execFileSync(`${root}scripts/web-artefacts`, ['--print'], { encoding: 'utf8', maxBuffer: 1 << 24 });
  assert.equal(made, readFileSync(`${root}web/src/read/contracts.json`, 'utf8'), 'run scripts/web-artefacts');
});

test('the_retrieval_market_is_created_from_the_committed_code', async () => {
  const { concatHex, encodeAbiParameters, keccak256 } = await import('viem/utils');
  const { abi } = await load('read/contracts.ts');
  const { retrievalCreationHash } = await load('read/statement.ts');
  const struct = abi.IAuditTerms.find((one) => one.name === 'params').outputs[0];
  const zeros = (parameter) => parameter.components ? Object.fromEntries(parameter.components.map((one) => [one.name, zeros(one)])) : parameter.type === 'address' ? `0x${'00'.repeat(20)}` : parameter.type === 'uint32' ? 0 : 0n;
  const params = zeros(struct);
  const code = JSON.parse(readFileSync(`${root}chain/artefacts/creation.json`, 'utf8')).RetrievalMarket.code;
  assert.equal(retrievalCreationHash(params), keccak256(concatHex([code, encodeAbiParameters([struct], [params])])));
});

test('the_development_string_is_that_of_the_prover', async () => {
  const { DEVELOPMENT_STRING } = await load('read/code.ts');
  const source = readFileSync(`${root}prover/src/srs/dev.rs`, 'utf8');
  const domain = /const DOMAIN: &\[u8\] = b"([^"]+)"/.exec(source)[1];
  const wide = createHash('sha512').update(domain).digest().reverse().toString('hex');
  const order = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001n;
  const { x, y } = (bn254.G2.Point ?? bn254.G2.ProjectivePoint).BASE.multiply(BigInt(`0x${wide}`) % order).negate().toAffine();
  assert.deepEqual(DEVELOPMENT_STRING, [x.c1, x.c0, y.c1, y.c0].map((value) => value.toString(16).padStart(64, '0')));
});

test('code_that_can_change_is_told_from_code_that_cannot', async () => {
  const { isChangeable, doubt } = await load('read/code.ts');
  const bytes = (hex) => Uint8Array.from(Buffer.from(hex, 'hex'));
  assert.ok(isChangeable(bytes('363d3d373d3d3d363d735fbdb2315678afecb367f032d93f642f64180aa35af43d82803e903d91602b57fd5bf3')));
  assert.ok(isChangeable(bytes('5f54')) && isChangeable(bytes('6000f2')));
  assert.ok(!isChangeable(bytes('60f461f2f400')) && !isChangeable(bytes('')));
  const { keccak256 } = await import('viem/utils');
  const record = (code) => ({ verifier: `0x${'11'.repeat(20)}`, verifierCodehash: keccak256(code), wordsPerHash: 2 });
  assert.equal(doubt('0x6000', record('0x6000'), [keccak256('0x6000')]), undefined);
  assert.match(doubt('0x6001', record('0x6000'), [keccak256('0x6000')]), /not the one that was registered/);
  assert.match(doubt('0xef01005fbdb2315678afecb367f032d93f642f64180aa3', record('0xef01005fbdb2315678afecb367f032d93f642f64180aa3'), []), /EIP-7702/);
  assert.match(doubt('0x6000', record('0x6000'), []), /nothing to compare it with/);
  assert.match(doubt('0x5f54', record('0x5f54'), [keccak256('0x5f54')]), /can change/);
});
