// Builds web/dist, see scripts/build-web.
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { build } from 'esbuild';

const here = new URL('.', import.meta.url).pathname;
const dist = resolve(process.argv[2]);
mkdirSync(dist, { recursive: true });

const common = { bundle: true, target: ['es2022'], legalComments: 'none', charset: 'utf8', logLevel: 'warning', absWorkingDir: here };
const page = async (entry, options) => (await build({ ...common, ...options, entryPoints: [entry], minify: true, write: false })).outputFiles[0].contents;
const [script, style] = await Promise.all([page('src/page/main.ts', { format: 'iife' }), page('src/page/page.css', {})]);
await build({ ...common, entryPoints: ['src/read/index.ts'], format: 'esm', outfile: `${dist}/read.mjs` });

const hash = createHash('sha256').update(script).update(style).digest('hex');
writeFileSync(`${dist}/page.js`, script);
writeFileSync(`${dist}/page.css`, style);
writeFileSync(`${dist}/index.html`, readFileSync(`${here}src/page/index.html`, 'utf8').replaceAll('HASH-OF-SCRIPT-AND-STYLE', hash));
// Beside the module and its types, what makes a package of them: `npm pack web/dist`.
for (const name of ['package.json', 'README.md']) copyFileSync(`${here}src/read/${name}`, `${dist}/${name}`);
for (const name of ['LICENSE-APACHE', 'LICENSE-MIT']) copyFileSync(`${here}../${name}`, `${dist}/${name}`);
console.log(JSON.stringify({ dist, script: script.length, style: style.length, sha256: hash }));
