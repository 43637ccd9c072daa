// Trends on the stand-in: who offends, what flaps and stands, the weeks against five minutes.
import assert from 'node:assert/strict';
import { settled } from './any.mjs';

const kDay = 86_400_000;

/** GET /api/trends, or null. */
export function trendsAnswer(path, query, now, scene) {
  if (path !== '/api/trends') return null;
  const by = query.get('by');
  const days = (Number(query.get('to')) - Number(query.get('from'))) / kDay;
  const names = by === 'label' ? query.get('label') === 'team' ? ['payments', ''] : ['?', '']
    : by === 'site' ? ['madrid', ''] : by === 'severity' ? ['low', 'high']
    : ['queue-age', 'payment-provider'];
  if (scene.calm) {
    return [200, { alerts: 0, told: 0, acknowledged: 0, never_acknowledged: 0, offenders: [],
      flapping: [], standing: [], weeks: [], people: [], labels: [] }];
  }
  const open = scene.alerts.filter((one) => one.state === 'open');
  return [200, {
    alerts: days > 28 ? 300 : 120, told: 96, acknowledged: 80, never_acknowledged: 9,
    offenders: [
      { name: names[0], alerts: 80, told: 40, never_acknowledged: 9, open_ms: 7_200_000 },
      { name: names[1], alerts: 40, told: 40, never_acknowledged: 0, open_ms: 3_600_000 },
    ],
    flapping: [{ rule: 'queue-age', scope: 'site=lagos', alerts: 12, last_at: now - kDay }],
    standing: open.map((one) => ({ alert: one.id, rule: one.rule, scope: 'site=x',
      severity: one.severity, opened_at: one.opened_at,
      acknowledged_by: one.acknowledged_by || null })),
    weeks: [21, 14, 7, 0].map((ago, i) => ({ begin: now - ago * kDay, acknowledged: 20,
      with_target: 18, in_time: 12 + i, median_ms: 95_000, p90_ms: 420_000 - i * 60_000 })),
    people: [{ name: 'alice', acknowledged: 31, with_target: 28, in_time: 21, median_ms: 80_000 },
      { name: 'bob', acknowledged: 4, with_target: 0, in_time: 0, median_ms: 200_000 }],
    labels: ['site', 'team'],
  }];
}

export function trends(harness, mock) {
  const tell = (what) => fetch(`${mock.url}/mock/${what}`, { method: 'POST' });

  harness.test('trends: what offends, flaps, stands, and how fast somebody has it', async (t) => {
    await tell('trouble');
    const page = await t.open('/trends');
    await settled(page);
    const text = async (name) => (await page.getByRole('region', { name }).innerText())
      .replaceAll(/\s+/g, ' ');
    assert.match(await text('Summary'), /120 alerts opened; .* 96, 80 were acknowledged, 9 never/);
    assert.match(await text('Top offenders'), /queue-age 80 40 told, 9 never acknowledged/);
    assert.match(await text('Flapping'), /queue-age site=lagos 12 times/);
    assert.match(await text('Standing'), /payment-provider .* nobody has it/);
    assert.match(await text('Time to acknowledge'), /alice 31 75 % of 28 .* bob 4 –/);
    const plot = page.getByRole('img', { name: /^Time to acknowledge\. week of .*67 % in time/ });
    assert.ok(await plot.isVisible());
    await page.getByRole('button', { name: 'by site' }).press('Enter');
    await page.getByRole('link', { name: 'without this label' }).waitFor();
    await page.getByRole('button', { name: '90 days' }).press('Enter');
    await page.getByText('300 alerts').waitFor();
    assert.match(page.url(), /by=site.*days=90|days=90.*by=site/);
  });

  harness.test('trends by any label: chosen by keyboard, kept in the address', async (t) => {
    await tell('trouble');
    const page = await t.open('/trends');
    await settled(page);
    const choice = page.getByLabel('Grouped by a label');
    await choice.selectOption('team');
    const offenders = page.getByRole('region', { name: 'Top offenders' });
    await offenders.getByRole('link', { name: 'payments' }).waitFor();
    assert.match(page.url(), /by=label%3Ateam/);
    assert.match(await offenders.innerText(), /without this label/);
    assert.equal(await offenders.getByRole('link', { name: 'without this label' }).count(), 0);
    await page.reload();
    await offenders.getByRole('link', { name: 'payments' }).waitFor();
    assert.equal(await page.getByLabel('Grouped by a label').inputValue(), 'team');
    assert.match(await offenders.getByRole('link', { name: 'payments' }).getAttribute('href'),
      /^\/ledger\?label=team%3Dpayments$/);
  });

  harness.test('trends by keyboard: j, Enter lists the alerts of the second', async (t) => {
    await tell('trouble');
    const page = await t.open('/');
    await settled(page);
    await page.keyboard.press('g');
    await page.keyboard.press('y');
    await page.getByRole('region', { name: 'Top offenders' }).waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('o');
    await page.waitForURL((url) => url.pathname === '/alerts' &&
      url.searchParams.get('rule') === 'payment-provider');
  });

  harness.test('trends: nothing happened, and it says so', async (t) => {
    await tell('quiet');
    const page = await t.open('/trends');
    await page.getByText('No alert opened in this time').waitFor();
    await t.axe(page, 'trends without alerts');
    await tell('trouble');
  });
}
