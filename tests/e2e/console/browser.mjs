// A real browser that watches for what must never happen: an error in its console, or a request to another host.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const require = createRequire(new URL('../../../console/package.json', import.meta.url));
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Opens a page in a new, empty profile. */
export async function openBrowser({ url, locale }) {
  const profile = mkdtempSync(join(tmpdir(), 'lifeboat-browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: FLAGS,
    locale,
    viewport: { width: 1280, height: 800 },
    reducedMotion: 'reduce',
  });
  const page = context.pages()[0] ?? (await context.newPage());
  page.setDefaultTimeout(60_000);
  const faults = [];
  const expected = [];
  page.on('console', (message) => {
    if (message.type() !== 'error' && message.type() !== 'warning') return;
    const text = `${message.type()}: ${message.text()} (${message.location().url})`;
    if (!expected.some((pattern) => pattern.test(text))) faults.push(text);
  });
  page.on('pageerror', (error) => faults.push(`page error: ${error.stack ?? error.message}`));
  page.on('request', (request) => {
    const asked = new URL(request.url());
    if (asked.protocol.startsWith('http') && asked.origin !== new URL(url).origin) faults.push(`asked ${asked.host}`);
  });
  const close = async () => {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  };
  return { page, faults, expected, close };
}

/** Returns the serious findings of axe, and texts in a font weight other than the three in use, one line each. */
export async function seriousFindings(page) {
  // The page's security policy allows no inline script, so the debugger injects it.
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  const heavy = await page.evaluate(() =>
    [...document.querySelectorAll('body *')]
      // An icon has no text of its own; the library gives some icons a font weight that has no effect.
      .filter((element) => [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim() !== ''))
      .filter((element) => element.checkVisibility() && !['400', '500', '600'].includes(getComputedStyle(element).fontWeight))
      .map((element) => `font-weight ${getComputedStyle(element).fontWeight}: ${element.outerHTML.slice(0, 120)}`),
  );
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.slice(0, 3).map(({ html, any }) => `${html.slice(0, 160)} ${any[0]?.message ?? ''}`).join(' | ')}`)
    .concat(heavy.slice(0, 3));
}

/** Keeps pictures of the page in two widths, where pictures are wanted. */
export async function picture(page, name, language) {
  const folder = process.env.SCREENSHOTS;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  for (const [width, height] of [[1280, 800], [1920, 1080], ...(process.env.SCREENSHOTS_SMALL ? [[390, 844]] : [])]) {
    await page.setViewportSize({ width, height });
    await page.waitForTimeout(250);
    await page.screenshot({ path: join(folder, `${name}-${language}-${width}.png`) });
  }
  await page.setViewportSize({ width: 1280, height: 800 });
}
