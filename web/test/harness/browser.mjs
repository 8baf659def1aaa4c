// A real Chromium that opens the page from disk or from a static server, with its web security on.
import chromium from '@sparticuz/chromium';
import puppeteer from 'puppeteer-core';

// These two would let tests of origins pass that must not.
const UNSAFE = ['--disable-web-security', '--allow-running-insecure-content'];

export async function launch() {
  const args = chromium.args.filter((one) => !UNSAFE.includes(one));
  return puppeteer.launch({ args, executablePath: await chromium.executablePath(), headless: 'shell' });
}

export const PAGE = new URL('../../dist/index.html', import.meta.url).href;

// A tab with the reader's settings, and everything that went wrong in it.
export async function tab(browser, { nodes, codehashes = [], deployments = [], sources = [] }, base = PAGE) {
  const page = await browser.newPage();
  const wrong = [];
  page.on('pageerror', (error) => wrong.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && wrong.push(message.text()));
  page.on('dialog', (dialog) => {
    wrong.push(`dialog ${dialog.message()}`);
    return dialog.dismiss();
  });
  const settings = JSON.stringify({ nodes, trust: { codehashes, deployments, sources } });
  await page.evaluateOnNewDocument((text) => {
    // A blank page has none.
    const path = location.pathname.replace(/index\.html$/, '');
    if (location.protocol !== 'about:') for (const chain of [1, 31337]) localStorage.setItem(`assay.reader.v2 ${path} ${chain}`, text);
    document.addEventListener('securitypolicyviolation', (event) => console.error(`policy violated: ${event.violatedDirective}`));
  }, settings);
  const open = async (link) => {
    await page.goto('about:blank');
    await page.goto(`${base}${link}`);
    await page.waitForFunction(() => {
      const main = document.querySelector('main');
      return main.childElementCount > 0 && !main.querySelector(':scope > .busy') && !main.querySelector('[aria-busy]');
    }, { timeout: 30_000 });
    return page.$eval('main', (main) => main.innerText);
  };
  return { page, open, wrong };
}
