// Who would be told, and groups of alerts, on the stand-in.
import assert from 'node:assert/strict';
import { settled } from './any.mjs';

const kMinute = 60_000;
const step = (at, number, text) => ({ at, person: 'alice', receiver: 'alice/sms', why: '',
  step: number, steps: 2, round: 1, rounds: 1, text });

function previewed(body, now) {
  const site = body.labels.site ?? '';
  if (site === '(') return [400, { error: 'reading "labels" of the body failed: site' }];
  if (body.labels.rule === 'nothing') {
    return [200, { receivers: ['inbox'], routes: [], policy: null, next: [], silenced_by: [],
      tellings: [{ route: null, customer: null, receivers: ['inbox'], grouping: null,
        repeat: null }] }];
  }
  const at = body.time ?? now;
  return [200, {
    receivers: ['acme-mail', 'ops'], routes: ['routes.yaml:3', 'routes.yaml:9'],
    policy: body.severity === 'low' ? null : 'payments',
    silenced_by: site === 'rome' ? ['0'] : [],
    tellings: [
      { route: 'routes.yaml:9', customer: null, receivers: ['ops'],
        grouping: { by: ['site'], by_all: false, wait_ms: 30_000, interval_ms: 300_000 },
        repeat: { first_ms: 1_800_000, factor: 2, max_ms: 86_400_000 } },
      { route: 'customers.yaml:2', customer: 'acme', receivers: ['acme-mail'], grouping: null,
        repeat: null },
    ],
    next: body.severity === 'low' ? [] : [step(at, 1, 'alice is called by alice/sms (step 1 of 2)'),
      step(at + 5 * kMinute, 2, 'bob is called by bob/sms (step 2 of 2)')],
  }];
}

function groupsOf(now, scene) {
  const open = scene.alerts.filter((one) => one.state === 'open');
  if (scene.calm || open.length === 0) return [];
  const line = (one) => ({ id: one.id, dedup_key: one.rule, severity: one.severity,
    state: one.state, title: one.title });
  const group = (more) => ({ id: 'a'.repeat(32), storm: false, over: false, route: 'routes.yaml:9',
    labels: { site: 'madrid' }, receivers: ['ops'], severity: 'critical', opened_at: now - kMinute,
    told_at: now - 30_000, due_at: now + 4 * kMinute, open: 7, truncated: 5,
    by_rule: [{ name: 'errors', count: 5 }, { name: 'slow', count: 2 }],
    alerts: open.slice(0, 2).map(line), ...more });
  return [group(), group({ id: 'b'.repeat(32), storm: true, route: '', labels: {}, told_at: null,
    due_at: now + 4000, receivers: ['pager'], severity: 'high', open: 120 })];
}

/** What these pages ask, or null. */
export function toldAnswer(method, path, body, now, scene) {
  if (path === '/api/escalation/preview') return previewed(body, now);
  if (path === '/api/heartbeats') {
    return [200, { heartbeats: scene.calm ? [] : [
      { name: 'backup', severity: 'high', within_ms: 3_600_000, last_at: now - 90 * kMinute,
        due_at: now - 30 * kMinute, late: true },
      { name: 'ledger', severity: 'low', within_ms: 60_000, last_at: null, due_at: now + 50_000,
        late: false },
    ] }];
  }
  if (path === '/api/alert-groups') return [200, { groups: groupsOf(now, scene) }];
  const [, , what, id, verb] = path.split('/');
  if (what !== 'alert-groups') return null;
  const group = groupsOf(now, scene).find((one) => one.id === id);
  if (!group) return [404, { error: `there is no alert group ${id}` }];
  if (verb === undefined) return [200, group];
  return [200, scene.alerts[0]];
}

