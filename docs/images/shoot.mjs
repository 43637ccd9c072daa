// Takes the pictures of the README from a running quick start, about 100 s after its script began:
//   node docs/images/shoot.mjs http://127.0.0.1:9640
// Make them smaller afterwards (pngquant, or any reduction to 256 colours).
import { createRequire } from 'node:module';

const require = createRequire(new URL('../../tests/pages/', import.meta.url));
const { chromium } = require('playwright-core');
const base = process.argv[2] ?? 'http://127.0.0.1:9640';
const folder = new URL('./', import.meta.url).pathname;

const list = await (await fetch(`${base}/api/alerts?state=open&rule=payment-provider`)).json();
if (list.alerts.length === 0) throw new Error('no alert payment-provider is open yet: wait');
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, colorScheme: 'light' });
const query = encodeURIComponent('payments_ok{site="madrid"}');
const pictures = {
  now: '/', alert: `/alerts/${list.alerts[0].id}`,
  board: '/boards/betting-house?from=now-15m&v.site=london&v.site=madrid&v.site=rome',
  explore: `/explore?q=${query}&from=now-15m&bands=1&alerts=1`,
};
for (const [name, path] of Object.entries(pictures)) {
  await page.goto(base + path, { waitUntil: 'domcontentloaded' });
  await page.waitForTimeout(4000); // the charts load after the page
  await page.screenshot({ path: `${folder}${name}.png` });
}
await browser.close();
