// The recorded devnet, on an anvil of its own.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';

const fixture = (name) => new URL(`../fixture/${name}`, import.meta.url);
const unpacked = (name) => brotliDecompressSync(readFileSync(fixture(name))).toString();

export const history = JSON.parse(readFileSync(fixture('history.json'), 'utf8'));
export const documents = () => JSON.parse(unpacked('documents.json.br'));

// How long anvil may take to say where it listens, milliseconds.
const PATIENCE = 60_000;

export async function recorded() {
  const directory = mkdtempSync(join(tmpdir(), 'assay-web-'));
  const state = join(directory, 'state.json');
  writeFileSync(state, unpacked('devnet.json.br'));
  const program = new URL('../../../node_modules/.bin/anvil', import.meta.url).pathname;
  // The rules are those of `assay devnet up`.
  const args = ['--hardfork', 'osaka', '--enable-tx-gas-limit', '--host', '127.0.0.1', '--port', '0', '--load-state', state];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const url = await new Promise((done, fail) => {
    let said = '';
    const late = setTimeout(() => fail(new Error(`anvil does not say where it listens: ${said.slice(-300)}`)), PATIENCE);
    child.stdout.on('data', (data) => {
      said += data;
      const found = /Listening on (127\.0\.0\.1:\d+)/.exec(said);
      if (found) {
        clearTimeout(late);
        done(`http://${found[1]}`);
      }
    });
    child.on('exit', (code) => fail(new Error(`anvil ended with ${code}`)));
  });
  child.stdout.resume();
  const rpc = async (method, ...params) => {
    const sent = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }) });
    const { result, error } = await sent.json();
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
  };
  await rpc('anvil_setLoggingEnabled', false);
  const stop = () =>
    new Promise((done) => {
      child.removeAllListeners('exit');
      child.once('exit', () => {
        rmSync(directory, { recursive: true, force: true });
        done();
      });
      child.kill();
    });
  return { url, rpc, stop };
}
