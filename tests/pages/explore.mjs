// Explore on the stand-in: typing, completion, errors in place, chart, table, link, zoom.
import assert from 'node:assert/strict';
import { settled } from './any.mjs';

const href = (queries, more = {}) => {
  const query = new URLSearchParams();
  for (const q of queries) query.append('q', q);
  for (const [name, value] of Object.entries(more)) query.set(name, value);
  return `/explore?${query}`;
};

/** A series whose values cost the stand-in nothing: for ranges with many points. */
const kCheap = 'many{node="n001"}';

/** The chart has its answer: lines on the canvas, or a sentence. */
async function answered(page) {
  await page.waitForFunction(() => {
    const result = document.querySelector('section[aria-label=Result]');
    return result?.getAttribute('aria-busy') === 'false' &&
      result.querySelector('.skel') === null;
  });
  await settled(page);
}

export function explore(harness, mock) {
  const asked = (path) => mock.scene.requests.filter((r) => r.path === `/api/v1/${path}`);
  const fresh = async () => {
    await fetch(`${mock.url}/mock/trouble`, { method: 'POST' });
    mock.scene.requests.length = 0;
  };
  const field = (page, letter = 'A') => page.getByRole('textbox', { name: `Query ${letter}` });
  const rows = (page) => page.locator('section[aria-label=Result] tbody tr');
  const searched = (page) => new URL(page.url()).searchParams;

  harness.test('explore, keyboard alone: complete, run, read, isolate', async (t) => {
    await fresh();
    const page = await t.open('/explore');
    await settled(page);
    await page.keyboard.press('/');
    assert.equal(await field(page).evaluate((e) => e === document.activeElement), true);
    await page.keyboard.type('payments_o');
    const list = page.getByRole('listbox', { name: 'Suggestions' });
    await list.getByRole('option').first().waitFor();
    assert.match(await list.getByRole('option').first().innerText(),
      /payments_ok[\s\S]*gauge, payments accepted per minute/);
    await t.axe(page, 'completion open');
    await t.shot(page, 'explore-completion');
    await page.keyboard.press('Tab');
    assert.equal(await field(page).inputValue(), 'payments_ok');
    await page.keyboard.type('{si');
    await list.getByRole('option', { name: /site/ }).waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.type('="ma');
    await list.getByRole('option', { name: /madrid/ }).waitFor();
    assert.deepEqual(asked('label/site/values').at(-1).query.getAll('match[]'), ['payments_ok']);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Tab');
    await page.keyboard.type('"}');
    await page.keyboard.press('Control+Enter');
    await answered(page);
    assert.equal(searched(page).get('q'), 'payments_ok{site="madrid"}');
    assert.equal(await rows(page).count(), 1);
    assert.match(await page.locator('.status').first().innerText(),
      /^1 series, \d.* values, step 5s, answered in .* ms$/);
    await page.keyboard.press('Escape'); // leaves the field
    await page.keyboard.press('ArrowLeft');
    await page.getByText('at the line').waitFor();
    await t.shot(page, 'explore-crosshair');
  });

  harness.test('explore: Esc closes the suggestions and keeps the text', async (t) => {
    await fresh();
    const page = await t.open('/explore');
    await settled(page);
    await field(page).pressSequentially('pay');
    await page.getByRole('listbox').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('listbox').waitFor({ state: 'detached' });
    assert.equal(await field(page).inputValue(), 'pay');
    assert.equal(await field(page).evaluate((e) => e === document.activeElement), true);
  });

  harness.test('explore: a completion can be undone', async (t) => {
    await fresh();
    const page = await t.open('/explore');
    await settled(page);
    await field(page).pressSequentially('rat');
    await page.getByRole('option', { name: /^function rate/ }).waitFor();
    await page.keyboard.press('Tab');
    assert.equal(await field(page).inputValue(), 'rate()');
    await page.keyboard.type('x');
    assert.equal(await field(page).inputValue(), 'rate(x)');
    await page.keyboard.press('Control+z');
    await page.keyboard.press('Control+z');
    assert.equal(await field(page).inputValue(), 'rat');
  });

  harness.test('explore: an error is underlined where it is, and goes with the next letter',
    async (t) => {
      await fresh();
      const page = await t.open(href(['sum(payments_ok) +\n nope(bets)', 'logins']),
        { network: true });
      await answered(page);
      const fault = page.getByRole('alert').getByText('unknown function with name "nope"');
      await fault.waitFor();
      assert.equal(await page.locator('.wrong').innerText(), 'nope');
      assert.equal(await field(page).getAttribute('aria-invalid'), 'true');
      assert.equal(await rows(page).count(), 5, 'the other query is drawn');
      await t.axe(page, 'explore with an error');
      await t.shot(page, 'explore-error');
      await field(page).focus();
      await page.keyboard.type(' ');
      await fault.waitFor({ state: 'detached' });
    });

  harness.test('explore: what cannot be asked says why', async (t) => {
    await fresh();
    const page = await t.open(href(['slow']), { network: true });
    await page.getByText('query timed out in query execution').waitFor();
    await page.goto(t.url + href([kCheap], { step: '1ms', from: 'now-1y' }));
    await answered(page); // the step is held to what the server answers
    assert.ok(Number(asked('query_range').at(-1).query.get('step')) >= 3153.6);
    await page.goto(t.url + href(['nothing_of_this_name']));
    await page.getByText(/^No series\. Nothing of this name was measured between/).waitFor();
    await fetch(`${mock.url}/mock/fail`, { method: 'POST' });
    await page.getByRole('button', { name: /^Run/ }).click();
    await page.getByText('no answer from Tocsin').waitFor();
    await fetch(`${mock.url}/mock/mend`, { method: 'POST' });
    t.forgive(/ERR_|Failed to load/);
  });

  harness.test('explore: three hundred series, one alone, filtered', async (t) => {
    await fresh();
    const page = await t.open(href(['many']));
    await answered(page);
    assert.match(await page.locator('.status').first().innerText(), /^300 series/);
    assert.equal(await rows(page).count(), 100);
    await page.getByText('and 200 more; the filter finds them').waitFor();
    await t.shot(page, 'explore-many');
    await page.keyboard.press('/');
    await page.keyboard.type('n29');
    await page.waitForFunction(() => document.querySelectorAll(
      'section[aria-label=Result] tbody tr').length === 10);
    await page.getByRole('button', { name: /n295/ }).click();
    assert.equal(searched(page).get('only'), 'many{node="n295"}');
    assert.equal(await page.getByRole('img', { name: /^1 series from/ }).count(), 1);
    await page.reload();
    await answered(page);
    assert.equal(await page.getByRole('button', { name: /n295/ }).getAttribute('aria-pressed'),
      'true');
    await page.getByRole('button', { name: 'Show all' }).click();
    assert.equal(searched(page).get('only'), null);
    assert.ok(await page.getByRole('img', { name: /^10 series from/ }).count() === 1);
  });

  harness.test('explore: drag zooms, the way back undoes it', async (t) => {
    await fresh();
    const page = await t.open(href(['payments_ok'], { from: 'now-3h' }));
    await answered(page);
    const plot = await page.locator('.u-over').boundingBox();
    await page.mouse.move(plot.x + plot.width * 0.25, plot.y + 50);
    await page.mouse.down();
    await page.mouse.move(plot.x + plot.width * 0.5, plot.y + 60, { steps: 4 });
    await page.mouse.up();
    await page.waitForFunction(() => /^\d+$/.test(new URL(location.href).searchParams.get('from')));
    await answered(page);
    const [from, to] = [Number(searched(page).get('from')), Number(searched(page).get('to'))];
    assert.ok(Math.abs((to - from) / 2_700_000 - 1) < 0.05, `zoomed to ${to - from} ms`);
    await page.getByRole('button', { name: 'Back to before the zoom' }).click();
    await page.waitForFunction(
      () => new URL(location.href).searchParams.get('from') === 'now-3h');
    await page.goBack();
    assert.equal(Number(searched(page).get('from')), from, 'the browser goes back as well');
  });

  harness.test('explore: the range by hand; nonsense is refused in place', async (t) => {
    await fresh();
    const page = await t.open(href(['bets']));
    await answered(page);
    await page.getByText('last 1h').click();
    await page.getByLabel('From', { exact: true }).fill('yesterday');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('“yesterday” is no time').waitFor();
    await page.getByLabel('From', { exact: true }).fill('2026-11-26 09:00');
    await page.getByLabel('To', { exact: true }).fill('2026-11-26 12:30');
    await t.axe(page, 'range picker');
    await page.keyboard.press('Enter');
    await answered(page);
    // The page goes by Madrid's clock here.
    assert.equal(searched(page).get('from'), String(Date.UTC(2026, 10, 26, 8)));
    assert.equal(searched(page).get('to'), String(Date.UTC(2026, 10, 26, 11, 30)));
    await page.getByRole('button', { name: 'Earlier' }).click();
    await answered(page);
    assert.equal(searched(page).get('to'), String(Date.UTC(2026, 10, 26, 9, 45)));
  });

  // It filled its fields with the event `toggle`, which came after what was typed on a busy machine.
  harness.test('explore: what is typed as the range opens stays', async (t) => {
    await fresh();
    const page = await t.open(href(['bets']));
    await answered(page);
    const kept = await page.evaluate(async () => {
      document.querySelector('.range summary').click();
      await null;
      const from = document.querySelector('.range .sheet input');
      from.value = 'now-2h';
      from.dispatchEvent(new Event('input', { bubbles: true }));
      await new Promise((done) => setTimeout(() => requestAnimationFrame(done), 0));
      return from.value;
    });
    assert.equal(kept, 'now-2h');
  });

  harness.test('explore: the table: exact values, sorted, in the link', async (t) => {
    await fresh();
    const page = await t.open(href(['payments_ok', 'sum by (site) (bets)'], { view: 'table' }));
    await answered(page);
    assert.equal(await rows(page).count(), 10);
    assert.equal(asked('query').length, 2);
    assert.equal(asked('query_range').length, 0);
    await page.getByRole('button', { name: 'value' }).click();
    await page.getByRole('button', { name: /value/ }).click();
    assert.equal(searched(page).get('sort'), '-value');
    const values = async () => (await rows(page).locator('td:last-child').allInnerTexts())
      .map(Number);
    const shown = await values();
    assert.deepEqual(shown, [...shown].sort((a, b) => b - a));
    assert.ok(shown.some((v) => String(v).length > 8), 'not rounded');
    assert.equal(await page.locator('th[aria-sort=descending]').count(), 1);
    await t.axe(page, 'explore table');
    await t.shot(page, 'explore-table');
    await page.reload();
    await answered(page);
    const again = await values();
    assert.deepEqual(again, [...again].sort((a, b) => b - a));
  });

  harness.test('explore: bands, violations and alerts of the house', async (t) => {
    await fresh();
    const page = await t.open(href(['payments_ok{site="madrid"}', 'sum(bets)'],
      { bands: '1', alerts: '1', from: 'now-15m' }));
    await answered(page);
    await page.getByText('Bands of 1 series.').waitFor();
    assert.deepEqual(mock.scene.requests.filter((r) => r.path === '/api/series/band')
      .map((r) => r.query.get('series')), ['payments_ok{site="madrid"}']);
    const within = page.locator('section[aria-label="Alerts within"] li');
    await within.first().waitFor();
    assert.match(await within.allInnerTexts().then((all) => all.join()),
      /payments_ok in madrid 62 % below/);
    await t.axe(page, 'explore with bands');
    await t.shot(page, 'explore-bands');
    await page.emulateMedia({ colorScheme: 'dark' });
    await settled(page);
    await t.axe(page, 'explore dark');
    await t.shot(page, 'explore-bands-dark');
  });

  harness.test('explore: between two steps the extremes are kept', async (t) => {
    await fresh();
    const page = await t.open(href(['spiky'], { from: 'now-6h' }));
    await answered(page);
    assert.match(await page.locator('.status').first().innerText(),
      /shaded from least to most of each step/);
    assert.match(await rows(page).first().innerText(), /100\s+500$/);
    await t.shot(page, 'explore-extremes');
  });

  harness.test('explore: rollups that were read are said', async (t) => {
    await fresh();
    const page = await t.open(href([kCheap], { from: 'now-4w' }));
    await answered(page);
    await page.getByText('1-minute rollups were read').waitFor();
  });

  harness.test('explore: several queries, one off, one taken away, one from before', async (t) => {
    await fresh();
    const page = await t.open(href(['bets', 'logins']));
    await answered(page);
    assert.equal(await rows(page).count(), 10);
    await page.getByRole('button', { name: 'Query A is on' }).click();
    await answered(page);
    await page.waitForFunction(() => document.querySelectorAll(
      'section[aria-label=Result] tbody tr').length === 5);
    assert.equal(searched(page).get('off'), 'A');
    await page.getByRole('button', { name: 'Remove query A' }).click();
    await page.waitForFunction(
      () => new URL(location.href).searchParams.getAll('q').join() === 'logins');
    await page.getByRole('button', { name: 'History' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'bets' }).click();
    await page.waitForFunction(
      () => new URL(location.href).searchParams.getAll('q').join() === 'logins,bets');
    await page.getByRole('button', { name: 'Add query' }).click();
    await field(page, 'C').fill('sum ( errors )');
    await page.getByRole('button', { name: 'Format query C' }).click();
    await page.waitForFunction(() => [...document.querySelectorAll('textarea')].at(-1).value ===
      'sum(errors )');
  });

  harness.test('explore: following asks again, and no other clock does', async (t) => {
    await fresh();
    const page = await t.open('/explore');
    await settled(page);
    await page.clock.install();
    await page.goto(t.url + href(['payments_ok'], { from: 'now-5m' }));
    await answered(page);
    const before = asked('query_range').length;
    await page.clock.runFor(30_000);
    await answered(page);
    assert.equal(asked('query_range').length, before);
    await page.getByRole('button', { name: 'Follow' }).click();
    for (let i = 0; i < 3; i++) {
      await page.clock.runFor(5000);
      await answered(page);
    }
    assert.ok(asked('query_range').length >= before + 2);
  });

  harness.test('explore on a phone with a chart', async (t) => {
    await fresh();
    const page = await t.open(href(['payments_ok']), { width: 390, height: 844 });
    await answered(page);
    const [wide, shown] = await page.evaluate(
      () => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
    assert.ok(wide <= shown, `${wide} px wide in ${shown} px`);
    await t.axe(page, 'explore on a phone');
    await t.shot(page, 'explore-phone-chart');
  });

  harness.test('rules of Prometheus\' files: what is wrong first; one opens in Explore',
    async (t) => {
      await fresh();
      const page = await t.open('/rules');
      await settled(page);
      await page.getByText('3 rules, 1 firing, 0 pending, 1 failing').waitFor();
      const groups = page.locator('section[aria-label^="Group "]');
      assert.match(await groups.first().innerText(), /^alerts[\s\S]*slower than its interval/);
      assert.match(await groups.first().innerText(), /found duplicate series/);
      await t.shot(page, 'rules-groups');
      await page.keyboard.press('/');
      await page.keyboard.type('firing');
      await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 1);
      await page.keyboard.press('Escape');
      await page.keyboard.press('j');
      await page.keyboard.press('Enter');
      await page.waitForURL((url) => url.pathname === '/explore');
      assert.equal(searched(page).get('q'), 'queue_age > 15');
    });
}
