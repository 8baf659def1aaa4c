// The reading module as the package that others install: what is in it, and that it works with nothing else around.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { documents, history, recorded } from './harness/anvil.mjs';

const root = new URL('../..', import.meta.url).pathname;
const text = (path) => readFileSync(path, 'utf8');

let dir;
let packed;
let anvil;

/** npm with a home and a cache that are empty, and without the registry. */
function npm(...args) {
  const env = { PATH: process.env.PATH, HOME: join(dir, 'home'), npm_config_cache: join(dir, 'cache'), npm_config_update_notifier: 'false' };
  return execFileSync('npm', [...args, '--offline'], { cwd: join(dir, 'empty'), env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

before(async () => {
  dir = mkdtempSync(join(tmpdir(), 'assay-package-'));
  for (const name of ['home', 'empty']) mkdirSync(join(dir, name));
  [packed] = JSON.parse(npm('pack', `${root}web/dist`, '--json', '--pack-destination', dir));
  npm('install', join(dir, packed.filename), '--no-audit', '--no-fund');
  anvil = await recorded();
});
after(async () => {
  await anvil?.stop();
  rmSync(dir, { recursive: true, force: true });
});

test('the_package_has_the_module_its_types_and_what_is_said_of_it', () => {
  const files = packed.files.map(({ path }) => path);
  const [types, others] = [true, false].map((is) => files.filter((name) => name.endsWith('.d.ts') === is));
  assert.deepEqual(others.sort(), ['LICENSE-APACHE', 'LICENSE-MIT', 'README.md', 'package.json', 'read.mjs']);
  assert.ok(types.every((name) => name.startsWith('types/web/src/read/')) && types.includes('types/web/src/read/index.d.ts'));
  const installed = (name) => text(join(dir, 'empty/node_modules/@assay/read', name));
  for (const name of ['LICENSE-APACHE', 'LICENSE-MIT']) assert.equal(installed(name), text(root + name));
  // It is of the program's version, and needs no other package.
  const manifest = JSON.parse(installed('package.json'));
  assert.equal(manifest.version, /^version = "([^"]+)"$/m.exec(text(`${root}Cargo.toml`))[1]);
  assert.ok(!manifest.private && !manifest.dependencies && !manifest.scripts);
  assert.doesNotMatch(installed('read.mjs'), /^import /m);
});

test('the_installed_package_reads_a_verdict_with_the_readmes_words', () => {
  const { args, document } = documents().find(({ kind, name, args }) => kind === 'verdict' && name === 'proven' && !args.includes('--trust-codehash'));
  const [, example] = /```js\n([^`]+)```/.exec(text(join(dir, 'empty/node_modules/@assay/read/README.md')));
  const program = [
    ['https://node.example', anvil.url],
    ['CHAIN_ID', '31337'],
    ['MARKET', history.market],
    ["'ID'", `'${history.engagements.proven}'`],
  ].reduce((program, [word, value]) => {
    assert.ok(program.includes(word), word);
    return program.replace(word, value);
  }, example);
  writeFileSync(join(dir, 'empty/use.mjs'), program);
  const shown = JSON.parse(execFileSync(process.execPath, ['use.mjs'], { cwd: join(dir, 'empty'), env: {}, encoding: 'utf8' }));
  if (document.deployment.digest === undefined) delete shown.deployment.digest;
  assert.deepEqual(shown, document, args.join(' '));
});

test('its_types_stand_alone', () => {
  writeFileSync(
    join(dir, 'empty/use.mts'),
    `import { type ReadError, NO_TRUST, Reader, contracts, isKind, readVerdict } from '@assay/read';
export async function outcome(id: contracts.Hex): Promise<string> {
  const reader: Reader = await Reader.at(['https://node.example'], 1, undefined);
  const { document } = await readVerdict(reader, NO_TRUST, id, id);
  const kinds: contracts.Interface[] = ['IAccuracyMarket'];
  // @ts-expect-error No interface has this name.
  kinds.push('INothing');
  const told = (error: unknown): string | undefined => isKind(error, 'reverted') ? (error satisfies ReadError).data : undefined;
  return String(document.kind) + kinds.length + told(undefined);
}
`,
  );
  const options = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2022', '--lib', 'es2023,dom'];
  try {
    execFileSync(`${root}node_modules/.bin/tsc`, [...options, 'use.mts'], { cwd: join(dir, 'empty'), encoding: 'utf8', stdio: 'pipe' });
  } catch ({ stdout }) {
    assert.fail(stdout);
  }
});
