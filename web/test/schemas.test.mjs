// The schema files against what the command line printed of the recorded chain.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { documents } from './harness/anvil.mjs';

const file = (name) => new URL(`../../marketplace/schemas/${name}`, import.meta.url);
const schemaOf = ({ schema, version }) => JSON.parse(readFileSync(file(`${schema}.v${version}.json`), 'utf8'));
const TYPES = {
  object: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  array: Array.isArray,
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  integer: Number.isInteger,
  boolean: (value) => typeof value === 'boolean',
  null: (value) => value === null,
};

// What is wrong with a value, by the part of JSON Schema that these files use; any other part is an error.
function wrong(schema, value, at = '$') {
  const { $schema, title, type, const: only, pattern, minimum, anyOf, items, properties, required, ...more } = schema;
  assert.deepEqual(more, {}, `${at}: not looked at`);
  const here = [];
  const fails = (holds, what) => holds || here.push(`${at} ${what}`);
  if (anyOf) return anyOf.some((one) => wrong(one, value, at).length === 0) ? [] : [`${at} is none of ${anyOf.length}`];
  if (only !== undefined) fails(value === only, `is not ${only}`);
  if (type) fails(TYPES[type](value), `is no ${type}`);
  if (here.length > 0) return here;
  if (pattern) fails(new RegExp(pattern, 'u').test(value), `is not ${pattern}`);
  if (minimum !== undefined) fails(value >= minimum, `is below ${minimum}`);
  for (const name of required ?? []) fails(name in value, `has no ${name}`);
  for (const [name, one] of Object.entries(properties ?? {})) if (name in value) here.push(...wrong(one, value[name], `${at}.${name}`));
  if (items) value.forEach((one, i) => here.push(...wrong(items, one, `${at}[${i}]`)));
  return here;
}

test('every_recorded_document_is_of_its_schema', () => {
  const all = documents();
  assert.ok(all.length > 40);
  for (const { kind, name, document } of all) assert.deepEqual(wrong(schemaOf(document), document), [], `${kind} ${name}`);
  assert.deepEqual([...new Set(all.map(({ document }) => document.schema))].filter((schema) => !existsSync(file(`${schema}.v1.json`))), []);
});

test('a_document_that_is_none_is_told', () => {
  const { document } = documents().find(({ kind }) => kind === 'verdict');
  const schema = schemaOf(document);
  const { id, ...without } = document;
  for (const [changed, says] of [
    [without, '$ has no id'],
    [{ ...document, id: id.slice(2) }, '$.id is not ^0x'],
    [{ ...document, feeWei: 1 }, '$.feeWei is no string'],
    [{ ...document, n2: -1 }, '$.n2 is below 0'],
    [{ ...document, version: 2 }, '$.version is not 1'],
    [{ ...document, deployment: { ...document.deployment, grade: undefined } }, '$.deployment.grade is no string'],
  ]) {
    const said = wrong(schema, changed);
    assert.ok(said.length === 1 && said[0].startsWith(says), `${said}`);
  }
});
