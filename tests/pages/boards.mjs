// Boards on the stand-in: panels, variables in the address, refresh, the wall, what fails.
import assert from 'node:assert/strict';
import { settled } from './any.mjs';

/** Every panel in sight has its answer. */
async function drawn(page) {
  await page.waitForFunction(() => {
    const panels = [...document.querySelectorAll('.panel-b')];
    return panels.length > 0 && panels.every((p) => {
      const { top } = p.getBoundingClientRect();
      return top > innerHeight || (p.getAttribute('aria-busy') === 'false' &&
        p.querySelector('.skel') === null);
    });
  });
}

export function boards(harness, mock) {
  const tell = (what) => fetch(`${mock.url}/mock/${what}`, { method: 'POST' });
  const fresh = async () => {
    await tell('trouble');
    mock.scene.requests.length = 0;
  };
  const asked = (path) => mock.scene.requests.filter((r) => r.path === path);
  const panels = (page) => page.locator('.panel-b');
  const searched = (page) => new URL(page.url()).searchParams;

  harness.test('boards, keyboard alone: the list, a board, a panel in Explore', async (t) => {
    await fresh();
    const page = await t.open('/boards');
    await settled(page);
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.pathname === '/boards/house');
    await drawn(page);
    assert.equal(await page.locator('.board-row').count(), 6, 'one row for all, one a site');
    for (let i = 0; i < 2; i++) await page.keyboard.press('j');
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Stakes by site');
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.pathname === '/explore');
    assert.equal(searched(page).get('q'), 'sum by (site) (stakes{site=~".+"})');
    assert.equal(searched(page).get('from'), 'now-15m');
  });

  for (const scheme of ['light', 'dark']) {
    harness.test(`a board, ${scheme}: accessible, with bands and alerts`, async (t) => {
      await fresh();
      const page = await t.open('/boards/house', { scheme });
      await drawn(page);
      const value = page.getByRole('group', { name: 'Bets per minute' });
      assert.match(await value.innerText(), /\d/);
      const chart = page.getByRole('img', { name: /^Stakes by site: malta [^,]+, london/ });
      assert.equal(await chart.count(), 1, 'the chart says its values');
      await page.getByRole('region', { name: 'madrid' }).scrollIntoViewIfNeeded();
      await drawn(page);
      const payments = page.getByRole('region', { name: 'madrid' })
        .getByRole('group', { name: 'Payments accepted' });
      await payments.getByText(/critical alert:\s+payments_ok in madrid/).waitFor();
      const age = page.getByRole('region', { name: 'madrid' })
        .getByRole('group', { name: 'Queue age' });
      assert.doesNotMatch(await age.innerText(), /alert/, 'no rule of an open alert watches it');
      assert.ok(asked('/api/series/band').some(
        (r) => r.query.get('series') === 'payments_ok{site="madrid"}'));
      await t.axe(page, `board ${scheme}`);
      await t.shot(page, `board-${scheme}`);
    });
  }

  harness.test('a board on a phone', async (t) => {
    await fresh();
    const page = await t.open('/boards/house', { width: 390, height: 844 });
    await drawn(page);
    const [wide, shown] = await page.evaluate(
      () => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
    assert.ok(wide <= shown, `${wide} px wide in ${shown} px`);
    await t.axe(page, 'board on a phone');
    await t.shot(page, 'board-phone');
  });

  harness.test('a board: variables are in the address, and in every query', async (t) => {
    await fresh();
    const page = await t.open('/boards/house');
    await drawn(page);
    await page.getByRole('combobox', { name: 'site' }).selectOption('madrid');
    assert.equal(searched(page).get('v.site'), 'madrid');
    await page.waitForFunction(() => document.querySelectorAll('.board-row').length === 2);
    await drawn(page);
    assert.ok(asked('/api/v1/query').some(
      (r) => r.query.get('query') === 'sum(bets{site=~"madrid"})'));
    await page.reload();
    await drawn(page);
    assert.equal(await page.locator('.board-row').count(), 2);
    assert.equal(await page.getByRole('combobox', { name: 'site' }).inputValue(), 'madrid');
    await page.goBack();
    await page.waitForFunction(() => document.querySelectorAll('.board-row').length === 6);
  });

  harness.test('a board asks again as often as it says, and only what is in sight', async (t) => {
    await fresh();
    const page = await t.open('/boards');
    await settled(page);
    await page.clock.install();
    await page.goto(`${t.url}/boards/house`);
    await drawn(page);
    const stakes = () => asked('/api/v1/query_range').filter(
      (r) => r.query.get('query').startsWith('sum by (site)')).length;
    const rome = () => asked('/api/v1/query_range').filter(
      (r) => r.query.get('query') === 'errors{site=~"rome"}').length;
    assert.equal(rome(), 0, 'the rows of the last sites are far below');
    // The clock stands still from here on but for what the test gives it.
    await page.clock.pauseAt(new Date(await page.evaluate(() => Date.now()) + 60_000));
    await drawn(page);
    const before = stakes();
    for (let second = 0; second < 30; second++) {
      await page.clock.runFor(1000);
      await drawn(page);
    }
    assert.equal(stakes(), before + 3, 'each 10 s');
    assert.equal(rome(), 0);
  });

  harness.test('a board: an alert that opens is drawn at once', async (t) => {
    await fresh();
    const page = await t.open('/boards/house?v.site=rome');
    await drawn(page);
    await page.locator('.live').getByText('live', { exact: true }).waitFor();
    const alarmed = page.locator('.panel-b.alarmed');
    assert.equal(await alarmed.count(), 0);
    await tell('open');
    await alarmed.getByText(/high alert:\s+deposits in rome/).waitFor();
    assert.equal(await alarmed.count(), 1, 'of the series that its rule watches');
  });

  harness.test('a board: what fails says so, what was there stays', async (t) => {
    await fresh();
    const page = await t.open('/boards/broken', { network: true });
    await drawn(page);
    assert.match(await panels(page).first().innerText(), /query timed out in query execution/);
    assert.match(await panels(page).nth(1).innerText(), /no series/);
    await t.axe(page, 'board with a failure');
    await page.goto(`${t.url}/boards/none`);
    await page.getByText('There is no board of this name').waitFor();
    await page.clock.install();
    await page.goto(`${t.url}/boards/house?v.site=rome`);
    await drawn(page);
    await tell('fail');
    await page.clock.runFor(11_000);
    await page.getByRole('group', { name: 'Stakes by site' }).getByText(/^not new since .*no answer/)
      .waitFor();
    assert.equal(await page.getByRole('img', { name: /^Stakes by site: rome/ }).count(), 1);
    await tell('mend');
    t.forgive(/ERR_|Failed to load/);
  });

  harness.test('the wall: f, big type, no chrome, Esc leaves it', async (t) => {
    await fresh();
    const page = await t.open('/boards/house', { width: 1920, height: 1080 });
    await drawn(page);
    await page.keyboard.press('f');
    await page.waitForFunction(() => document.documentElement.classList.contains('wall'));
    assert.equal(searched(page).get('wall'), '1');
    assert.equal(await page.locator('.topbar').isVisible(), false);
    assert.match(await page.locator('.wall-head').innerText(), /payments_ok in madrid 62 % below/);
    await drawn(page);
    const tall = await page.evaluate(() => document.documentElement.scrollHeight);
    assert.ok(tall <= 1080 * 1.1, `${tall} px high on a wall of 1080`);
    await t.axe(page, 'wall');
    await t.shot(page, 'board-wall');
    await page.keyboard.press('Escape');
    await page.waitForFunction(() => !document.documentElement.classList.contains('wall'));
    assert.ok(await page.locator('.topbar').isVisible());
  });

  harness.test('the wall goes on to the next board and comes round', async (t) => {
    await fresh();
    const page = await t.open('/boards');
    await settled(page);
    await page.clock.install();
    await page.goto(`${t.url}/boards/house?wall=1&rotate=15`);
    await drawn(page);
    for (const next of ['/boards/broken', '/boards/house']) {
      await page.clock.runFor(15_500);
      await page.waitForURL((url) => url.pathname === next);
      assert.equal(searched(page).get('rotate'), '15');
      await drawn(page);
    }
    t.forgive(/Failed to load|503/);
  });

  harness.test('without boards the page says what one is', async (t) => {
    await fresh();
    await tell('quiet');
    const page = await t.open('/boards');
    await page.getByText('No board yet.').waitFor();
    await t.axe(page, 'no boards');
    await tell('trouble');
  });
}
