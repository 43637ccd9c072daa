// The Cardinality page: what is full, what grows, the filters, the keyboard, an answer that fails.
import assert from 'node:assert/strict';
import { settled } from './any.mjs';

/** On the stand-in: its canned trouble. */
export function cardinality(harness, mock) {
  const tell = (what) => fetch(`${mock.url}/mock/${what}`, { method: 'POST' });

  harness.test('cardinality: says what is full, what grew and who sends it', async (t) => {
    await tell('trouble');
    const page = await t.open('/cardinality');
    await settled(page);
    const trouble = page.getByRole('region', { name: 'Limit of service=checkout' });
    const text = await trouble.innerText();
    assert.match(text, /10.000 of 10.000, 100 %, full/);
    assert.match(text, /What grew: label request_id of service=checkout/);
    assert.match(text, /requests\{.*request_id="r-0f9c4e".*from telegraf 10\.0\.0\.7/);
    assert.match(await page.getByRole('region', { name: 'Labels' }).innerText(), /≈ 9.804/);
    const grows = page.getByRole('region', { name: 'Growers' }).locator('tbody tr').first();
    assert.match(await grows.innerText(), /service=checkout[\s\S]*since[\s\S]*request_id/);
    assert.match(await page.getByRole('region', { name: 'Senders' }).innerText(), /Tocsin itself/);
  });

  harness.test('cardinality: a label and a sender are filters, and the address', async (t) => {
    await tell('trouble');
    const page = await t.open('/cardinality');
    await settled(page);
    await page.keyboard.press('/');
    await page.keyboard.type('service');
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.searchParams.get('label') === 'service');
    await page.waitForFunction(() =>
      document.querySelectorAll('section[aria-label=Labels] tbody tr').length === 1);
    await page.getByRole('link', { name: 'telegraf 10.0.0.7' }).last().click();
    await page.waitForURL((url) => url.searchParams.get('sender') === 'telegraf 10.0.0.7');
    assert.equal(new URL(page.url()).searchParams.get('label'), 'service');
    await page.waitForFunction(() =>
      document.querySelectorAll('section[aria-label=Senders] tbody tr').length === 1);
    await t.axe(page, 'cardinality filtered');
    await page.getByLabel('Remove filter sender').click();
    await page.waitForFunction(() =>
      document.querySelectorAll('section[aria-label=Senders] tbody tr').length === 2);
    await page.locator('h1').focus();
    await page.keyboard.press('Escape');
    await page.waitForURL((url) => !url.searchParams.has('label'));
  });

  harness.test('cardinality: j, k and Enter, without a mouse', async (t) => {
    await tell('trouble');
    const page = await t.open('/cardinality');
    await settled(page);
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    assert.match(await page.locator('tr.cur').innerText(), /host=web-3/);
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.searchParams.get('label') === 'host');
  });

  harness.test('cardinality: what grew leads to Explore; what PromQL cannot say does not',
    async (t) => {
      await tell('trouble');
      const page = await t.open('/cardinality');
      await settled(page);
      const href = await page.getByLabel('Explore the values of request_id').getAttribute('href');
      const query = new URL(href, page.url()).searchParams.get('q');
      assert.equal(query, 'topk(20, count by (request_id) ({request_id!=""}))');
      assert.equal(await page.getByLabel(/Explore the values of a name-that/).count(), 0);
    });

  harness.test('cardinality: nothing wrong, and an answer that fails', async (t) => {
    await tell('quiet');
    const page = await t.open('/cardinality', { network: true });
    await settled(page);
    assert.equal(await page.locator('.trouble').count(), 0);
    await tell('fail');
    await page.getByRole('alert').waitFor({ timeout: 15_000 });
    await tell('mend');
    await page.getByRole('alert').waitFor({ state: 'detached', timeout: 15_000 });
    await tell('trouble');
  });
}

/** On the quick start: figures of a real program. */
export function cardinalityStory(harness) {
  harness.test('cardinality: the quick start has series, and its labels', async (t) => {
    const page = await t.open('/cardinality');
    await settled(page);
    const labels = await page.getByRole('region', { name: 'Labels' }).innerText();
    assert.match(labels, /site/);
    assert.match(labels, /__name__/);
    assert.match(await page.getByRole('region', { name: 'Limits' }).innerText(),
      /of 2.000.000/);
    await t.axe(page, 'cardinality of the quick start');
    await t.shot(page, 'story-cardinality');
  });
}
