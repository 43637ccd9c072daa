// "Told and next" of an alert: the countdown against the target, the policy's next calls, and
// calling somebody by keyboard alone.
import assert from 'node:assert/strict';
import { settled } from './any.mjs';

export function escalation(harness, mock) {
  const { scene } = mock;
  const begin = async () => {
    await fetch(`${mock.url}/mock/trouble`, { method: 'POST' });
    scene.requests.length = 0;
    const { now } = await (await fetch(`${mock.url}/api/status`)).json();
    const alert = scene.alerts.find((one) => one.rule === 'payment-provider');
    alert.opened_at = now - 80_000; // however long the tests before took
    return alert.id;
  };
  const sent = (path) => scene.requests
    .filter((one) => one.method === 'POST' && one.path.endsWith(path))
    .map((one) => JSON.parse(one.body));
  const told = (page) => page.getByRole('region', { name: 'Who was told, who is next' });

  for (const [scheme, width] of [['light', 1440], ['dark', 1440], ['light', 390]]) {
    harness.test(`told and next, ${scheme} at ${width} px: the target, the next calls`,
      async (t) => {
        const id = await begin();
        const page = await t.open(`/alerts/${id}`, { scheme, width });
        await settled(page);
        const part = told(page);
        await part.getByText(/^to be acknowledged within [0-4]:[0-5]\d\s+of 5:00$/).waitFor();
        await part.getByText('policy payments, 1 of 3 steps done').waitFor();
        const lines = (await part.locator('.ledger').innerText()).replaceAll(/\s+/g, ' ');
        assert.match(lines, /now, nobody has answered.* in \d+:\d\d bob is called by bob\/sms/);
        assert.match(lines, /bob is called.*cy is called by cy\/sms \(step 3 of 3\)/);
        await t.axe(page, `told and next ${scheme} ${width}`);
        await part.scrollIntoViewIfNeeded();
        await t.shot(page, `escalation-${scheme}-${width}`);
      });
  }

  harness.test('escalation by keyboard: e, Enter does the next step now', async (t) => {
    const id = await begin();
    const page = await t.open(`/alerts/${id}`);
    await settled(page);
    await page.keyboard.press('e');
    const form = page.getByRole('dialog', { name: 'Escalate' });
    await form.getByText('bob is called by bob/sms (step 2 of 3)').waitFor();
    await t.axe(page, 'escalate form');
    await t.shot(page, 'escalate-form');
    await page.keyboard.press('Enter');
    await form.waitFor({ state: 'detached' });
    assert.deepEqual(sent('/escalate'), [{ by: 'ada', note: '' }]);
    await told(page).getByText('policy payments, 2 of 3 steps done').waitFor();
    assert.equal(await told(page).getByText('bob is called').count(), 0, 'bob was called');
  });

  harness.test('escalation by keyboard: call a team besides; hand it over', async (t) => {
    const id = await begin();
    const page = await t.open(`/alerts/${id}`);
    await settled(page);
    await page.keyboard.press('e');
    const form = page.getByRole('dialog', { name: 'Escalate' });
    await form.getByText('bob is called by').waitFor();
    await form.getByRole('radio', { name: /call somebody besides/ }).isEnabled();
    await page.waitForFunction(() => !document.querySelector('input[value=call]').disabled);
    await page.keyboard.press('ArrowDown');
    await form.getByLabel('Whom').selectOption('team pay');
    await form.getByLabel('Note').fill('the gateway is dark');
    await page.keyboard.press('Enter');
    await form.waitFor({ state: 'detached' });
    assert.deepEqual(sent('/call'), [{ by: 'ada', who: 'team pay', note: 'the gateway is dark' }]);
    await page.keyboard.press('e');
    await page.waitForFunction(() => document.querySelector('input[value=assign]')?.disabled === false);
    await page.keyboard.press('ArrowUp');
    await form.getByRole('combobox').selectOption('bob');
    await form.getByLabel('Note').focus();
    await page.keyboard.press('Enter');
    await form.waitFor({ state: 'detached' });
    assert.deepEqual(sent('/assign'), [{ by: 'ada', person: 'bob', note: '' }]);
    await told(page).getByText('handed to bob').waitFor();
  });

  harness.test('escalation: a refusal stays in the form; an acknowledged alert says how fast',
    async (t) => {
      await begin();
      const low = scene.alerts.find((one) => one.severity === 'low').id;
      const page = await t.open(`/alerts/${low}`, { network: true });
      await settled(page);
      await told(page).getByText('no policy calls anybody else').waitFor();
      await page.keyboard.press('e');
      const form = page.getByRole('dialog', { name: 'Escalate' });
      await form.getByText('the alert has no policy').waitFor();
      await page.keyboard.press('Enter');
      await form.getByRole('alert').getByText('escalating failed').waitFor();
      await page.keyboard.press('Escape');
      await form.waitFor({ state: 'detached' });
      const id = scene.alerts.find((one) => one.rule === 'payment-provider').id;
      await page.goto(`${mock.url}/alerts/${id}`);
      await settled(page);
      await page.keyboard.press('a');
      await told(page).getByText('acknowledged after').waitFor();
      assert.match(await told(page).innerText(),
        /acknowledged after \d+:\d\d, within the target of 5:00/);
      assert.equal(await told(page).getByText('is called by').count(), 0, 'nobody else is called');
    });
}

/** A real program whose alert just opened; nobody can be reached by mail there. */
export function policyStory(harness) {
  harness.test('a policy: the alert says who is next; e calls them; a note of what failed',
    async (t) => {
      const { alerts } = await (await fetch(`${harness.url}/api/alerts`)).json();
      const page = await t.open(`/alerts/${alerts[0].id}`);
      await settled(page);
      const told = page.getByRole('region', { name: 'Who was told, who is next' });
      await told.getByText(/policy payments, 1 of 3 steps done/).waitFor();
      await told.getByText(/to be acknowledged within|over the target/).waitFor();
      await told.getByText(/bob is called by bob\/mail \(step 2 of 3\)/).waitFor();
      await told.getByText(/ana is called by ana\/mail \(step 3 of 3\)/).waitFor();
      await t.axe(page, 'alert with a policy');
      await t.shot(page, 'policy-alert');
      await page.keyboard.press('e');
      const form = page.getByRole('dialog', { name: 'Escalate' });
      await form.getByText('bob is called by bob/mail').waitFor();
      await page.keyboard.press('Enter');
      await form.waitFor({ state: 'detached' });
      await told.getByText(/policy payments, 2 of 3 steps done/).waitFor();
      await told.locator('li.bad', { hasText: 'bob/mail' }).first().waitFor();
      await page.keyboard.press('e');
      await page.waitForFunction(
        () => document.querySelector('input[value=call]')?.disabled === false);
      await page.keyboard.press('ArrowDown');
      await form.getByLabel('Whom').selectOption('person ana');
      await form.getByLabel('Note').focus();
      await page.keyboard.press('Enter');
      await form.waitFor({ state: 'detached' });
      const view = await (await fetch(
        `${harness.url}/api/alerts/${alerts[0].id}/escalation`)).json();
      assert.ok(view.calls.some((one) => one.asked_for && one.person === 'ana'),
        JSON.stringify(view.calls));
      await page.keyboard.press('a');
      await told.getByText('stopped, somebody has it').waitFor();
      assert.equal(await told.getByText('is called by').count(), 0);
      await t.shot(page, 'policy-acknowledged');
    });
}
