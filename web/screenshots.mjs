// Usage: node web/screenshots.mjs [DIR]
//
// Pictures of each kind of page on the recorded devnet into docs/screenshots, or DIR: light, dark, 320 pixels wide, and as printed.
// Run scripts/build-web before it.
import { mkdirSync, writeFileSync } from 'node:fs';
import { history, recorded } from './test/harness/anvil.mjs';
import { launch, tab } from './test/harness/browser.mjs';
import { indexed } from './png.mjs';

const directory = process.argv[2] ?? new URL('../docs/screenshots', import.meta.url).pathname;
mkdirSync(directory, { recursive: true });
const { market, prediction, retrieval, corpora, engagements, rounds, audits, corpusIds, models, accounts, codehash } = history;
const PAGES = {
  verdict: `#/verdict/31337/${market}/${engagements.proven}`,
  unknown: `#/verdict/31337/${market}/${engagements.provenFull}`,
  round: `#/round/31337/${prediction}/${rounds.upheld}`,
  audit: `#/audit/31337/${retrieval}/${audits.sampled}`,
  corpus: `#/corpus/31337/${corpora}/${corpusIds.archive}`,
  model: `#/model/31337/${market}/${models.digits}`,
  address: `#/address/31337/${market}/${accounts.provider}`,
  contracts: `#/contracts/31337/${market}`,
};
// Width, height and what the page is told about its reader.
const LOOKS = {
  light: { width: 760, height: 860, scheme: 'light' },
  dark: { width: 760, height: 860, scheme: 'dark' },
  320: { width: 320, height: 760, scheme: 'light' },
  print: { width: 700, height: 860, scheme: 'light', media: 'print' },
};

const [anvil, browser] = await Promise.all([recorded(), launch()]);
try {
  for (const [name, link] of Object.entries(PAGES)) {
    const { page, open } = await tab(browser, { nodes: [anvil.url], codehashes: name === 'unknown' ? [] : [codehash], sources: [accounts.source] });
    for (const [look, { width, height, scheme, media }] of Object.entries(LOOKS)) {
      await page.setViewport({ width, height });
      // Each of the two takes the other back.
      if (media) await page.emulateMediaType(media);
      else await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
      await open(link);
      if (media === 'print') await page.evaluate(() => window.dispatchEvent(new Event('beforeprint')));
      writeFileSync(`${directory}/${name}-${look}.png`, indexed(await page.screenshot()));
    }
    await page.close();
  }
} finally {
  await browser.close();
  await anvil.stop();
}
