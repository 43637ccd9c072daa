// The Worker Manager over a running quick start: weights, preview, publish, revert. The folder is as
// before when it is done.
import assert from 'node:assert/strict';
import { settled } from './any.mjs';

const kMs = 20_000;

export function managerStory(harness) {
  harness.test('manager, for real: a weight is tried, published with a reason, taken back',
    async (t) => {
      const page = await t.open('/workers/payments');
      await settled(page);
      const slider = page.getByRole('slider', { name: /^Weight of / }).first();
      await slider.waitFor({ timeout: kMs });
      const was = await slider.inputValue();
      await slider.focus();
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('ArrowRight');
      const preview = page.getByRole('region', { name: 'Preview of the change' });
      await preview.getByLabel('Difference').waitFor({ timeout: kMs });
      assert.match(await preview.getByLabel('Difference').innerText(), /weight/);
      await t.shot(page, 'manager-real-preview');
      const publish = page.getByRole('button', { name: 'Publish' });
      assert.equal(await publish.isDisabled(), true, 'nothing without a name and a reason');
      await page.getByRole('textbox', { name: 'Who' }).fill('ana');
      await page.getByRole('textbox', { name: 'Why' }).fill('a test of the manager');
      await publish.click();
      await page.getByText('Published.').waitFor({ timeout: kMs });
      // The old models go on until the changed ones have learned from history.
      await page.waitForFunction((value) => document.querySelector(
        'input[type=range][aria-label^="Weight of"]')?.value !== value, was,
        { timeout: kMs });
      const history = page.getByRole('region', { name: 'History of the configuration' });
      await history.getByText('a test of the manager').first().waitFor({ timeout: kMs });
      await history.getByRole('button', { name: /found/ }).last().click();
      const dialog = page.getByRole('dialog', { name: /^Version / });
      await dialog.getByRole('textbox', { name: 'Who' }).fill('ana');
      await dialog.getByRole('textbox', { name: 'Why' }).fill('the test is over');
      await t.axe(page, 'a version, for real');
      await dialog.getByRole('button', { name: 'Bring this version back' }).click();
      await page.getByText(/The configuration is as it was in version/).waitFor({ timeout: kMs });
      await page.waitForFunction((value) => document.querySelector(
        'input[type=range][aria-label^="Weight of"]')?.value === value, was, { timeout: kMs });
      await t.shot(page, 'manager-real-reverted');
    });
}
