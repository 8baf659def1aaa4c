// Text that is compared with a committed file; ASSAY_BLESS=1 writes it.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';

export function match(name, value) {
  const file = new URL(`../fixture/${name}`, import.meta.url);
  const text = `${JSON.stringify(value, null, 1)}\n`;
  if (process.env.ASSAY_BLESS === '1') writeFileSync(file, text);
  assert.equal(text, readFileSync(file, 'utf8'), `${name} differs; ASSAY_BLESS=1 writes it anew`);
}
