// Likely causes: on an alert, for a span that is dragged, for what Explore shows; told changes.
import assert from 'node:assert/strict';
import { settled } from './any.mjs';

/** A drag over the middle of a chart, as a person does it. */
async function drag(page, chart, shift = false) {
  await chart.scrollIntoViewIfNeeded();
  const box = await chart.boundingBox();
  const y = box.y + box.height / 2;
  if (shift) await page.keyboard.down('Shift');
  await page.mouse.move(box.x + box.width * 0.4, y);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.5, y, { steps: 4 });
  await page.mouse.move(box.x + box.width * 0.7, y, { steps: 4 });
  await page.mouse.up();
  if (shift) await page.keyboard.up('Shift');
}

export function causes(harness, mock) {
  const open = async (t, rest = '') => {
    const alert = mock.scene.alerts.find((a) => a.rule === 'payment-provider');
    const page = await t.open(`/alerts/${alert.id}${rest}`);
    await settled(page);
    const panel = page.getByRole('region', { name: 'Likely causes' });
    await panel.locator('ol.causes li').first().waitFor();
    return { page, panel };
  };

  harness.test('causes: an alert says what moved, by how much, when and why', async (t) => {
    const { page, panel } = await open(t);
    const rows = panel.locator('ol.causes li');
    const first = await rows.first().innerText();
    assert.match(first, /gateway_request_duration_p99/);
    assert.match(first, /0\.012 → 1\.4/);
    assert.match(first, /20 s before/);
    assert.match(first, /the same site madrid/);
    assert.match(await rows.nth(1).innerText(), /deploy[\s\S]*payments 4\.2/);
    assert.match(await rows.nth(2).innerText(), /per s/);
    const text = await panel.innerText();
    assert.match(text, /187.410 series ranked in 0\.41 s/);
    assert.match(text, /time was up: 1.000 series not looked at/);
    assert.match(text, /payment-gateway/);
    await t.axe(page, 'alert with causes');
    await t.shot(page, 'alert-causes');
  });

  harness.test('causes: a span dragged on a chart is ranked, and in the address', async (t) => {
    const { page, panel } = await open(t);
    await drag(page, page.locator('.panel svg.plot').first());
    await page.waitForURL((url) => /^\d+-\d+$/.test(url.searchParams.get('causes') ?? ''));
    const [from, to] = new URL(page.url()).searchParams.get('causes').split('-').map(Number);
    assert.ok(to > from && to - from < 10 * 60_000, `${from} to ${to}`);
    await panel.getByText('of the span from').waitFor();
    await panel.getByRole('button', { name: 'As kept with the alert' }).click();
    await page.waitForURL((url) => !url.searchParams.has('causes'));
  });

  harness.test('causes: ranked without a mouse', async (t) => {
    const { page, panel } = await open(t);
    await panel.getByRole('button', { name: 'Rank for what the charts show' }).focus();
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.searchParams.has('causes'));
    await panel.locator('ol.causes li').first().waitFor();
  });

  harness.test('causes: none were ranked, and that is said', async (t) => {
    mock.scene.unranked = true;
    try {
      const alert = mock.scene.alerts.find((a) => a.rule === 'payment-provider');
      const page = await t.open(`/alerts/${alert.id}`);
      await settled(page);
      const panel = page.getByRole('region', { name: 'Likely causes' });
      assert.match(await panel.innerText(), /Drag a span on a chart/);
    } finally {
      mock.scene.unranked = false;
    }
  });

  harness.test('causes: told changes stand on the charts they concern', async (t) => {
    const { page } = await open(t);
    const titles = await page.locator('.panel svg.plot').first().locator('g.change title')
      .allTextContents();
    assert.ok(titles.some((text) => text.includes('payments 4.2, ci')), titles.join('; '));
    assert.ok(titles.some((text) => text.includes('Cup final')), titles.join('; '));
    assert.ok(!titles.some((text) => text.includes('only Oslo')), 'that of another site does not');
  });

  harness.test('causes: Shift and drag in Explore, and its button, lead to the page', async (t) => {
    const page = await t.open('/explore?q=payments_ok');
    await settled(page);
    await page.locator('.u-over').first().waitFor();
    const href = await page.getByRole('link', { name: 'Causes' }).getAttribute('href');
    assert.match(href, /^\/causes\?span=\d+-\d+$/);
    await drag(page, page.locator('.u-over').first(), true);
    await page.waitForURL((url) => url.pathname === '/causes');
    await page.locator('ol.causes li').first().waitFor();
    await t.axe(page, 'causes of a span');
    await t.shot(page, 'causes');
    const before = new URL(page.url()).searchParams.get('span');
    await page.getByRole('button', { name: 'Twice as long' }).click();
    await page.waitForURL((url) => url.searchParams.get('span') !== before);
  });
}
