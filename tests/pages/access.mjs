// Signing in and what the pages offer to whom, on the stand-in.
import assert from 'node:assert/strict';
import { settled } from './any.mjs';

const kPages = [['profile', '/profile', 'ada'], ['users', '/users', 'Users'],
  ['tokens', '/tokens', 'Tokens'], ['audit', '/audit', 'Audit']];

export function access(harness, mock) {
  const { people, scene } = mock;
  const begin = async (changes = {}) => {
    await fetch(`${mock.url}/mock/trouble`, { method: 'POST' });
    people.reset();
    Object.assign(people.scene, changes);
    scene.requests.length = 0;
  };
  const sent = (method, path) =>
    scene.requests.filter((one) => one.method === method && one.path === path);

  for (const [name, path, title] of kPages) {
    for (const width of [1440, 390]) {
      harness.test(`${name} at ${width} px: comes whole and accessible`, async (t) => {
        await begin({ who: 'ada' });
        const page = await t.open(path, { width });
        await settled(page);
        assert.equal(await page.locator('h1').innerText(), title);
        const [wide, shown] = await page.evaluate(
          () => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
        assert.ok(wide <= shown, `${wide} px wide in ${shown} px`);
        await t.axe(page, `${name} at ${width}`);
        await t.shot(page, `${name}-${width}`);
      });
    }
  }

  harness.test('signing in by keyboard alone; the page that was opened comes then', async (t) => {
    await begin({ required: true });
    const page = await t.open('/alerts', { network: true });
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await t.axe(page, 'login');
    await t.shot(page, 'login');
    assert.equal(sent('GET', '/api/alerts').length, 0, 'nothing is asked before it is known who');
    await page.getByLabel('Name').focus();
    await page.keyboard.type('ada');
    await page.keyboard.press('Tab');
    await page.keyboard.type('wrong one');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').waitFor();
    assert.match(await page.getByRole('alert').innerText(), /password is wrong/);
    assert.equal(await page.getByLabel('Password').inputValue(), '');
    await page.getByLabel('Password').focus();
    await page.keyboard.type('correct horse');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Alerts' }).waitFor();
    assert.equal(new URL(page.url()).pathname, '/alerts');
    await page.locator('.topbar .me').getByText('ada').waitFor();
  });

  harness.test('a session that ended asks to sign in again', async (t) => {
    await begin({ required: true, who: 'ada' });
    const page = await t.open('/users', { network: true });
    await settled(page);
    people.scene.who = 'here';
    await page.getByRole('link', { name: 'Audit', exact: true }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  });

  harness.test('the set-up link makes the first user', async (t) => {
    await begin({ required: true, setup: true, users: [...people.scene.users] });
    const page = await t.open('/setup#first', { network: true, as: '' });
    await page.getByLabel('Name', { exact: true }).fill('grace');
    await page.getByLabel('Password', { exact: true }).fill('correct horse');
    await page.getByLabel('Password again').fill('correct house');
    await page.keyboard.press('Enter');
    assert.match(await page.getByRole('alert').innerText(), /not the same/);
    await page.getByLabel('Password again').fill('correct horse');
    await page.keyboard.press('Enter');
    await page.locator('.topbar .me').getByText('grace').waitFor();
    assert.equal(new URL(page.url()).hash, '', 'the secret does not stay in the address');
  });

  harness.test('a viewer is shown why not, and nothing is sent', async (t) => {
    people.reset();
    const users = people.scene.users.map((one) => ({ ...one, role: 'viewer' }));
    await begin({ who: 'ada', users });
    const page = await t.open('/');
    await settled(page);
    const button = page.getByRole('button', { name: /^Acknowledge/ }).first();
    assert.ok(await button.isDisabled());
    assert.match(await button.getAttribute('title'), /viewer.*responder/);
    await page.keyboard.press('j');
    await page.keyboard.press('a');
    await page.getByText(/Your role is viewer/).waitFor();
    assert.ok(!scene.requests.some((one) => one.method === 'POST'), 'nothing was sent');
    await page.goto(`${mock.url}/profile`);
    await settled(page);
    assert.equal(await page.getByRole('link', { name: 'Users' }).count(), 0);
  });

  harness.test('an act carries the session’s token and a key of its own', async (t) => {
    await begin({ who: 'ada' });
    const page = await t.open('/');
    await settled(page);
    await page.getByRole('button', { name: /^Acknowledge/ }).first().click();
    await page.getByText(/acknowledged by ada/).first().waitFor();
    await page.getByRole('button', { name: /^Undo/ }).click();
    await page.getByText(/is unanswered again/).waitFor();
    const acts = scene.requests.filter((one) => one.path.endsWith('acknowledge'));
    assert.equal(acts.length, 2);
    for (const act of acts) assert.equal(act.headers['x-tocsin-csrf'], 'csrf-1');
    const keys = new Set(acts.map((act) => act.headers['idempotency-key']));
    assert.equal(keys.size, acts.length, 'each act has its own');
  });

  harness.test('users: made, changed, removed', async (t) => {
    await begin({ who: 'ada' });
    const page = await t.open('/users');
    await settled(page);
    await page.getByRole('button', { name: 'New user' }).click();
    await page.getByLabel('Name, as they sign in').fill('bob');
    await page.getByLabel('Role').selectOption('editor');
    await page.getByLabel(/^Password/).fill('correct horse');
    await t.axe(page, 'new user');
    await page.keyboard.press('Enter');
    await page.getByRole('cell', { name: 'bob', exact: true }).waitFor();
    assert.equal(JSON.parse(sent('POST', '/api/v1/users')[0].body).role, 'editor');
    await page.getByRole('button', { name: 'Change bob' }).click();
    await page.getByLabel(/^Sees only/).fill('customer="acme"');
    await page.getByRole('button', { name: 'Change user' }).click();
    await page.getByRole('row', { name: /bob/ }).getByText('customer="acme"').waitFor();
    await page.getByRole('button', { name: 'Remove bob' }).click();
    await page.getByRole('button', { name: 'Remove user' }).click();
    await page.getByRole('cell', { name: 'bob', exact: true }).waitFor({ state: 'detached' });
  });

  harness.test('a token is shown once', async (t) => {
    await begin({ who: 'ada' });
    const page = await t.open('/tokens');
    await settled(page);
    await page.getByRole('button', { name: 'New token' }).click();
    await page.getByLabel('What it is for').fill('board');
    await page.getByRole('checkbox', { name: /^write/ }).uncheck();
    await page.getByRole('checkbox', { name: /^read/ }).check();
    await page.getByRole('button', { name: 'Make the token' }).click();
    await page.getByText('toc_shown-once').waitFor();
    assert.deepEqual(JSON.parse(sent('POST', '/api/v1/tokens')[0].body).scopes, ['read']);
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('cell', { name: 'board', exact: true }).waitFor();
    assert.equal(await page.getByText('toc_shown-once').count(), 0);
    await page.getByRole('button', { name: 'Remove telegraf' }).click();
    await page.getByRole('button', { name: 'Remove token' }).click();
    await page.getByRole('cell', { name: 'telegraf', exact: true }).waitFor({ state: 'detached' });
  });

  harness.test('the audit log: filters in the address, older rows, export', async (t) => {
    await begin({ who: 'ada' });
    const page = await t.open('/audit?who=bob');
    await settled(page);
    assert.equal(await page.locator('tbody tr').count(), 44);
    await page.getByLabel('Who').fill('');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 100);
    await page.getByRole('button', { name: 'Older' }).click();
    await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 130);
    await page.getByLabel('What').selectOption('silence.');
    await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 65);
    assert.equal(new URL(page.url()).searchParams.get('action'), 'silence.');
    const href = await page.getByRole('link', { name: 'CSV' }).getAttribute('href');
    assert.match(href, /export\?action=silence\.&format=csv/);
  });

  harness.test('one’s own password and sessions', async (t) => {
    await begin({ who: 'ada' });
    const page = await t.open('/profile', { network: true });
    await settled(page);
    await page.getByLabel('Old password').fill('not it');
    await page.getByLabel('New password', { exact: true }).fill('another horse');
    await page.getByLabel('New password again').fill('another horse');
    await page.keyboard.press('Enter');
    await page.getByText('the old one is wrong').waitFor();
    await page.getByRole('row', { name: /phone/ }).getByRole('button', { name: 'End' }).click();
    await page.getByRole('row', { name: /phone/ }).waitFor({ state: 'detached' });
    assert.equal(sent('DELETE', '/api/v1/me/sessions/s2').length, 1);
    await page.getByRole('button', { name: 'Sign out', exact: true }).click();
    await page.waitForURL((url) => url.pathname === '/');
    assert.equal(people.scene.who, 'here');
    people.reset();
  });
}
