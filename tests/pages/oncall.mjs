// The On call page on the stand-in: who, lanes, gaps, findings; an override by keyboard alone.
import assert from 'node:assert/strict';

export function oncall(harness, mock) {
  const tell = (what) => fetch(`${mock.url}/mock/${what}`, { method: 'POST' });

  for (const scheme of ['light', 'dark']) {
    harness.test(`on call, ${scheme}: who, lanes, gaps and findings`, async (t) => {
      await tell('trouble');
      const page = await t.open('/oncall', { scheme });
      await page.getByRole('heading', { name: /on call for Payments/ }).waitFor();
      const lanes = page.getByRole('region', { name: 'Lanes of Payments' });
      await lanes.getByRole('group', { name: 'On call', exact: true }).waitFor();
      assert.ok(await lanes.getByRole('img', { name: /gap: nobody is on call/ }).count() > 0);
      const findings = page.getByRole('region', { name: 'Findings' });
      assert.match(await findings.innerText(), /bob cannot be told: bob\/sms/);
      await t.axe(page, `on call ${scheme}`);
      await t.shot(page, `oncall-${scheme}`);
    });
  }

  harness.test('on call: an override by keyboard, taken back', async (t) => {
    await tell('trouble');
    const page = await t.open('/');
    await page.keyboard.press('g');
    await page.keyboard.press('o');
    await page.getByRole('heading', { name: /on call for Payments/ }).waitFor();
    await page.getByRole('region', { name: 'Lanes of Payments' }).waitFor();
    await page.keyboard.press('c');
    const form = page.getByRole('dialog', { name: 'Override of Payments' });
    await form.waitFor();
    await page.keyboard.press('b'); // the select has the focus: bob
    await form.getByLabel('Reason').focus();
    await page.keyboard.type('dentist');
    await form.getByLabel('Your name').fill('kim');
    await page.keyboard.press('Enter');
    await form.waitFor({ state: 'detached' });
    const list = page.getByRole('region', { name: 'Overrides' });
    await list.getByText('dentist').waitFor();
    assert.match(await list.innerText(), /bob\s+instead of everybody.*by kim/s);
    await t.axe(page, 'on call with an override');
    await list.getByRole('button', { name: 'Take back' }).press('Enter');
    await list.getByText('None in this span.').waitFor();
  });

  harness.test('on call: two shifts are swapped by keyboard, and taken back', async (t) => {
    await tell('trouble');
    const page = await t.open('/oncall?days=28');
    await page.getByRole('region', { name: 'Lanes of Payments' }).waitFor();
    await page.keyboard.press('x');
    const form = page.getByRole('dialog', { name: 'Swap shifts of Payments' });
    await form.waitFor();
    await t.axe(page, 'swap form');
    const [first, second] = await form.locator('select').evaluateAll(
      (all) => all.map((one) => one.selectedOptions[0].innerText.split(',')[0]));
    assert.notEqual(first, second, 'only shifts of somebody else are offered');
    await form.getByLabel('Reason').fill('a wedding');
    await page.keyboard.press('Enter');
    await form.waitFor({ state: 'detached' });
    const list = page.getByRole('region', { name: 'Overrides' });
    await list.getByText('a wedding').nth(1).waitFor();
    const words = await list.innerText();
    assert.match(words, /bob\s+instead of Ana Ruiz/);
    assert.match(words, /Ana Ruiz\s+instead of bob/);
    await page.getByRole('button', { name: /undo/i }).click();
    await list.getByText('None in this span.').waitFor();
  });

  harness.test('on call: who was on call at a time; the zone can be switched', async (t) => {
    await tell('trouble');
    const page = await t.open('/oncall?zone=utc');
    await page.getByText('times in UTC').waitFor();
    const who = page.getByRole('region', { name: 'Who was on call' });
    await who.getByLabel('Time, UTC').fill('2026-11-20T12:00');
    await who.getByRole('button', { name: 'Look' }).press('Enter');
    await who.getByText('Ana Ruiz, from the record').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('group', { name: 'Time zone' }).getByRole('button', { name: 'site' })
      .click();
    await page.getByText('times in Europe/Madrid').waitFor();
  });

  harness.test('on call on a phone', async (t) => {
    await tell('trouble');
    const page = await t.open('/oncall', { width: 390, height: 844 });
    await page.getByRole('region', { name: 'Lanes of Payments' }).waitFor();
    const [wide, shown] = await page.evaluate(
      () => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
    assert.ok(wide <= shown, `${wide} px wide in ${shown} px`);
    await t.axe(page, 'on call on a phone');
    await t.shot(page, 'oncall-phone');
  });

  harness.test('on call without schedules says what to write', async (t) => {
    await tell('quiet');
    const page = await t.open('/oncall');
    await page.getByRole('heading', { name: 'There are no schedules' }).waitFor();
    await t.axe(page, 'on call without schedules');
    await tell('trouble');
  });
}
