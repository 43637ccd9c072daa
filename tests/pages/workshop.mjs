// Marks by one key, and the Workshop: edit, mistakes in place, run, cancel, results, publish.
import assert from 'node:assert/strict';
import { settled } from './any.mjs';

export function workshop(harness, mock) {
  const tell = (what) => fetch(`${mock.url}/mock/${what}`, { method: 'POST' });
  const fresh = async () => {
    await tell('trouble');
    mock.scene.requests.length = 0;
    mock.workshop.marks.clear();
    mock.workshop.jobs.length = 0;
    mock.workshop.published.length = 0;
    Object.assign(mock.workshop, { editable: true, slow: false });
  };
  const posted = (pattern) => mock.scene.requests
    .filter((r) => r.method === 'POST' && pattern.test(r.path)).map((r) => JSON.parse(r.body));
  const editor = (page) => page.getByRole('textbox', { name: /^Text of/ });

  harness.test('Now, one key: an alert is marked useful, again takes it back', async (t) => {
    await fresh();
    const page = await t.open('/');
    await settled(page);
    await page.keyboard.press('j');
    await page.keyboard.press('u');
    await page.getByText(/marked useful/).waitFor();
    const row = page.getByRole('region', { name: 'Open alerts' }).locator('li.cur');
    await row.getByText('useful', { exact: true }).waitFor();
    assert.deepEqual(posted(/\/api\/v1\/alerts\/.*\/mark$/), [{ mark: 'useful', by: 'ada' }]);
    await page.keyboard.press('d');
    await row.getByText('noise', { exact: true }).waitFor();
    await page.keyboard.press('d');
    await page.getByText(/taken back/).waitFor();
    assert.equal(await row.getByText('noise', { exact: true }).count(), 0);
    assert.equal(mock.workshop.marks.size, 0);
  });

  harness.test('Now, one key: a violation whose row has the focus is marked', async (t) => {
    await fresh();
    const page = await t.open('/');
    await settled(page);
    const row = page.locator('[data-violation]').first();
    await row.getByRole('link').focus();
    await page.keyboard.press('d');
    await row.getByText('noise', { exact: true }).waitFor();
    assert.equal(posted(/\/api\/v1\/violations\/.*\/mark$/).length, 1);
    assert.equal(posted(/\/api\/v1\/alerts\//).length, 0, 'no alert was meant');
  });

  harness.test('an alert: marked by key and by button; precision on Workers', async (t) => {
    await fresh();
    const page = await t.open(`/alerts/${mock.scene.alerts[0].id}`);
    await settled(page);
    await page.keyboard.press('u');
    const useful = page.getByRole('button', { name: /^Useful/ });
    await page.waitForFunction(() => [...document.querySelectorAll('button[aria-pressed=true]')]
      .some((b) => b.textContent.startsWith('Useful')));
    await useful.click();
    await page.getByText(/taken back/).waitFor();
    await page.getByRole('button', { name: /^Noise/ }).click();
    await page.getByText(/marked as noise/).waitFor();
    await t.axe(page, 'an alert that is marked');
    const workers = await t.open('/workers');
    await settled(workers);
    await workers.getByRole('row', { name: /^payments / }).getByText('0 % of 1').first().waitFor();
  });

  harness.test('the Workshop by keyboard: a mistake stands at its line', async (t) => {
    await fresh();
    const page = await t.open('/');
    await settled(page);
    await page.keyboard.press('g');
    await page.keyboard.press('p');
    await page.waitForURL((url) => url.pathname === '/workshop');
    await editor(page).waitFor();
    const text = await editor(page).inputValue();
    await editor(page).fill(text.replace('severity: high', 'severty: high'));
    await page.keyboard.press('Control+Enter');
    t.forgive(/400/);
    const problem = page.getByRole('button', { name: 'rules.yaml:6:5' });
    await problem.waitFor();
    await page.getByText(/did you mean/).waitFor();
    assert.equal(await editor(page).getAttribute('aria-invalid'), 'true');
    await problem.click();
    const at = await editor(page).evaluate((area) => [document.activeElement === area,
      area.value.slice(area.selectionStart, area.selectionStart + 7)]);
    assert.deepEqual(at, [true, 'severty']);
    assert.equal(mock.workshop.jobs.length, 0, 'nothing was run');
    await t.axe(page, 'the Workshop with a mistake');
    t.forgive(/400/);
  });

  for (const scheme of ['light', 'dark']) {
    harness.test(`the Workshop, ${scheme}: what changes, scored, accessible`, async (t) => {
      await fresh();
      const page = await t.open('/workshop?site=madrid', { scheme });
      await editor(page).fill('rules: []\n');
      await page.getByRole('button', { name: /^Run both/ }).click();
      await page.getByRole('heading', { name: 'Result' }).waitFor();
      const [asked] = posted(/\/replays$/);
      assert.equal(asked.site, 'madrid');
      assert.deepEqual(asked.files, { 'rules.yaml': 'rules: []\n' });
      assert.ok(asked.to - asked.from === 7 * 86_400_000, 'a week unless chosen');
      const gained = page.getByRole('region', { name: 'Gained' });
      assert.match(await gained.innerText(), /payment-provider/);
      assert.match(await page.getByRole('region', { name: 'Earlier' }).innerText(),
        /2 min earlier/);
      assert.match(await page.getByRole('region', { name: 'Lost' }).innerText(), /deposits-low/);
      const score = page.getByRole('region', { name: 'Score against marks' });
      assert.match(await score.innerText(), /alerts\s+2\s+1\s+2\s+3\s+0\s+2\s+2 min earlier/);
      const href = await gained.getByRole('link').getAttribute('href');
      assert.match(href, /^\/workers\/payments\?series=payments_ok/);
      await t.axe(page, `the Workshop, ${scheme}`);
      await t.shot(page, `workshop-${scheme}`);
      await page.getByRole('heading', { name: 'Result' }).scrollIntoViewIfNeeded();
      await page.mouse.wheel(0, 700);
      await t.shot(page, `workshop-result-${scheme}`);
    });
  }

  harness.test('the Workshop: progress, cancel, and nothing of half a replay', async (t) => {
    await fresh();
    mock.workshop.slow = true;
    const page = await t.open('/workshop');
    await editor(page).waitFor();
    await page.getByRole('button', { name: /^Run both/ }).click();
    await page.getByRole('progressbar').waitFor();
    await page.getByText('40 %').waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText(/Cancelled at 40 %/).waitFor();
    assert.equal(await page.getByRole('heading', { name: 'Result' }).count(), 0);
    assert.match(page.url(), /replay=1/);
  });

  harness.test('the Workshop publishes what was tried, with a reason', async (t) => {
    await fresh();
    const page = await t.open('/workshop');
    await editor(page).fill('rules: []\n');
    const publish = page.getByRole('button', { name: /^Publish …/ });
    assert.equal(await publish.count(), 0, 'not before it was tried');
    await page.getByRole('button', { name: /^Run both/ }).click();
    await publish.waitFor();
    await editor(page).fill('rules: [ ]\n');
    await page.getByText(/Run the changes of now/).waitFor();
    await editor(page).fill('rules: []\n');
    await publish.click();
    await page.getByLabel('Why').fill('fewer pages');
    await page.getByRole('button', { name: 'Publish', exact: true }).click();
    await page.getByText('Published; it runs.').waitFor();
    assert.deepEqual(mock.workshop.published, [{ files: { 'rules.yaml': 'rules: []\n' },
      author: 'ada', reason: 'fewer pages', base_hash: 'h1' }]);
    assert.match(await editor(page).inputValue(), /payment-provider/, 'as it is on the server');
  });

  harness.test('the Workshop says why nothing can be published', async (t) => {
    await fresh();
    mock.workshop.editable = false;
    const page = await t.open('/workshop', { width: 420 });
    await editor(page).fill('rules: []\n');
    await page.getByRole('button', { name: /^Run both/ }).click();
    await page.getByText(/Publishing is off: the server was started without/).waitFor();
    assert.equal(await page.getByRole('button', { name: /^Publish/ }).count(), 0);
    await t.axe(page, 'the Workshop, narrow');
    await t.shot(page, 'workshop-narrow');
  });
}
