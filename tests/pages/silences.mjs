// Silences on the stand-in: in force and coming, a new one with its preview, longer, ended.
import assert from 'node:assert/strict';
import { settled } from './any.mjs';

const kHour = 3_600_000;

const line = (i, now, state) => ({ id: `a${i}`, rule: 'errors', title: `errors ${i} above`,
  severity: i % 2 ? 'high' : 'critical', state, labels: { rule: 'errors', site: 'rome' },
  opened_at: now - i * kHour, muted_at: now - i * kHour });

/** /api/maintenance, /api/silences/preview and /api/silences/:id, or null. */
export function silencesAnswer(method, path, body, now, scene) {
  if (path === '/api/maintenance') {
    return [200, { windows: scene.calm ? [] : [{ name: 'ledger-batch',
      matchers: ['site="malta"'], comment: 'nightly batch', zone: 'Europe/Malta',
      rrule: 'FREQ=DAILY', duration_ms: kHour, until: now + 90 * 24 * kHour, silence: null,
      coming: [{ begin: now + kHour, end: now + 2 * kHour },
        { begin: now + 25 * kHour, end: now + 26 * kHour }] }] }];
  }
  if (path === '/api/silences/preview') {
    if (body.matchers.some((one) => one.includes('('))) {
      return [400, { error: 'site=~"(": missing closing )' }];
    }
    const none = body.matchers.includes('site=oslo');
    return [200, { since: now - 720 * kHour, matched: none ? 0 : 14, open: none ? 0 : 1,
      looked_at: 200, complete: true,
      alerts: none ? [] : Array.from({ length: 14 }, (_, i) =>
        line(i + 1, now, i === 0 ? 'open' : 'resolved')) }];
  }
  const [, , what, id] = path.split('/');
  if (what !== 'silences' || !id) return null;
  const one = scene.silences.find((silence) => silence.id === decodeURIComponent(id));
  if (!one && method !== 'DELETE') return [404, { error: `there is no silence ${id}` }];
  if (method === 'GET') {
    return [200, { ...one, ended: false, removed_by: null,
      alerts: [line(1, now, 'open'), line(2, now, 'resolved')] }];
  }
  if (method !== 'POST') return null;
  one.until = body.until;
  return [200, one];
}

export function silences(harness, mock) {
  const tell = (what) => fetch(`${mock.url}/mock/${what}`, { method: 'POST' });

  harness.test('silences: what is in force, what it muted, what comes', async (t) => {
    await tell('trouble');
    const page = await t.open('/');
    await settled(page);
    await page.keyboard.press('g');
    await page.keyboard.press('q');
    const inForce = page.getByRole('region', { name: 'In force' });
    await inForce.getByText('ledger migration').waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('o');
    await page.getByRole('list', { name: 'Muted by it' }).getByText('errors 1 above').waitFor();
    const coming = await page.getByRole('region', { name: 'Coming' }).innerText();
    assert.match(coming.replaceAll(/\s+/g, ' '), /ledger-batch site="malta" nightly batch .* in 1 h/);
    await t.axe(page, 'silences');
    await t.shot(page, 'silences');
  });

  harness.test('a new silence says what it would have hidden, by keyboard', async (t) => {
    await tell('trouble');
    const page = await t.open('/silences');
    await settled(page);
    await page.keyboard.press('c');
    const form = page.getByRole('dialog', { name: 'New silence' });
    await form.getByLabel(/^Matchers/).fill('site=~"("');
    await form.getByText('missing closing').waitFor();
    t.forgive(/400/);
    assert.ok(await form.getByRole('button', { name: 'Silence' }).isDisabled());
    await form.getByLabel(/^Matchers/).fill('site=oslo');
    await form.getByText('No alert of the last 30 days fits.').waitFor();
    await form.getByLabel(/^Matchers/).fill('site=rome');
    await form.getByText('would have hidden these 14 alerts in the last 30 days; 1 of them is open')
      .waitFor();
    await t.axe(page, 'new silence');
    await form.getByLabel('Comment: why').fill('works');
    const name = form.getByLabel('Your name');
    if (await name.count() > 0) await name.fill('ann');
    await page.keyboard.press('Enter');
    await page.getByRole('region', { name: 'In force' }).getByText('site=rome').waitFor();
  });

  harness.test('a silence is made longer and ended from the page', async (t) => {
    await tell('trouble');
    const page = await t.open('/silences');
    await settled(page);
    const row = page.locator('li[data-id="sil-1"]');
    const before = await row.locator('time').first().getAttribute('datetime');
    await row.getByRole('button', { name: '1 h longer' }).press('Enter');
    const name = page.getByRole('dialog').getByLabel('Name');
    if (await name.count() > 0) {
      await name.fill('ann');
      await page.keyboard.press('Enter');
    }
    await page.locator('.toast.on').getByText('an hour later').waitFor();
    await page.waitForFunction((was) => document.querySelector('li[data-id="sil-1"] time')
      ?.getAttribute('datetime') !== was, before);
    const after = await row.locator('time').first().getAttribute('datetime');
    assert.equal(Date.parse(after) - Date.parse(before), kHour);
    await row.getByRole('button', { name: 'End now' }).press('Enter');
    await row.waitFor({ state: 'detached' });
    await tell('trouble');
  });

  harness.test('silences: none, and on a phone', async (t) => {
    await tell('quiet');
    const page = await t.open('/silences');
    await page.getByText('No maintenance window is coming').waitFor();
    await page.setViewportSize({ width: 390, height: 800 });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= 390, `it is ${wide} px wide`);
    await tell('trouble');
  });

  harness.test('silences: waiting for an answer, and none', async (t) => {
    await tell('trouble');
    const page = await t.open('/');
    await settled(page);
    const go = async () => {
      await page.keyboard.press('g');
      await page.keyboard.press('q');
    };
    await tell('hold');
    await go();
    const inForce = page.getByRole('region', { name: 'In force' });
    await inForce.locator('.skel').first().waitFor();
    assert.equal(await page.getByText('every alert is told').count(), 0,
      'what is not known yet is not called nothing');
    await tell('release');
    await inForce.getByText('ledger migration').waitFor();
    assert.equal(await inForce.locator('.skel').count(), 0);
    await page.keyboard.press('g');
    await page.keyboard.press('n');
    await settled(page);
    await tell('fail');
    await go();
    await page.getByRole('alert').getByText('no answer from Tocsin').waitFor();
    assert.equal(await page.getByText('every alert is told').count(), 0);
    await t.axe(page, 'silences without an answer');
    await tell('mend');
    t.forgive(/ERR_|EventSource|Failed to load/);
  });
}