export function told(harness, mock) {
  const tell = (what) => fetch(`${mock.url}/mock/${what}`, { method: 'POST' });
  const words = async (page, name) => (await page.getByRole('region', { name, exact: true })
    .innerText()).replaceAll(/\s+/g, ' ');

  harness.test('who is told: by keyboard alone, and the question stands in the address',
    async (t) => {
      await tell('trouble');
      const page = await t.open('/');
      await settled(page);
      await page.keyboard.press('g');
      await page.keyboard.press('k');
      await page.getByText('Type the labels of an alert').waitFor();
      await page.keyboard.press('/');
      await page.keyboard.type('rule=errors site=madrid customer=acme');
      await page.getByRole('region', { name: 'At once' }).getByText('acme-mail').waitFor();
      assert.match(await words(page, 'At once'),
        /ops in a group by site: first after 30 s, then at most every 5 min again while nobody/);
      assert.match(await words(page, 'At once'), /acme-mail customer acme each alert alone, at once/);
      assert.match(await words(page, 'Called'), /policy payments.*alice is called.*bob is called/);
      await t.axe(page, 'who is told');
      await t.shot(page, 'told');
      await page.getByRole('button', { name: 'low' }).press('Enter');
      await page.getByText('no policy: nobody is called one after the other').waitFor();
      await page.getByRole('button', { name: 'in 24 h' }).press('Enter');
      assert.match(page.url(), /labels=rule%3Derrors\+site%3Dmadrid/);
      assert.match(page.url(), /severity=low/);
      await page.reload();
      await page.getByText('no policy: nobody is called one after the other').waitFor();
      const asked = mock.scene.requests.filter((one) => one.path === '/api/escalation/preview').at(-1);
      const body = JSON.parse(asked.body);
      assert.deepEqual(body.labels, { rule: 'errors', site: 'madrid', customer: 'acme' });
      assert.equal(body.severity, 'low');
      assert.ok(body.time > Date.parse('2020-01-01'), 'a day ahead');
      await page.locator('h1').focus();
      await page.keyboard.press('Escape');
      await page.getByText('Type the labels of an alert').waitFor();
    });

  harness.test('who is told: nobody, silenced, a word that is no label, a refusal, no answer',
    async (t) => {
      await tell('trouble');
      const page = await t.open('/told?labels=rule%3Dnothing');
      await page.getByText('no route matches').waitFor();
      assert.match(await words(page, 'At once'), /inbox each alert alone, at once/);
      await page.goto(`${mock.url}/told?labels=rule%3Dx+site%3Drome`);
      await page.getByText('silenced now: nobody is told until').waitFor();
      await page.getByLabel('Labels, name=value').fill('rule=x madrid');
      await page.getByText('Not a label: madrid').waitFor();
      await tell('fail');
      await page.getByLabel('Labels, name=value').fill('rule=y');
      await page.getByText('no answer from Tocsin').first().waitFor();
      await tell('mend');
      t.forgive(/ERR_|EventSource|Failed to load/);
    });

  harness.test('groups: what is told together, acknowledged as one, by keyboard', async (t) => {
    await tell('trouble');
    const page = await t.open('/');
    await settled(page);
    await page.keyboard.press('g');
    await page.keyboard.press('g');
    const list = page.getByRole('region', { name: 'Groups' });
    await list.getByText('Storm: pager').waitFor();
    const said = (await list.innerText()).replaceAll(/\s+/g, ' ');
    assert.match(said, /site madrid 7 open: errors 5, slow 2 to ops; told .*, next message in [34]:\d\d;/);
    assert.match(said, /120 open.* not told yet, next message/);
    await t.axe(page, 'groups');
    await t.shot(page, 'groups');
    await page.keyboard.press('j');
    await page.keyboard.press('a');
    const name = page.getByLabel('Your name');
    if (await name.count() > 0) {
      await name.fill('ada');
      await page.keyboard.press('Enter');
    }
    await page.getByText(/cknowledged/).first().waitFor();
    const asked = mock.scene.requests.filter((one) => one.path.endsWith('/acknowledge')).at(-1);
    assert.equal(asked.path, `/api/alert-groups/${'a'.repeat(32)}/acknowledge`);
    await page.keyboard.press('o');
    await page.waitForURL(/\/alerts\?group=a{32}/);
  });

  harness.test('groups: none, and none that fits', async (t) => {
    await tell('trouble');
    const page = await t.open('/groups?q=zzz');
    await page.getByText('No group fits the filter.').waitFor();
    await tell('quiet');
    await page.goto(`${mock.url}/groups`);
    await page.getByText('Nothing is told together just now').waitFor();
    await tell('trouble');
  });

  harness.test('health: signs of life, those that are late first seen', async (t) => {
    await tell('trouble');
    const page = await t.open('/watch');
    await settled(page);
    const part = page.getByRole('region', { name: 'Heartbeats' });
    await part.getByRole('link', { name: 'backup' }).waitFor();
    const said = (await part.innerText()).replaceAll(/\s+/g, ' ');
    assert.match(said, /1 sign of life missing/);
    assert.match(said, /late: backup .*ago .* late by 30:00/);
    assert.match(said, /ledger none since the start 1 min in 0:/);
    await tell('quiet');
    await page.goto(`${mock.url}/watch`);
    await part.getByText('Nobody has to give a sign of life').waitFor();
    await tell('trouble');
  });

  harness.test('receivers: how fast each is told, what waits, what is paused', async (t) => {
    await tell('trouble');
    const page = await t.open('/receivers');
    await settled(page);
    const hub = (await page.getByRole('region', { name: 'Receiver ops-hub' }).innerText())
      .replaceAll(/\s+/g, ' ');
    assert.match(hub, /3 messages waiting, 1 of them failed before oldest .* 1 of 4 under way next try/);
    assert.match(hub, /paused: it takes no more until .* at most 10 at once, then one every 1 s/);
    const mail = page.getByRole('region', { name: 'Receiver ops', exact: true });
    assert.match(await mail.innerText(), /nothing waits/);
    assert.match(await mail.innerText(), /customer acme/);
  });
}
