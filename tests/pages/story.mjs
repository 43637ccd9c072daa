// The quick start of a real program, once its first alert is open: the pages tell its story.
import assert from 'node:assert/strict';
import { settled } from './any.mjs';

export function quickStart(harness) {
  const ask = async (path) => (await fetch(harness.url + path)).json();

  harness.test('the quick start: the alert is told and says why', async (t) => {
    const { alerts } = await ask('/api/alerts?state=all');
    const alert = alerts.find((a) => a.rule === 'payment-provider');
    assert.ok(alert, `only ${alerts.map((a) => a.rule)}`);
    const page = await t.open(`/alerts/${alert.id}?view=judged`);
    await page.waitForSelector('.panel svg path');
    await settled(page);
    assert.match(await page.locator('.lead h1').innerText(), /^payments_ok in madrid/);
    assert.ok(await page.locator('.tree li.lit').count() >= 2);
    const said = await page.locator('.ledger').first().innerText();
    assert.match(said, /inbox opened; kept/);
    assert.doesNotMatch(said, /inbox inbox|told/);
    assert.equal(said.match(/opened; kept/g).length, 1, 'told once');
    await t.shot(page, 'story-alert');
  });

  harness.test('the quick start: violations are listed, one row each', async (t) => {
    const page = await t.open('/');
    await settled(page);
    await page.locator('.stream li').first().waitFor();
    const { violations } = await ask('/api/violations?limit=200');
    const ids = new Set(violations.map((v) => v.id));
    assert.equal(ids.size, violations.length);
    await t.shot(page, 'story-now');
  });

  harness.test('the quick start: its steps and its alerts go by one clock', async (t) => {
    const page = await t.open('/', { zone: 'Asia/Tokyo' });
    await settled(page);
    await page.getByRole('button', { name: 'UTC', exact: true }).click();
    const { quick_start: steps } = await ask('/api/status');
    const shown = await page.getByLabel('Quick start').locator('.state time').allInnerTexts();
    const minutes = steps.map((step) => new Date(step.at).toISOString().slice(11, 16));
    assert.equal(shown.length, minutes.length);
    minutes.forEach((minute, i) => assert.ok(shown[i].includes(minute), `${shown[i]}: ${minute}`));
  });

  harness.test('the quick start: a point sent by hand is on top of Senders', async (t) => {
    const page = await t.open('/senders');
    await settled(page);
    const sent = await fetch(`${harness.url}/write`, {
      method: 'POST', body: 'pages_test,site=madrid value=42',
    });
    assert.equal(sent.status, 204);
    const first = page.locator('section[aria-label^="Sender "]').first();
    const row = first.locator('tr', { hasText: 'pages_test{site="madrid"}' });
    await row.waitFor();
    assert.match(await row.innerText(), /42[\s\S]*default[\s\S]*learning\s+\d+ of 30 points/);
    for (const sender of await page.locator('section[aria-label^="Sender "]').all()) {
      assert.ok(await sender.locator('tbody tr').count() <= 5);
    }
    await t.shot(page, 'story-senders');
  });

  harness.test('the quick start: its board has a row for each site, with bands', async (t) => {
    const { boards } = await ask('/api/boards');
    assert.ok(boards.some((board) => board.id === 'betting-house'));
    const page = await t.open('/boards/betting-house');
    await page.locator('.board-row').nth(5).waitFor();
    const payments = page.getByRole('region', { name: 'lagos' })
      .getByRole('img', { name: /^Payments accepted: payments_ok\{site="lagos"\} \d/ });
    await payments.waitFor();
    const share = page.getByRole('group', { name: 'Payments that fail' });
    await share.getByText(/\d %$/).waitFor();
    await t.axe(page, 'board of the quick start');
    await t.shot(page, 'story-board');
    await page.keyboard.press('f');
    await page.waitForFunction(() => document.documentElement.classList.contains('wall'));
    await payments.waitFor();
    await t.shot(page, 'story-wall');
  });

  harness.test('the quick start: Explore completes, answers, and says where a query is wrong',
    async (t) => {
      const page = await t.open('/explore', { network: true });
      await settled(page);
      const field = page.getByRole('textbox', { name: 'Query A' });
      await field.pressSequentially('payments_ok{site="mad');
      await page.getByRole('option', { name: /madrid/ }).waitFor();
      await page.keyboard.press('Tab');
      await page.keyboard.type('"}');
      await page.keyboard.press('Control+Enter');
      const row = page.locator('section[aria-label=Result] tbody tr');
      await row.first().waitFor();
      assert.equal(await row.count(), 1);
      await page.getByRole('button', { name: 'Bands' }).click();
      await page.getByRole('button', { name: 'Alerts', exact: true }).click();
      await page.getByText('Bands of 1 series.').waitFor();
      await page.locator('section[aria-label="Alerts within"] li').first().waitFor();
      await t.axe(page, 'explore of the quick start');
      await t.shot(page, 'story-explore');
      await field.fill('sum by (site) (payments_ok) bar');
      await page.keyboard.press('Control+Enter');
      await page.locator('.wrong').waitFor();
      assert.equal(await page.locator('.wrong').innerText(), 'bar');
      t.forgive(/Failed to load/);
    });
}
