// How long until somebody can work in the console: a browser that was never here opens the log-on page, and logs on.
//
//     node bench/ready.mjs LIFEBOAT_BINARY [ROUNDS]     prints a table; wants console/node_modules and chromium
import { openBrowser } from '../tests/e2e/console/browser.mjs';
import { PASSWORD, startLifeboat } from '../tests/e2e/console/servers.mjs';
import { WORDS } from '../tests/e2e/console/words.mjs';

const [binary, rounds = '5'] = process.argv.slice(2);
const words = WORDS.en;

/** One visit: milliseconds until the log-on page, and until the page behind it, and the bytes that came until then. */
async function visit(url) {
  const { page, close } = await openBrowser({ url, locale: 'en-US' });
  let bytes = 0;
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  session.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength));
  const begun = performance.now();
  await page.goto(url);
  const logOn = page.getByRole('button', { name: words.logOn });
  await logOn.waitFor();
  const first = { milliseconds: performance.now() - begun, bytes };
  await page.getByLabel(words.user, { exact: true }).fill('admin');
  await page.getByLabel(words.password, { exact: true }).fill(PASSWORD);
  const pressed = performance.now();
  await logOn.click();
  await page.getByRole('button', { name: words.takeOver }).first().waitFor();
  const second = { milliseconds: performance.now() - pressed, bytes };
  await close();
  return [first, second];
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

const lifeboat = await startLifeboat(binary);
try {
  const visits = [];
  for (let round = 0; round < Number(rounds); round += 1) visits.push(await visit(lifeboat.url));
  const row = (name, place) => {
    const taken = median(visits.map((pages) => pages[place].milliseconds));
    const kilobytes = median(visits.map((pages) => pages[place].bytes)) / 1000;
    return `| ${name} | ${(taken / 1000).toFixed(2)} s | ${kilobytes.toFixed(0)} kB |`;
  };
  console.log(['| | until it can be used | sent so far |', '|---|---|---|',
    row('the log-on page, opened for the first time', 0), row('the list of clusters, behind it', 1)].join('\n'));
} finally {
  await lifeboat.close();
}
