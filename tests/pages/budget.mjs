// The Budget page: what is wanted against what was measured, who spends it, a replay that is asked
// for, the keyboard.
import assert from 'node:assert/strict';
import { settled } from './any.mjs';

export function budget(harness, mock) {
  const tell = (what) => fetch(`${mock.url}/mock/${what}`, { method: 'POST' });

  harness.test('budget: says who is over, in words, and who spends most first', async (t) => {
    await tell('trouble');
    const page = await t.open('/budget');
    await settled(page);
    const installation = page.getByRole('region', { name: 'The installation' });
    assert.match(await installation.innerText(), /4 per 30d[\s\S]*3 of 4[\s\S]*within/);
    const rules = page.getByRole('region', { name: 'Pages by rule' }).locator('tbody tr');
    assert.match(await rules.first().innerText(), /payments-down[\s\S]*over[\s\S]*3 of 1/);
    assert.match(await rules.nth(1).innerText(), /quiet[\s\S]*no budget/);
    const workers = page.getByRole('region', { name: 'Violations by worker' }).locator('tbody tr');
    const over = await workers.first().innerText();
    assert.match(over, /kpi[\s\S]*over[\s\S]*3.3[\s\S]*supported for 75/);
    assert.match(over, /0.31 per week is the rarest/);
    assert.match(await workers.nth(1).innerText(), /default[\s\S]*no budget[\s\S]*nobody/);
  });

  harness.test('budget: who spends it is one step away, and the address', async (t) => {
    await tell('trouble');
    const page = await t.open('/budget');
    await settled(page);
    await page.getByRole('button', { name: '2 series' }).click();
    await page.waitForURL((url) => url.searchParams.get('worker') === 'kpi');
    const spenders = page.getByRole('list', { name: 'Who spends the budget of kpi' });
    assert.match(await spenders.innerText(), /31\s*payments_ok site="rome"[\s\S]*8\s*deposits/);
    await t.axe(page, 'budget with spenders');
    const href = await spenders.getByRole('link').first().getAttribute('href');
    assert.match(href, /^\/workers\/kpi\?series=payments_ok/);
    await page.locator('h1').focus();
    await page.keyboard.press('Escape');
    await page.waitForURL((url) => !url.searchParams.has('worker'));
  });

  harness.test('budget: g u, j and Enter, without a mouse', async (t) => {
    await tell('trouble');
    const page = await t.open('/');
    await settled(page);
    await page.keyboard.press('g');
    await page.keyboard.press('u');
    await page.waitForURL((url) => url.pathname === '/budget');
    await settled(page);
    await page.keyboard.press('j');
    assert.match(await page.locator('tr.cur').innerText(), /kpi/);
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.searchParams.get('worker') === 'kpi');
  });

  harness.test('budget: a replay is asked for, and says what it found', async (t) => {
    await tell('trouble');
    const page = await t.open('/budget');
    await settled(page);
    const installation = page.getByRole('region', { name: 'The installation' });
    assert.match(await installation.innerText(), /were not replayed yet/);
    await page.getByRole('button', { name: 'Replay now' }).click();
    await page.waitForFunction(() => document.body.innerText.includes('The last 28 days replayed'));
    assert.match(await installation.innerText(), /1 of 3.7[\s\S]*shortened to 28.0 days/);
    const rule = page.getByRole('region', { name: 'Pages by rule' }).locator('tbody tr').first();
    assert.match(await rule.innerText(), /1 of 0.93\s*within/);
  });
}
