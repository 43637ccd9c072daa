// The Coverage page on the stand-in: every gap with the YAML that mends it.
import assert from 'node:assert/strict';

export function coverage(harness, mock) {
  const tell = (what) => fetch(`${mock.url}/mock/${what}`, { method: 'POST' });

  for (const scheme of ['light', 'dark']) {
    harness.test(`coverage, ${scheme}: each gap says what mends it`, async (t) => {
      await tell('trouble');
      const page = await t.open('/coverage', { scheme });
      await page.getByRole('heading', { name: '3 gaps in what is watched' }).waitFor();
      const leaf = page.getByRole('region', { name: 'Conditions that match nothing' });
      assert.match(await leaf.innerText(), /heet above of rule typo/);
      assert.match(await leaf.getByLabel('YAML').innerText(), /violation: "heat"/);
      await leaf.getByRole('button', { name: 'Copy YAML' }).waitFor();
      const alerts = page.getByRole('region', { name: 'Alerts that wake nobody' });
      assert.match(await alerts.innerText(), /in 1 of 5 scopes, such as \{site="rome"\}; told: inbox/);
      const workers = page.getByRole('region', { name: 'Workers that never learned' });
      assert.match(await workers.innerText(), /40 % learned/);
      await page.getByText('rain{site="rome"}').waitFor();
      await t.axe(page, `coverage ${scheme}`);
      await t.shot(page, `coverage-${scheme}`);
    });
  }

  harness.test('coverage: without gaps it says so; the keyboard leads there', async (t) => {
    await tell('quiet');
    const page = await t.open('/workers');
    await page.getByRole('link', { name: 'Coverage' }).first().waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('v');
    await page.getByRole('heading', { name: 'Nothing is left unwatched' }).waitFor();
    await page.getByText('Every rule reaches somebody.').waitFor();
    await t.axe(page, 'coverage without gaps');
    await tell('trouble');
  });

  harness.test('coverage on a phone', async (t) => {
    await tell('trouble');
    const page = await t.open('/coverage', { width: 390, height: 844 });
    await page.getByRole('heading', { name: '3 gaps in what is watched' }).waitFor();
    const [wide, shown] = await page.evaluate(
      () => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
    assert.ok(wide <= shown, `${wide} px wide in ${shown} px`);
    await t.axe(page, 'coverage on a phone');
    await t.shot(page, 'coverage-phone');
  });
}
