// What must hold on any server: each page comes, is operable by keyboard alone, is accessible, in
// both themes and on a phone, and asks for nothing from elsewhere.
import assert from 'node:assert/strict';

const kPages = [
  ['now', '/', 'Now'], ['alerts', '/alerts?state=all', 'Alerts'],
  ['workers', '/workers', 'Workers'], ['explore', '/explore', 'Explore'],
  ['boards', '/boards', 'Boards'], ['rules', '/rules', 'Rules'],
  ['inbox', '/inbox', 'Inbox'], ['senders', '/senders', 'Senders'],
  ['receivers', '/receivers', 'Receivers'],
  ['cardinality', '/cardinality', 'Cardinality'], ['budget', '/budget', 'Budget'],
  ['oncall', '/oncall', 'On call'],
];

/** The page has its answers: nothing grey is left. */
export async function settled(page) {
  await page.waitForSelector('h1');
  await page.waitForFunction(() => document.querySelectorAll('.skel').length === 0);
  // The stream stays open, so the network never falls idle; two frames let the charts draw.
  await page.evaluate(() => new Promise((done) =>
    requestAnimationFrame(() => requestAnimationFrame(done))));
}

async function noSidewaysScroll(page, name) {
  const [wide, shown] = await page.evaluate(
    () => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(wide <= shown, `${name} is ${wide} px wide in ${shown} px`);
}

async function firstHref(page, selector) {
  const link = page.locator(selector).first();
  return (await link.count()) > 0 ? link.getAttribute('href') : null;
}

/** `told`: the server has an alert and a worker, so that their pages must come. */
export function anyServer(harness, told) {
  for (const scheme of ['light', 'dark']) {
    for (const [name, path, title] of kPages) {
      harness.test(`${name}, ${scheme}: comes whole and accessible`, async (t) => {
        const page = await t.open(path, { scheme });
        await settled(page);
        if (name !== 'now') assert.match(await page.title(), new RegExp(title));
        const current = await page.locator('.nav a[aria-current=page]').innerText();
        assert.ok(current.startsWith(title), `navigation says ${current}`);
        await t.axe(page, name);
        await t.shot(page, `${name}-${scheme}`);
      });
    }
  }

  for (const [name, path] of kPages) {
    harness.test(`${name} on a phone`, async (t) => {
      const page = await t.open(path, { width: 390, height: 844 });
      await settled(page);
      await noSidewaysScroll(page, name);
      assert.ok(await page.locator('.tabbar').isVisible());
      await t.axe(page, `${name} on a phone`);
      await t.shot(page, `${name}-phone`);
    });
  }

  harness.test('an alert page, if there is an alert: both themes, phone', async (t) => {
    const list = await t.open('/alerts?state=all');
    await settled(list);
    const href = await firstHref(list, '.arow a.t');
    if (!told && href === null) return;
    assert.ok(href, 'no alert is listed');
    for (const [scheme, width] of [['light', 1440], ['dark', 1440], ['light', 390]]) {
      const page = await t.open(href, { scheme, width, height: width === 390 ? 844 : 900 });
      await page.waitForSelector('.tree .row');
      await settled(page);
      await noSidewaysScroll(page, 'alert');
      await t.axe(page, `alert ${scheme} ${width}`);
      await t.shot(page, width === 390 ? 'alert-phone' : `alert-${scheme}`);
    }
  });

  harness.test('a worker page, if there is a worker: both themes, phone', async (t) => {
    const list = await t.open('/workers');
    await settled(list);
    const links = page => page.locator('.tbl tbody a');
    const n = await links(list).count();
    if (!told && n === 0) return;
    assert.ok(n > 0, 'no worker is listed');
    const href = await links(list).nth(Math.min(1, n - 1)).getAttribute('href');
    for (const [scheme, width] of [['light', 1440], ['dark', 1440], ['light', 390]]) {
      const page = await t.open(href, { scheme, width, height: width === 390 ? 844 : 900 });
      await page.waitForSelector('.slist a');
      await settled(page);
      await noSidewaysScroll(page, 'worker');
      await t.axe(page, `worker ${scheme} ${width}`);
      await t.shot(page, width === 390 ? 'worker-phone' : `worker-${scheme}`);
    }
  });

  harness.test('keyboard: g chords go to every page; its headline takes the focus', async (t) => {
    const page = await t.open('/');
    await settled(page);
    for (const [key, path] of [['a', '/alerts'], ['w', '/workers'], ['e', '/explore'],
      ['b', '/boards'], ['r', '/rules'],
      ['i', '/inbox'],
      ['s', '/senders'], ['c', '/cardinality'], ['n', '/']]) {
      await page.keyboard.press('g');
      await page.keyboard.press(key);
      await page.waitForURL((url) => url.pathname === path);
      await page.waitForFunction(() => document.activeElement?.tagName === 'H1');
    }
  });

  harness.test('keyboard: ? shows the map, Esc closes it and gives the focus back', async (t) => {
    const page = await t.open('/');
    await settled(page);
    await page.locator('.nav a').first().focus();
    await page.keyboard.press('?');
    await page.waitForSelector('dialog[open] .keys');
    await t.axe(page, 'help');
    await t.shot(page, 'help');
    await page.keyboard.press('Escape');
    await page.waitForSelector('dialog', { state: 'detached' });
    assert.equal(await page.evaluate(() => document.activeElement?.textContent?.trim()), 'Now');
  });

  harness.test('keyboard: Ctrl-K finds a page', async (t) => {
    const page = await t.open('/');
    await settled(page);
    await page.keyboard.press('Control+k');
    await page.keyboard.type('page senders');
    await t.axe(page, 'palette');
    await t.shot(page, 'palette');
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.pathname === '/senders');
  });

  harness.test('the address is the state: theme, zone and filter survive a reload', async (t) => {
    const page = await t.open('/?q=site%3Dmadrid');
    await settled(page);
    assert.equal(await page.getByLabel('Filter alerts').inputValue(), 'site=madrid');
    await page.keyboard.press('t');
    await page.keyboard.press('z');
    const url = new URL(page.url());
    assert.equal(url.searchParams.get('theme'), 'dark');
    assert.equal(url.searchParams.get('zone'), 'utc');
    await page.reload();
    assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark');
    assert.match(await page.locator('.clock').innerText(), /UTC$/);
  });

  harness.test('an unknown address says so', async (t) => {
    const page = await t.open('/no/such/page');
    await page.getByText('There is no page at this address').waitFor();
  });

  harness.test('an unknown alert says so', async (t) => {
    const page = await t.open(`/alerts/${'0'.repeat(32)}`, { network: true });
    await page.getByText('There is no alert with this id').waitFor();
  });

  harness.test('paper: no bars, light, nothing hidden', async (t) => {
    const page = await t.open('/', { scheme: 'dark' });
    await settled(page);
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    assert.equal(await page.locator('.topbar').isVisible(), false);
    assert.ok(await page.locator('.lead h1').isVisible());
    await t.shot(page, 'now-print');
  });
}
