// The watch over Tocsin itself: the Ledger with its filters and its "why", and the Health page.
import assert from 'node:assert/strict';
import { settled } from './any.mjs';

export function watch(harness, mock) {
  const tell = (what) => fetch(`${mock.url}/mock/${what}`, { method: 'POST' });

  harness.test('ledger: newest first, filters are the address, older ones on demand', async (t) => {
    await tell('trouble');
    const page = await t.open('/ledger');
    await settled(page);
    const lines = page.getByRole('region', { name: 'Ledger' }).locator('tbody tr');
    await lines.nth(99).waitFor();
    assert.match(await lines.first().innerText(), /opened[\s\S]*gateway[\s\S]*alice\/sms[\s\S]*failed, 2 attempts: 500/);
    await page.getByRole('button', { name: 'Older' }).click();
    await lines.nth(154).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('what=silenced');
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.searchParams.get('what') === 'silenced');
    await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 1);
    assert.match(await lines.first().innerText(), /works <b>/);
    await t.axe(page, 'ledger filtered');
    await page.locator('h1').focus();
    await page.keyboard.press('Escape');
    await page.waitForURL((url) => !url.searchParams.has('what'));
  });

  harness.test('ledger: answers why somebody was told, or was not', async (t) => {
    await tell('trouble');
    const page = await t.open('/ledger?alert=0123456789abcdef0123456789abcdef');
    await settled(page);
    await page.getByLabel('Person or receiver').fill('bob');
    await page.keyboard.press('Enter');
    await page.getByText('bob has not been told: the routes told alice/sms, ops').waitFor();
    await page.getByLabel('Person or receiver').fill('ops');
    await page.keyboard.press('Enter');
    await page.getByText('ops was told').waitFor();
    await t.axe(page, 'ledger why');
  });

  harness.test('receivers: what is tried again and when, what was given up and why', async (t) => {
    await fetch(`${mock.url}/mock/trouble`, { method: 'POST' });
    const page = await t.open('/receivers');
    const part = page.getByRole('region', { name: 'Not sent' });
    await part.getByText(/again in 0:0\d|again due now/).waitFor();
    const words = (await part.innerText()).replaceAll(/\s+/g, ' ');
    assert.match(words, /Tried again 1 alice\/sms gateway opened of payment-provider/);
    assert.match(words, /2 attempts .*500 in 20 ms Given up 1; .*carol\/sms.*403 no such number/);
    assert.equal(await part.getByText('200 in 6 ms').count(), 0, 'what was sent is not listed');
    await t.axe(page, 'receivers with failures');
    await t.shot(page, 'receivers-failures');
  });

  for (const name of ['ledger', 'health']) {
    harness.test(`${name}: both themes and a phone`, async (t) => {
      await tell('trouble');
      for (const [width, scheme] of [[1440, 'light'], [1440, 'dark'], [390, 'light']]) {
        const page = await t.open(`/${name}`, { width, scheme });
        await settled(page);
        await t.axe(page, `${name} ${width} ${scheme}`);
        const [wide, shown] = await page.evaluate(() =>
          [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
        assert.ok(wide <= shown, `${name} is ${wide} px wide in ${shown} px`);
        await t.shot(page, `${name}-${width}-${scheme}`);
      }
    });
  }

  harness.test('health: g h, what is in trouble is said first, j and Enter lead to its series', async (t) => {
    await tell('trouble');
    const page = await t.open('/');
    await settled(page);
    await page.keyboard.press('g');
    await page.keyboard.press('h');
    await page.waitForURL((url) => url.pathname === '/watch');
    const region = page.getByRole('region', { name: 'Stages' });
    await region.locator('tbody tr').nth(2).waitFor();
    assert.match(await region.innerText(), /shard 0[\s\S]*outbox/);
    await page.keyboard.press('j');
    assert.match(await page.locator('tr.cur').innerText(), /intake/);
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.pathname === '/explore');
  });
}
