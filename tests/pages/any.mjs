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
  ['oncall', '/oncall', 'On call'], ['ledger', '/ledger', 'Ledger'],
  ['health', '/watch', 'Health'], ['coverage', '/coverage', 'Coverage'],
  ['store', '/store', 'Store'],
  ['workshop', '/workshop', 'Workshop'], ['trends', '/trends', 'Trends'],
  ['groups', '/groups', 'Groups'], ['told', '/told', 'Who is told'],
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

/** Text keeps off the window's edge; a part whose style was forgotten sticks to it. */
async function noTextAtTheEdge(page, name) {
  const stuck = await page.evaluate(() => [...document.querySelectorAll('main p, main h2')]
    .filter((one) => {
      const range = document.createRange();
      range.selectNodeContents(one);
      const box = range.getBoundingClientRect();
      return box.width > 2 && box.height > 2 && box.left < 8 && !one.closest('.sr');
    }).map((one) => one.innerText.slice(0, 60)));
  assert.deepEqual(stuck, [], `${name}: text at the very edge`);
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
        await noTextAtTheEdge(page, name);
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

  harness.test('keyboard: m opens the menu, arrows move in it, a letter goes', async (t) => {
    const page = await t.open('/ledger');
    await settled(page);
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute('href'));
    await page.keyboard.press('m');
    const menu = page.getByRole('dialog', { name: 'All pages' });
    await menu.waitFor();
    assert.equal(await focused(), '/ledger', 'the page shown has the focus');
    await t.axe(page, 'menu');
    await t.shot(page, 'menu');
    await page.keyboard.press('ArrowRight');
    assert.equal(await focused(), '/oncall', 'right: the next group');
    await page.keyboard.press('ArrowDown');
    assert.equal(await focused(), '/receivers');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowLeft');
    assert.equal(await focused(), '/');
    await page.keyboard.press('ArrowUp');
    assert.equal(await focused(), '/watch', 'up from the first: the last');
    await page.keyboard.press('Escape');
    await menu.waitFor({ state: 'detached' });
    assert.equal(new URL(page.url()).pathname, '/ledger');
    for (let i = 0; i < 5; i++) {
      await page.keyboard.press('m');
      await page.keyboard.press('m');
      await menu.waitFor({ state: 'detached' });
      await page.keyboard.press('m');
      await page.keyboard.press('Escape');
      // At once: the next key must not be taken for one of the menu that closes.
      await page.keyboard.press('m');
      await menu.waitFor();
      await page.keyboard.press('Escape');
    }
    await page.keyboard.press('m');
    await menu.waitFor();
    await page.keyboard.press('h');
    await page.waitForURL((url) => url.pathname === '/watch');
    await menu.waitFor({ state: 'detached' });
    await page.waitForFunction(() => document.activeElement?.tagName === 'H1');
  });

  harness.test('every page of the menu comes, and the bar says where one is', async (t) => {
    const page = await t.open('/');
    await settled(page);
    await page.keyboard.press('m');
    const menu = page.getByRole('dialog', { name: 'All pages' });
    const all = await menu.locator('li a').evaluateAll(
      (links) => links.map((one) => [one.getAttribute('href'), one.querySelector('b').innerText]));
    assert.ok(all.length >= 18, `${all.length} pages`);
    await page.keyboard.press('Escape');
    for (const [href, name] of all) {
      await page.locator('.topbar .more').click();
      await menu.locator(`a[href="${href}"]`).click();
      await page.waitForURL((url) => url.pathname === href);
      await settled(page);
      // Also by its address: one that the server answers itself would show data, no page.
      await page.reload();
      await settled(page);
      assert.equal(await page.getByText('There is no page at this address').count(), 0, href);
      const current = await page.locator('.nav a[aria-current=page]').innerText();
      assert.ok(current.startsWith(name), `${href}: the bar says ${current}`);
    }
  });

  harness.test('on a phone the menu is a tab that says where one is', async (t) => {
    const page = await t.open('/', { width: 390, height: 844 });
    await settled(page);
    await page.locator('.tabbar').getByRole('button').click();
    const menu = page.getByRole('dialog', { name: 'All pages' });
    await menu.waitFor();
    await t.axe(page, 'menu on a phone');
    await t.shot(page, 'menu-phone');
    const small = await menu.locator('a').evaluateAll(
      (links) => links.filter((one) => one.getBoundingClientRect().height < 44).length);
    assert.equal(small, 0, 'every entry is as high as a finger');
    const wide = await menu.evaluate((one) => [one.scrollWidth, one.clientWidth, innerWidth]);
    assert.ok(wide[0] <= wide[1] && wide[1] <= wide[2], `the menu is ${wide} px wide`);
    await menu.getByRole('link', { name: 'Ledger' }).click();
    await page.waitForURL((url) => url.pathname === '/ledger');
    await settled(page);
    assert.equal(await page.locator('.tabbar [aria-current]').innerText(), 'Ledger');
    await noSidewaysScroll(page, 'ledger');
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
