// Plays the history on a devnet and records it, see scripts/web-history.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, constants, gunzipSync } from 'node:zlib';
import { Chain } from './chain.mjs';

const assay = process.argv[2];
const fixture = new URL('../test/fixture/', import.meta.url).pathname;
const home = mkdtempSync(join(tmpdir(), 'assay-history-'));
const run = (...args) => execFileSync(assay, ['--home', home, ...args, '--json'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 1 << 26 });

const packed = (text) => brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_SIZE_HINT]: text.length } });

const up = JSON.parse(run('devnet', 'up', '--detach'));
try {
  const file = join(home, 'deployed.json');
  writeFileSync(file, JSON.stringify(up));
  const played = execFileSync(process.execPath, [new URL('play.mjs', import.meta.url).pathname, up.rpcUrl, file], { encoding: 'utf8' });
  const ids = JSON.parse(played);

  const documents = [];
  const record = (kind, name, ...args) => documents.push({ kind, name, args, document: JSON.parse(run('--rpc-url', up.rpcUrl, ...args)) });
  for (const [name, id] of Object.entries(ids.engagements)) record('verdict', name, 'verdict', 'show', id);
  for (const name of ['proven', 'provenFull', 'demanded']) record('verdict', name, 'verdict', 'show', ids.engagements[name], '--trust-codehash', ids.codehash);
  for (const [name, id] of Object.entries(ids.rounds)) record('round', name, 'predict', 'show', id);
  for (const [name, id] of Object.entries(ids.audits)) record('audit', name, 'audit', 'show', id);
  for (const [name, id] of Object.entries(ids.corpusIds)) record('corpus', name, 'corpus', 'show', id);
  for (const [name, id] of Object.entries(ids.models)) record('model', name, 'model', 'show', id);
  record('contracts', 'contracts', 'market', 'show');

  const chain = new Chain(up.rpcUrl, [], {});
  const state = JSON.parse(gunzipSync(Buffer.from((await chain.rpc('anvil_dumpState')).slice(2), 'hex')));
  // How the EVM ran is most of it, and nobody asks.
  for (const { info } of state.transactions) info.traces = [];
  writeFileSync(`${fixture}devnet.json.br`, packed(JSON.stringify(state)));
  writeFileSync(`${fixture}documents.json.br`, packed(JSON.stringify(documents)));
  writeFileSync(`${fixture}history.json`, played);
} finally {
  process.kill(up.pid);
  rmSync(home, { recursive: true, force: true });
}
