// Modules of the page, for tests without a browser.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

export async function load(entry) {
  const directory = mkdtempSync(join(tmpdir(), 'assay-module-'));
  const outfile = join(directory, 'module.mjs');
  const source = new URL(`../../src/${entry}`, import.meta.url).pathname;
  await build({ entryPoints: [source], bundle: true, format: 'esm', target: 'es2022', outfile, logLevel: 'error' });
  try {
    return await import(outfile);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
