// The Worker Manager on the stand-in: sliders, preview, publishing, quality, proposals, history.
import assert from 'node:assert/strict';

const kPath = '/workers/payments';

/** The band's area in the chart, as drawn. */
const bandPath = (page) => page.locator('section[aria-label=Chart] svg.plot path[fill="var(--band)"]')
  .first().getAttribute('d');

export function manager(harness, mock) {
  const tell = (what) => fetch(`${mock.url}/mock/${what}`, { method: 'POST' });
  async function open(t, options = {}) {
    await tell('trouble');
    mock.manager.previews.length = 0;
    mock.manager.reverted.length = 0;
    const page = await t.open(kPath, options);
    await page.getByRole('slider', { name: 'Weight of level' }).waitFor();
    await page.locator('section[aria-label=Chart] svg.plot').waitFor();
    return page;
  }
  const preview = (page) => page.getByRole('region', { name: 'Preview of the change' });

  harness.test('manager: calendars say which days are what', async (t) => {
    const page = await open(t);
    const spain = page.getByRole('region', { name: 'Calendar spain' });
    await spain.getByText('today: business').waitFor();
    assert.match(await spain.innerText(), /Business days mon-fri, on each site's wall clock; madrid/);
    const listed = await spain.getByRole('listitem').allInnerTexts();
    assert.equal(listed.length, 3);
    assert.match(listed[2].replace(/\s+/g, ' '), /Fri 25 Dec 2026 holiday Christmas calendars\.yaml:4/);
    assert.equal(await spain.locator('.cell.told').count(), 3);
    assert.equal(await spain.locator('.cell.today').innerText(), '23');
  });

  harness.test('manager: a slider redraws the band at once, and exactly when it rests', async (t) => {
    const page = await open(t);
    const before = await bandPath(page);
    const slider = page.getByRole('slider', { name: 'Weight of level' });
    await slider.evaluate((e) => {
      e.value = '4';
      e.dispatchEvent(new Event('input', { bubbles: true }));
    });
    await page.waitForFunction((was) => document.querySelector(
      'section[aria-label=Chart] svg.plot path[fill="var(--band)"]').getAttribute('d') !== was, before);
    assert.equal(mock.manager.previews.length, 0, 'while it moves nobody is asked');
    const moved = await bandPath(page);
    await slider.evaluate((e) => e.dispatchEvent(new Event('change', { bubbles: true })));
    await preview(page).getByText('1 violation instead of 10 in 4 weeks').waitFor();
    assert.deepEqual(mock.manager.previews[0].weights, { 1: 4 });
    assert.notEqual(await bandPath(page), moved, 'the server\'s band is shown');
    assert.match(await preview(page).getByLabel('Difference').innerText(), /\+.*weight: 2/);
    await page.getByRole('button', { name: 'Drop the change' }).click();
    assert.equal(await preview(page).count(), 0);
    assert.equal(await bandPath(page), before);
  });

  harness.test('manager: nothing is published without a name and a reason', async (t) => {
    const page = await open(t);
    await page.getByRole('combobox', { name: 'Strategy' }).selectOption('any');
    const publish = page.getByRole('button', { name: 'Publish' });
    await preview(page).getByText('violation instead of').waitFor();
    assert.equal(await publish.isDisabled(), true);
    await page.getByRole('textbox', { name: 'Who' }).fill('ana');
    assert.equal(await publish.isDisabled(), true);
    await page.getByRole('textbox', { name: 'Why' }).fill('too loud at night');
    mock.scene.requests.length = 0;
    await publish.click();
    await page.getByText('Published.').waitFor();
    const sent = JSON.parse(mock.scene.requests.find(
      (r) => r.path === '/api/v1/config/publish').body);
    assert.equal(sent.author, 'ana');
    assert.equal(sent.reason, 'too loud at night');
    assert.equal(sent.base_hash, 'h1');
    assert.deepEqual(Object.keys(sent.files), ['workers/payments.yaml']);
    assert.equal(await preview(page).count(), 0);
  });

  harness.test('manager: what cannot be is said, and the band stays', async (t) => {
    const page = await open(t);
    await page.getByRole('spinbutton', { name: 'Edge at score' }).fill('13');
    await page.getByRole('spinbutton', { name: 'Edge at score' }).blur();
    await preview(page).getByText('score: must be between 1 and 12').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Publish' }).isDisabled(), true);
    t.forgive(/400/);
  });

  harness.test('manager: quality of each model, in words and plots', async (t) => {
    const page = await open(t);
    const quality = page.getByRole('region', { name: 'Quality of the models' });
    await quality.getByText('white: what is left is noise').waitFor();
    await quality.getByRole('img', { name: /^Autocorrelation of what band leaves, 40 lags/ }).waitFor();
    await quality.getByRole('button', { name: 'level' }).click();
    await quality.getByRole('img', { name: /^Autocorrelation of what level leaves/ }).waitFor();
    await quality.getByText('Ljung–Box 31.2 over 40 lags').waitFor();
  });

  harness.test('manager: a proposal is tried by one press', async (t) => {
    const page = await open(t);
    const proposals = page.getByRole('region', { name: 'Proposals' });
    await proposals.getByRole('button', { name: 'Propose' }).click();
    await proposals.getByText('profile of the day fits best').waitFor();
    await proposals.getByText('learning: it guards 12 %').waitFor();
    assert.equal(await proposals.getByRole('button', { name: 'Preview' }).count(), 1,
      'neither what is there nor what has not learned');
    await proposals.getByRole('button', { name: 'Preview' }).click();
    await preview(page).getByText('violation instead of').waitFor();
    assert.deepEqual(mock.manager.previews.at(-1).models, ['{kind: profile, season: day}']);
  });

  harness.test('manager: a version is looked at and brought back', async (t) => {
    const page = await open(t);
    const history = page.getByRole('region', { name: 'History of the configuration' });
    await history.getByText('too loud at night').waitFor();
    await history.getByRole('button', { name: /^1 found/ }).click();
    const dialog = page.getByRole('dialog', { name: /^Version 1/ });
    await dialog.getByRole('textbox', { name: 'Who' }).fill('bo');
    await dialog.getByRole('textbox', { name: 'Why' }).fill('missed a real one');
    await t.axe(page, 'a version');
    await dialog.getByRole('button', { name: 'Bring this version back' }).click();
    await page.getByText('The configuration is as it was in version 1.').waitFor();
    assert.deepEqual(mock.manager.reverted, [[1, { author: 'bo', reason: 'missed a real one' }]]);
  });

  for (const scheme of ['light', 'dark']) {
    harness.test(`manager, ${scheme}: accessible with a change under way`, async (t) => {
      const page = await open(t, { scheme });
      await page.getByRole('combobox', { name: 'Opens after' }).selectOption('3 of 5');
      await preview(page).getByText('violation instead of').waitFor();
      await page.getByRole('button', { name: 'Propose' }).click();
      await page.getByText('profile of the day fits best').waitFor();
      await page.getByText('Ljung–Box').waitFor();
      await t.axe(page, `manager ${scheme}`);
      await t.shot(page, `manager-${scheme}`);
    });
  }

  harness.test('manager on a phone', async (t) => {
    const page = await open(t, { width: 390, height: 844 });
    await page.getByRole('combobox', { name: 'Opens after' }).selectOption('3 of 5');
    await preview(page).getByText('violation instead of').waitFor();
    const [wide, shown] = await page.evaluate(
      () => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
    assert.ok(wide <= shown, `${wide} px wide in ${shown} px`);
    await t.axe(page, 'manager on a phone');
    await t.shot(page, 'manager-phone');
  });
}
