// Measures the time until the console can be used: a browser with an empty cache opens the log-on page and logs on.
//
//     node bench/ready.mjs LIFEBOAT_BINARY [ROUNDS]     prints a table; needs console/node_modules and chromium
import { openBrowser } from '../tests/e2e/console/browser.mjs';
import { PASSWORD, startLifeboat } from '../tests/e2e/console/servers.mjs';
import { WORDS } from '../tests/e2e/console/words.mjs';

const [binary, rounds = '5'] = process.argv.slice(2);
const words = WORDS.en;

const PLACES = ['first content', 'the log-on page, opened for the first time', 'then the list of clusters'];

/** A slow network, such as to another site: 50 kB per second, and a round trip of 0.1 s. */
const SLOW = { offline: false, latency: 100, downloadThroughput: 50_000, uploadThroughput: 50_000 };

/** How long a user types at the log-on page; the browser loads ahead in that time. */
const TYPING_MS = 5_000;

/** One visit: milliseconds until the first content, the log-on page, and the page after it, with the bytes received until then. */
async function visit(url, line) {
  const { page, close } = await openBrowser({ url, locale: 'en-US' });
  let bytes = 0;
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  if (line) await session.send('Network.emulateNetworkConditions', line);
  session.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength));
  const begun = performance.now();
  await page.goto(url, { waitUntil: 'commit' });
  await page.getByText('Lifeboat', { exact: true }).first().waitFor();
  const seen = { milliseconds: performance.now() - begun, bytes };
  const logOn = page.getByRole('button', { name: words.logOn });
  await logOn.waitFor();
  const first = { milliseconds: performance.now() - begun, bytes };
  await page.waitForTimeout(line ? TYPING_MS : 0);
  await page.getByLabel(words.user, { exact: true }).fill('admin');
  await page.getByLabel(words.password, { exact: true }).fill(PASSWORD);
  const pressed = performance.now();
  await logOn.click();
  await page.getByRole('button', { name: words.takeOver }).first().waitFor();
  const second = { milliseconds: performance.now() - pressed, bytes };
  await close();
  return [seen, first, second];
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

const lifeboat = await startLifeboat(binary);
try {
  const lines = [];
  for (const [name, line] of [['on this machine', undefined], ['over 50 kB/s', SLOW]]) {
    const visits = [];
    for (let round = 0; round < Number(rounds); round += 1) visits.push(await visit(lifeboat.url, line));
    PLACES.forEach((place, at) => {
      const taken = median(visits.map((pages) => pages[at].milliseconds));
      const kilobytes = median(visits.map((pages) => pages[at].bytes)) / 1000;
      lines.push(`| ${place}, ${name} | ${(taken / 1000).toFixed(2)} s | ${kilobytes.toFixed(0)} kB |`);
    });
  }
  console.log(['| | until it can be used | sent so far |', '|---|---|---|', ...lines].join('\n'));
} finally {
  await lifeboat.close();
}
