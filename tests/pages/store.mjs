// The Store page: sizes, what is kept how long, limits, a check that finds damage, an empty store.
import assert from 'node:assert/strict';
import { settled } from './any.mjs';

export function store(harness, mock) {
  const tell = (what) => fetch(`${mock.url}/mock/${what}`, { method: 'POST' });

  harness.test('store: g d, sizes by kind, what is kept how long, limits', async (t) => {
    await tell('trouble');
    const page = await t.open('/');
    await settled(page);
    await page.keyboard.press('g');
    await page.keyboard.press('d');
    await page.waitForURL((url) => url.pathname === '/store');
    const sizes = page.getByRole('region', { name: 'Sizes' });
    await sizes.locator('tbody tr').nth(6).waitFor();
    assert.match(await sizes.innerText(), /8.360.000 points/);
    assert.match(await sizes.innerText(), /points not yet packed[\s\S]*9.100 chunks[\s\S]*2\.9 MB/);
    const kept = await page.getByRole('region', { name: 'Retention' }).innerText();
    assert.match(kept, /points[\s\S]*now[\s\S]*90 days[\s\S]*400 days[\s\S]*nothing yet[\s\S]*not made/);
    const limits = await page.getByRole('region', { name: 'Limits' }).innerText();
    assert.match(limits, /Journal: 201 MB of 268 MB, 75 %[\s\S]*Archive: 61 MB of 2\.15 GB, 3 %/);
    const days = page.getByRole('region', { name: 'Days and weeks' });
    assert.match(await days.locator('tbody tr').first().innerText(), /^day 2\d{3}-/);
    await page.keyboard.press('j');
    assert.match(await page.locator('tr.cur').innerText(), /day 2\d{3}-[\s\S]*not yet packed/);
  });

  harness.test('store: verify and pack are watched; damage is named', async (t) => {
    await tell('trouble');
    const page = await t.open('/store');
    await settled(page);
    const check = page.getByRole('region', { name: 'Check' });
    assert.match(await check.innerText(), /Not verified since the start/);
    await check.getByRole('button', { name: 'Verify now' }).click();
    await check.getByText('1 place is damaged').waitFor();
    assert.match(await check.innerText(), /stored points of requests\{site="madrid"\}.*are missing/);
    await t.axe(page, 'store with damage');
    await check.getByRole('button', { name: 'Pack now' }).click();
    await check.getByRole('button', { name: 'Packing …' }).waitFor();
    await check.getByRole('button', { name: 'Pack now' }).waitFor();
  });

  harness.test('store: nothing stored says so; an answer that fails is told', async (t) => {
    await tell('quiet');
    const page = await t.open('/store');
    await settled(page);
    assert.match(await page.getByRole('region', { name: 'Days and weeks' }).innerText(),
      /Nothing has left the journal yet/);
    await page.route('**/api/store/stats', (route) =>
      route.fulfill({ status: 503, json: { error: 'too many questions about the store wait' } }));
    await page.getByText('too many questions about the store wait').waitFor();
    t.forgive(/503/);
  });

  harness.test('store: both themes and a phone', async (t) => {
    await tell('trouble');
    for (const [width, scheme] of [[1440, 'light'], [1440, 'dark'], [390, 'light']]) {
      const page = await t.open('/store', { width, scheme });
      await settled(page);
      await t.axe(page, `store ${width} ${scheme}`);
      const [wide, shown] = await page.evaluate(() =>
        [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
      assert.ok(wide <= shown, `store is ${wide} px wide in ${shown} px`);
      await t.shot(page, `store-${width}-${scheme}`);
    }
  });
}
