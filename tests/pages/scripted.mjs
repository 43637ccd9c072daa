// What must happen when something happens: only the mock can be told when.
import assert from 'node:assert/strict';
import { id } from './data.mjs';
import { settled } from './any.mjs';

const kParent = `/alerts/${id('payment-provider madrid')}`;
const text = (page, selector) => page.locator(selector).first().innerText();

export function scripted(harness, mock) {
  const tell = (what) => fetch(`${mock.url}/mock/${what}`, { method: 'POST' });
  const acted = (path) => mock.scene.requests.filter(
    (r) => r.method !== 'GET' && r.path.endsWith(path));
  const fresh = async () => {
    await tell('trouble');
    mock.scene.requests.length = 0;
    mock.scene.sent.length = 0;
    mock.scene.answered.clear();
  };

  harness.test('Now leads with the critical alert nobody has', async (t) => {
    await fresh();
    const page = await t.open('/');
    await settled(page);
    assert.match(await text(page, '.lead h1'), /^payments_ok in madrid 62 % below the expected/);
    assert.match(await text(page, '.lead .sub'), /next: mail ops: retry, in \d:\d\d/);
    assert.equal(await page.title(), '4 open, critical unanswered · Tocsin');
    const rows = page.locator('section[aria-label="Open alerts"] .arow');
    assert.equal(await rows.count(), 4);
    assert.match(await rows.nth(1).getAttribute('class'), /sub/);
    assert.match(await rows.nth(1).innerText(), /covered/);
    assert.match(await rows.nth(2).innerText(), /grace/);
    assert.match(await rows.nth(3).innerText(), /ledger migration/);
    assert.equal(await page.locator('.board tbody tr').count(), 5);
    assert.equal(await page.locator('.kpi.n').count(), 2);
    assert.equal(await page.getByLabel('payments_ok madrid: 62 % below, critical').count(), 1);
    assert.match(await text(page, '.health'), /1 retrying/);
  });

  harness.test('alerts: older ones come page by page, each once', async (t) => {
    await fresh();
    const [one] = mock.scene.past;
    mock.scene.past = Array.from({ length: 450 }, (_, n) => ({
      ...one, id: id(`past ${n}`), resolved_at: one.resolved_at - n * 60_000,
    }));
    const page = await t.open('/alerts?state=resolved');
    await settled(page);
    const rows = page.locator('.arow.past');
    const older = page.getByRole('button', { name: 'Older alerts' });
    assert.equal(await rows.count(), 200);
    assert.match(await text(page, '.head'), /200 alerts; there are older ones/);
    await older.focus();
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.querySelectorAll('.arow.past').length === 400);
    await older.click();
    await page.waitForFunction(() => document.querySelectorAll('.arow.past').length === 450);
    assert.equal(await older.count(), 0);
    const ids = await rows.evaluateAll((all) => all.map((row) => row.dataset.id));
    assert.equal(new Set(ids).size, 450);
    await fresh();
  });

  harness.test('keyboard alone: find, acknowledge, see who, take it back', async (t) => {
    await fresh();
    const page = await t.open('/', { as: '' });
    await settled(page);
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('k');
    assert.match(await text(page, '.arow.cur'), /payment-provider/);
    await page.keyboard.press('a');
    await page.keyboard.type('ada lovelace'); // the first act asks who one is
    await page.keyboard.press('Enter');
    await page.locator('.arow.cur').getByText('ada lovelace').waitFor();
    assert.deepEqual(JSON.parse(acted('/acknowledge')[0].body), { by: 'ada lovelace', note: '' });
    await page.locator('.toast.on').getByText('acknowledged by ada lovelace').waitFor();
    assert.match(await text(page, '.lead h1'), /none waits for an answer/);
    await page.getByRole('button', { name: 'Undo' }).focus();
    await page.keyboard.press('Enter');
    await page.waitForFunction(() =>
      document.querySelector('.lead h1')?.textContent?.includes('payments_ok'));
    assert.equal(acted('/unacknowledge').length, 1);
  });

  harness.test('keyboard alone: o opens, Esc goes back, / filters', async (t) => {
    await fresh();
    const page = await t.open('/');
    await settled(page);
    await page.keyboard.press('o');
    await page.waitForURL((url) => url.pathname === kParent);
    await page.waitForSelector('.tree');
    await page.keyboard.press('Escape');
    await page.waitForURL((url) => url.pathname === '/');
    await settled(page);
    await page.keyboard.press('/');
    await page.keyboard.type('site=lagos');
    const rows = page.locator('section[aria-label="Open alerts"] .arow');
    await page.waitForFunction(() => document.querySelectorAll(
      'section[aria-label="Open alerts"] .arow').length === 1);
    assert.match(await rows.first().innerText(), /queue_age/);
    assert.match(page.url(), /q=site%3Dlagos/);
  });

  harness.test('x collects, a acknowledges all of them', async (t) => {
    await fresh();
    const page = await t.open('/');
    await settled(page);
    for (const key of ['j', 'x', 'j', 'x', 'a']) await page.keyboard.press(key);
    await page.waitForFunction(() => document.querySelectorAll('.arow .chosen').length === 0);
    await page.waitForFunction(() =>
      [...document.querySelectorAll('.arow .state')].filter((e) => /ada/.test(e.textContent))
        .length >= 2);
    assert.equal(acted('/acknowledge').length, 2);
  });

  harness.test('a silence needs an end and a comment, and starts with the labels', async (t) => {
    await fresh();
    const page = await t.open('/');
    await settled(page);
    await page.keyboard.press('s');
    await page.waitForSelector('dialog[open]');
    assert.equal(await page.locator('textarea').inputValue(),
      'rule="payment-provider"\nsite="madrid"');
    await t.axe(page, 'silence form');
    await t.shot(page, 'silence');
    await page.keyboard.press('Enter');
    assert.equal(acted('/silences').length, 0, 'sent without a comment');
    await page.keyboard.type('provider is informed');
    await page.keyboard.press('Enter');
    await page.locator('.toast.on').getByText('Silenced.').waitFor();
    const sent = JSON.parse(acted('/silences')[0].body);
    assert.equal(sent.comment, 'provider is informed');
    assert.equal(sent.by, 'ada');
    assert.deepEqual(sent.matchers, ['rule="payment-provider"', 'site="madrid"']);
    assert.ok(sent.until > Date.UTC(2026, 10, 26, 14, 30));
  });

  harness.test('the stream: an alert opens and resolves before one\'s eyes', async (t) => {
    await fresh();
    const page = await t.open('/');
    await settled(page);
    await tell('open');
    await page.locator('.arow').getByText('deposits 40 % below').waitFor();
    await tell('resolve');
    await page.locator('section[aria-label="Resolved"]').getByText('deposits 40 %').waitFor();
  });

  harness.test('rows do not jump under the pointer', async (t) => {
    await fresh();
    const page = await t.open('/');
    await settled(page);
    const rows = page.locator('section[aria-label="Open alerts"] .arow');
    await rows.first().hover();
    const before = await rows.evaluateAll((all) => all.map((r) => r.dataset.id));
    await tell('open'); // unanswered and high: it would go second
    await page.locator('.arow').getByText('deposits 40 %').waitFor();
    const after = await rows.evaluateAll((all) => all.map((r) => r.dataset.id));
    assert.deepEqual(after.slice(0, before.length), before);
    await page.mouse.move(700, 10);
    await page.waitForFunction((last) => [...document.querySelectorAll(
      'section[aria-label="Open alerts"] .arow')].at(-1)?.dataset.id === last, before.at(-1));
  });

  harness.test('a violation that is open for hours asks, and the keyboard answers', async (t) => {
    await fresh();
    const page = await t.open('/');
    await settled(page);
    const question = page.locator('ul[aria-label="Questions"] li');
    assert.match(await question.innerText(), /deposits in madrid has been below its band for 7 hours/);
    await t.shot(page, 'now-question');
    await question.getByRole('button', { name: 'Keep it open' }).focus();
    await page.keyboard.press('Enter');
    await question.waitFor({ state: 'detached' });
    await page.getByText('deposits stays open and does not ask again.').waitFor();
    assert.equal(acted('/keep').length, 1);
    assert.ok(JSON.parse(acted('/keep')[0].body).by.length > 0);
    await page.locator('.stream').getByText('deposits').waitFor(); // it is still open
  });

  harness.test('what an answer accepts is over', async (t) => {
    await fresh();
    const page = await t.open('/');
    await settled(page);
    await page.locator('ul[aria-label="Questions"]').getByRole('button', { name: 'Accept it' })
      .click();
    await page.getByText('deposits: the new normal is accepted.').waitFor();
    assert.equal(acted('/accept').length, 1);
    assert.match(await page.locator('.stream li', { hasText: 'deposits' }).innerText(), /ended/);
  });

  harness.test('p pauses the stream of violations and shows what was held', async (t) => {
    await fresh();
    const page = await t.open('/');
    await settled(page);
    const rows = page.locator('.stream li');
    const before = await rows.count();
    await page.keyboard.press('p');
    await tell('open');
    await page.locator('.side').getByText('paused, 1 held').waitFor();
    assert.equal(await rows.count(), before);
    await page.keyboard.press('p');
    await page.waitForFunction((n) => document.querySelectorAll('.stream li').length === n + 1,
      before);
  });

  harness.test('a lost stream takes the colour and says since when; it comes back', async (t) => {
    await fresh();
    const page = await t.open('/', { network: true });
    await settled(page);
    await page.locator('.topbar').getByText('live').waitFor();
    await tell('fail');
    await page.getByText('No word from Tocsin for').waitFor();
    const filter = () => page.locator('main').evaluate((e) => getComputedStyle(e).filter);
    assert.match(await filter(), /grayscale/);
    assert.match(await text(page, '.lead .sub'), /as of 14:3\d:\d\d/);
    await t.shot(page, 'now-lost');
    await tell('mend');
    await page.waitForFunction(() =>
      document.querySelector('.lead h1')?.textContent?.includes('payments_ok'));
    assert.equal(await filter(), 'none');
    t.forgive(/ERR_|EventSource/);
  });

  harness.test('before the first answer nothing is shown as fine', async (t) => {
    await fresh();
    await tell('hold');
    const page = await t.open('/');
    await page.getByText('Reading the last state').waitFor();
    assert.ok((await page.locator('.skel').count()) >= 3);
    assert.equal(await page.getByText('Nothing is open').count(), 0);
    await t.shot(page, 'now-loading');
    await tell('release');
    await settled(page);
    assert.match(await text(page, '.lead h1'), /payments_ok/);
  });

  harness.test('importing history has a bar; ready takes it away', async (t) => {
    await fresh();
    await tell('quiet');
    await tell('importing');
    const page = await t.open('/');
    await settled(page);
    assert.match(await text(page, '.lead h1'), /Getting ready: importing history/);
    const bar = page.getByRole('progressbar');
    assert.equal(await bar.getAttribute('aria-valuenow'), '120');
    await t.shot(page, 'now-importing');
    await tell('ready');
    await bar.waitFor({ state: 'detached' });
    await page.waitForFunction(() =>
      document.querySelector('.lead h1')?.textContent?.includes('Nothing is open'));
    await t.shot(page, 'now-quiet');
  });

  harness.test('an alert explains itself: tree, charts, momentum, ledger, covers', async (t) => {
    await fresh();
    const page = await t.open(kParent);
    await page.waitForSelector('.panel svg path');
    await settled(page);
    assert.equal(await page.locator('.panel').count(), 5);
    assert.equal(await page.locator('.tree li.lit').count(), 6);
    assert.match(await text(page, '.tree'), /payments_ok below, score ≥ 4/);
    assert.match(await text(page, '.tree'), /unknown opens nothing/);
    assert.match(await text(page, '.figures'), /worsening/);
    assert.match(await text(page, '.figures'), /right 38 of last 47 times/);
    assert.match(await text(page, '.ledger'), /ok:false ratelimited/);
    assert.match(await text(page, '.ledger'), /in \d:\d\d mail ops/);
    assert.match(await text(page, '.lead .sub'),
      /opened 16 s after the first point outside: 2 of 3/);
    assert.equal(await page.getByText('errors in madrid 4.8× above').count(), 1);
    const grafana = page.getByRole('link', { name: 'Grafana' });
    assert.match(await grafana.getAttribute('href'), /^https:\/\/grafana\.example/);
  });

  harness.test('as judged, spans and the crosshair are in the address and under the keys',
    async (t) => {
      await fresh();
      const page = await t.open(kParent);
      await page.waitForSelector('.panel svg path');
      await page.keyboard.press('v');
      assert.equal(new URL(page.url()).searchParams.get('view'), 'judged');
      await page.getByRole('button', { name: 'as judged' }).waitFor();
      await settled(page);
      await t.shot(page, 'alert-judged');
      await page.keyboard.press('v');
      await page.getByRole('button', { name: '6 h' }).click();
      assert.equal(new URL(page.url()).searchParams.get('span'), '6h');
      await settled(page);
      await page.keyboard.press('ArrowLeft');
      await page.locator('.panel .fig small').first().waitFor();
      assert.match(await text(page, '.panel .fig small'), /^at \d\d:\d\d:\d\d$/);
      const box = await page.locator('.panel svg').first().boundingBox();
      await page.mouse.move(box.x + box.width / 2, box.y + 40);
      assert.equal(await page.locator('.panel path[stroke="var(--focus)"]').count(), 5);
      await t.shot(page, 'alert-6h');
    });

  harness.test('note and resolve by keyboard; the page follows its own alert', async (t) => {
    await fresh();
    const page = await t.open(kParent);
    await page.waitForSelector('.ledger');
    await page.keyboard.press('n');
    await page.keyboard.type('provider confirms');
    await page.getByRole('button', { name: 'Note Enter' }).click();
    await page.locator('.ledger').getByText('provider confirms').waitFor();
    await page.keyboard.press('r');
    await page.keyboard.type('provider is back');
    await page.keyboard.press('Enter');
    await page.locator('.timer').getByText('resolved: provider is back').waitFor();
    assert.equal(JSON.parse(acted('/resolve')[0].body).reason, 'provider is back');
  });

  harness.test('the raw payload is the API\'s answer', async (t) => {
    await fresh();
    const page = await t.open(kParent);
    await page.getByRole('button', { name: 'Raw payload' }).click();
    const raw = JSON.parse(await text(page, 'dialog pre'));
    assert.equal(raw.rule, 'payment-provider');
    assert.ok(raw.opened.violations[0].tail.length > 10);
  });

  harness.test('a refused act says why', async (t) => {
    await fresh();
    const page = await t.open(kParent, { network: true });
    await page.waitForSelector('.ledger');
    await settled(page);
    await page.route('**/acknowledge', (route) => route.fulfill({
      status: 409, contentType: 'application/json',
      body: '{"error":"acknowledge alert: it is resolved already"}',
    }));
    await page.keyboard.press('a');
    await page.locator('.toast.on').getByText('it is resolved already').waitFor();
  });

  harness.test('the worker page: j moves through series, spans change the chart', async (t) => {
    await fresh();
    const page = await t.open('/workers/payments');
    await page.waitForSelector('.slist a[aria-current]');
    await settled(page);
    assert.equal(await page.locator('.slist a').count(), 15);
    assert.match(await text(page, '.lead h1'), /payments guards 12 of 15 series; 2 are learning/);
    assert.match(await text(page, 'section[aria-label="Models and weights"]'), /profile −1/);
    assert.match(await text(page, 'section[aria-label="Learning"]'), /not guarded until/);
    assert.match(await text(page, 'section[aria-label="Not learned from"]'), /performance test/);
    const first = await text(page, '.slist a[aria-current]');
    await page.keyboard.press('j');
    await page.waitForFunction((was) =>
      document.querySelector('.slist a[aria-current]')?.innerText !== was, first);
    await page.getByRole('button', { name: '1 day' }).click();
    assert.equal(new URL(page.url()).searchParams.get('span'), '1d');
    await settled(page);
    await t.shot(page, 'worker-day');
  });

  harness.test('the inbox shows each kind; a mail\'s markup stays in its box', async (t) => {
    await fresh();
    await tell('hostile');
    const page = await t.open('/inbox');
    await settled(page);
    const frame = page.frameLocator('iframe');
    await frame.getByText('Opened 14:31:26 in madrid.').waitFor();
    assert.doesNotMatch(await page.title(), /broken out/);
    await page.keyboard.press('j');
    await page.locator('.slack').getByText('critical: payment-provider madrid').waitFor();
    assert.equal(await page.locator('.slack a').getAttribute('href'),
      `https://tocsin.example${kParent}`);
    await t.shot(page, 'inbox-slack');
    await page.keyboard.press('j');
    assert.match(await text(page, 'pre'), /"groupKey"/);
    await page.getByRole('button', { name: 'headers' }).click();
    assert.match(await text(page, 'pre'), /X-Tocsin-Signature: sha256=/);
    await t.shot(page, 'inbox-webhook');
    t.forgive(/Blocked script execution|Content Security Policy|tracker\.example/);
  });

  harness.test('a point sent by hand appears on Senders at once, with its verdict', async (t) => {
    await fresh();
    const page = await t.open('/senders');
    await settled(page);
    assert.match(await text(page, 'pre.code'), /^curl -i 'http:\/\/127.0.0.1:\d+\/write/);
    await fetch(`${mock.url}/write?precision=s`, {
      method: 'POST', body: 'my_metric,site=here value=42',
    });
    const row = page.locator('tr', { hasText: 'my_metric{site="here"}' });
    await row.waitFor();
    assert.match(await row.innerText(), /42[\s\S]*default[\s\S]*learning\s+1 of 30 points/);
    const first = page.locator('section[aria-label^="Sender "]').first();
    assert.match(await first.innerText(), /^curl 127\.0\.0\.1/);
    await t.shot(page, 'senders-curl');
  });

  harness.test('reduced motion: nothing moves', async (t) => {
    await fresh();
    const page = await t.open('/', { motion: 'reduce' });
    await settled(page);
    await tell('open');
    await page.locator('.stream li.new').waitFor();
    assert.equal(await page.locator('.stream li.new').evaluate(
      (e) => getComputedStyle(e).animationDuration), '0s');
  });

  harness.test('a sender shows five points, the rest on demand; nothing is said twice',
    async (t) => {
      await fresh();
      const page = await t.open('/senders');
      await settled(page);
      const house = page.getByLabel('Sender betting house');
      assert.equal(await house.locator('tbody tr').count(), 5);
      const inside = house.locator('tr', { hasText: 'logins{site="rome"}' });
      assert.equal((await inside.innerText()).match(/inside/g).length, 1);
      await house.getByRole('button', { name: '7 more' }).focus();
      await page.keyboard.press('Enter');
      await house.locator('tbody tr').nth(11).waitFor();
      await page.waitForResponse((answer) => answer.url().endsWith('/api/senders'));
      assert.equal(await house.locator('tbody tr').count(), 12, 'folded again by a reload');
      await house.getByRole('button', { name: 'fewer' }).click();
      await house.locator('tbody tr').nth(5).waitFor({ state: 'detached' });
    });

  harness.test('who was told: updates are one line that opens; a receiver is named once',
    async (t) => {
      await fresh();
      const page = await t.open(kParent);
      const ledger = page.locator('.ledger').first();
      await ledger.waitFor();
      const said = await ledger.innerText();
      assert.match(said, /inbox opened; kept/);
      assert.doesNotMatch(said, /inbox inbox|told ops-hub|updated; kept/);
      const fold = ledger.getByRole('button', { name: /^updated 12 times, last 14:32:31/ });
      await fold.focus();
      await page.keyboard.press('Enter');
      await ledger.locator('ol li').nth(11).waitFor();
      assert.equal(await ledger.locator('ol li').count(), 12);
      await t.axe(page, 'ledger unfolded');
      await t.shot(page, 'alert-ledger');
    });

  harness.test('the quick start goes by the clock of its sites, of the page, or UTC', async (t) => {
    await fresh();
    const page = await t.open('/', { zone: 'Asia/Tokyo' });
    await settled(page);
    const steps = page.getByLabel('Quick start');
    const hours = async () => (await steps.locator('.state time').allInnerTexts())
      .map((time) => time.split(':')[0]);
    assert.match(await text(page, '.clock'), /^14:.* madrid$/);
    assert.deepEqual(await hours(), ['14', '14', '13', '14', '14']);
    await page.getByRole('button', { name: 'UTC', exact: true }).click();
    assert.deepEqual(await hours(), ['13', '13', '13', '13', '13']);
    await page.getByRole('button', { name: 'mine', exact: true }).click();
    assert.deepEqual(await hours(), ['22', '22', '22', '22', '22']);
  });

  harness.test('stripes mean absent: a guarded cell without points has none', async (t) => {
    await fresh();
    const page = await t.open('/');
    await settled(page);
    const cell = page.getByLabel('queue_age malta: in band');
    assert.equal(await cell.locator('[fill="url(#hatch)"]').count(), 0);
    assert.equal(await cell.locator('path').count(), 1);
    const absent = page.locator('.kpi.a [fill="url(#hatch)"]');
    assert.equal(await absent.count(), await page.locator('.kpi.a').count());
    assert.ok(await absent.count() > 0);
  });

  harness.test('a server that repeats itself breaks no page and doubles no row', async (t) => {
    await fresh();
    const page = await t.open('/');
    await settled(page);
    const rows = page.locator('.stream li');
    const before = await rows.count();
    await tell('repeat');
    await page.locator('.stream li.new').waitFor();
    assert.equal(await rows.count(), before);
    await page.reload();
    await settled(page);
    assert.equal(await rows.count(), before);
    assert.equal(await page.locator('section[aria-label="Open alerts"] .arow').count(), 4);
    for (const path of ['/alerts?state=all', kParent, '/workers', '/workers/payments', '/inbox',
      '/senders']) {
      await page.goto(t.url + path);
      await settled(page);
    }
    assert.equal(await page.locator('section[aria-label^="Sender "]').count(), 2);
  });

  harness.test('a worker\'s chart is loaded each half minute, not each second', async (t) => {
    await fresh();
    const page = await t.open('/workers');
    await settled(page);
    await page.clock.install();
    await page.goto(`${t.url}/workers/payments`);
    await page.locator('svg.plot').first().waitFor();
    const asked = () => mock.scene.requests.filter((r) => r.path === '/api/series/band').length;
    assert.equal(asked(), 1);
    for (let second = 0; second < 20; second++) await page.clock.runFor(1000);
    assert.equal(asked(), 1, 'the page\'s clock must not load the chart');
    await page.clock.runFor(11_000);
    await page.waitForFunction(() => document.querySelector('svg.plot') !== null);
    assert.equal(asked(), 2);
  });
}
