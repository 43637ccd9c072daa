import { describe, expect, it } from 'vitest';
import { meaning, type Press } from './keys';
import { ledgerOf } from './ledger';
import { appendTo, distanceTrail, residualOf } from './live';
import { isCurrent, kPages, routeOf, seriesHref } from './pages';
import { runsOf, slackOf } from './slack';
import type { Alert, AlertDetail, Delivery, Judgement, SeriesBand } from './types';
import { metricsOf, windowOf } from './window';

const press = (key: string, more: Partial<Press> = {}): Press =>
  ({ key, ctrl: false, meta: false, alt: false, typing: false, onControl: false, ...more });

describe('keys', () => {
  it.each([
    ['a letter', press('a'), false, 'acknowledge'],
    ['the second key of a chord', press('a'), true, 'go /alerts'],
    ['a chord nobody knows falls back', press('x'), true, 'select'],
    ['letters in a field are text', press('a', { typing: true }), false, null],
    ['Esc leaves a field', press('Escape', { typing: true }), false, 'back'],
    ['Enter belongs to a focused button', press('Enter', { onControl: true }), false, null],
    ['Enter opens elsewhere', press('Enter'), false, 'open'],
    ['the browser keeps its own', press('r', { ctrl: true }), false, null],
    ['Ctrl-K even in a field', press('k', { ctrl: true, typing: true }), false, 'palette'],
    ['Command-K', press('K', { meta: true }), false, 'palette'],
    ['an unknown key', press('q'), false, null],
    ['a name of Object.prototype', press('constructor'), false, null],
  ] as const)('%s', (_, p, afterG, command) => expect(meaning(p, afterG).command).toBe(command));
  it('no two pages share a key or an address', () => {
    const keys = kPages.flatMap(({ key }) => key ?? []);
    expect(new Set(keys).size).toBe(keys.length);
    expect(new Set(kPages.map(({ path }) => path)).size).toBe(kPages.length);
  });
  it('g begins a chord, but not in a field', () => {
    expect(meaning(press('g'), false)).toEqual({ command: null, chord: true });
    expect(meaning(press('g', { typing: true }), false).chord).toBe(false);
  });
});

describe('routes', () => {
  it.each([
    ['/', { page: 'now' }], ['/alerts', { page: 'alerts' }], ['/alerts/', { page: 'alerts' }],
    ['/alerts/ab', { page: 'alert', id: 'ab' }], ['/workers/a%2Fb', { page: 'worker', id: 'a/b' }],
    ['/workers/%', { page: 'worker', id: '%' }], ['/inbox/x', { page: 'nowhere' }],
    ['/alerts/a/b', { page: 'nowhere' }], ['/else', { page: 'nowhere' }],
  ])('%s', (path, route) => expect(routeOf(path)).toEqual(route));
  it('a detail page belongs to its list', () => {
    const current = (path: string) => kPages.filter((p) => isCurrent(p, path)).map((p) => p.name);
    expect(current('/')).toEqual(['Now']);
    expect(current('/alerts/ab')).toEqual(['Alerts']);
    expect(current('/alertsx')).toEqual([]);
  });
  it('series and workers are quoted in addresses', () =>
    expect(seriesHref('a b', { name: 'x', labels: {}, text: 'x{a="&"}' }))
      .toBe('/workers/a%20b?series=x%7Ba%3D%22%26%22%7D'));
});

describe('window', () => {
  const alert = (opened_at: number, resolved_at: number | null) =>
    ({ opened_at, resolved_at }) as Alert;
  const min = 60_000;
  it('a fresh alert shows the whole span', () =>
    expect(windowOf(alert(100 * min, null), '10m', 101 * min))
      .toEqual({ from: 91 * min, to: 101 * min }));
  it('it stretches to hold an opening that is near', () =>
    expect(windowOf(alert(100 * min, null), '10m', 120 * min))
      .toEqual({ from: 97 * min, to: 120 * min }));
  it('it lets go of one that is far', () =>
    expect(windowOf(alert(0, null), '10m', 1000 * min))
      .toEqual({ from: 990 * min, to: 1000 * min }));
  it('one that is over ends shortly after its end', () =>
    expect(windowOf(alert(100 * min, 200 * min), '10m', 5000 * min))
      .toEqual({ from: 97 * min, to: 201.5 * min }));
});

describe('metrics of a rule', () => {
  const violation = (name: string, direction: string) =>
    ({ series: { name, labels: {}, text: name }, worker: 'w', direction });
  it('violated first, silent last, each once; those that did not light stand too', () => {
    const judgement = { violations: [violation('up', 'silent'), violation('ok', 'below')] };
    const detail = {
      opened: { violations: [violation('ok', 'below'), violation('gone', 'above')] },
      metrics: [{ series: { name: 'calm', labels: {}, text: 'calm' }, worker: 'w' }],
    };
    expect(metricsOf(detail as unknown as AlertDetail, judgement as unknown as Judgement)
      .map((m) => m.series.name)).toEqual(['ok', 'gone', 'calm', 'up']);
  });
});

describe('live data', () => {
  const band = { points: [[1, 10], [2, null], [3, 4]], band: [[1, 8, 4, 10], [3, 8, 4, 10]] };
  const data = band as unknown as SeriesBand;
  it('a value is appended once and never backwards', () => {
    expect(appendTo(data, 3, 9, 1, 2)).toBe(data);
    const next = appendTo(data, 4, 9, 1, 3);
    expect(next.points.at(-1)).toEqual([4, 9]);
    expect(next.band.at(-1)).toEqual([4, 2, 1, 3]);
  });
  it('the residual is ±1 at each edge, of bands that are not even', () =>
    expect(residualOf(data)).toEqual([[1, 1], [3, -1]]));
  it('the trail is the weighted mean over what was open', () => {
    const tail = (d: number[]) => d.map((distance, i) => ({ time: i * 10, distance }));
    const judgement = { time: 20, violations: [
      { direction: 'below', opened: 10, weight: 1, tail: tail([0, -4, -6]) },
      { direction: 'above', opened: 20, weight: 0.5, tail: tail([0, 3, 3]) },
      { direction: 'silent', opened: 0, weight: 1, tail: tail([9, 9, 9]) },
    ] };
    expect(distanceTrail(judgement as unknown as Judgement, 100))
      .toEqual([{ time: 0, far: 0 }, { time: 10, far: 4 }, { time: 20, far: 5 }]);
  });
});

describe('ledger', () => {
  const delivery = (more: Partial<Delivery>): Delivery => ({
    id: 1, receiver: 'ops', kind: 'mail', event: 'opened', state: 'sent', attempts: 1, planned: 10,
    sent: 11, next_try: null, answer: '250 ok', ...more,
  });
  const of = (ledger: Delivery[]) => ledgerOf(
    { history: [{ time: 5, what: 'opened', who: '', text: '' }], notes: [], ledger } as
      unknown as AlertDetail);
  it('sent ones are past, planned ones to come', () => {
    const { past, next } = of([delivery({}), delivery(
      { id: 2, state: 'planned', attempts: 0, sent: null, planned: 90 })]);
    expect(past.map((l) => l.what)).toEqual(['opened', 'mail ops']);
    expect(next.map((l) => l.time)).toEqual([90]);
  });
  it('a receiver named for its kind is said once, and so is what the history says too', () => {
    const { past } = ledgerOf({ notes: [], ledger: [delivery({ kind: 'ops' })], history: [
      { time: 5, what: 'told', who: '', text: 'ops' },
      { time: 5, what: 'told', who: '', text: 'ops, ops' },
      { time: 6, what: 'told', who: '', text: 'ops, another' },
      { time: 7, what: 'covered', who: 'parent', text: '0123456789abcdef0123456789abcdef' },
    ] } as unknown as AlertDetail);
    expect(past.map((l) => `${l.what}: ${l.detail}`))
      .toEqual(['told: ops, another', 'covered by parent: ', 'ops: opened; 250 ok']);
  });
  it('updates of one receiver fold, whatever others were told in between', () => {
    const update = (id: number, more: Partial<Delivery> = {}) =>
      delivery({ id, event: 'updated', sent: 10 + id, ...more });
    const { past } = of([delivery({}), update(2), update(3, { receiver: 'lead' }), update(4),
      update(4), update(5), update(6, { state: 'failed' }), update(7), update(8),
      update(9, { event: 'resolved' }), update(10)]);
    const words = past.map((l) => [l.what, l.folded?.map((f) => f.time) ?? l.time]);
    expect(words).toEqual([['opened', 5], ['mail ops', 11], ['mail ops', [12, 14, 15]],
      ['mail lead', 13], ['mail ops', 16], ['mail ops', [17, 18]], ['mail ops', 19],
      ['mail ops', 20]]);
    expect(past[2]).toMatchObject({ time: 12, failed: false });
  });
  it('what people did parts the updates', () => {
    const updates = [1, 2, 3, 4].map((id) => delivery({ id, event: 'updated', sent: 10 * id }));
    const { past } = ledgerOf({ history: [], ledger: updates,
      notes: [{ time: 25, who: 'ada', text: 'seen' }] } as unknown as AlertDetail);
    expect(past.map((l) => l.folded?.length ?? l.what)).toEqual([2, 'note by ada', 2]);
  });
  it('a failure with a retry stands on both sides', () => {
    const { past, next } = of([delivery({ state: 'failed', next_try: 70 })]);
    expect(past[1]).toMatchObject({ failed: true, tone: 'bad' });
    expect(next).toMatchObject([{ time: 70, detail: 'opened; retry 2' }]);
  });
  it('what was given up is not to come', () =>
    expect(of([delivery({ state: 'given up', next_try: 70 })]).next).toEqual([]));
});

describe('Slack', () => {
  it('reads blocks and attachments; what is no message is null', () => {
    const body = JSON.stringify({ channel: '#a', attachments: [{ color: '#c41c27', blocks: [
      { type: 'header', text: { text: 'head' } }, { type: 'what', text: 'x' },
      { type: 'section', fields: [{ text: 'f' }] }] }] });
    expect(slackOf(body)).toEqual({ channel: '#a', text: '', color: '#c41c27', parts: [
      { kind: 'header', lines: ['head'] }, { kind: 'fields', lines: ['f'] }] });
    expect(slackOf('{')).toBeNull();
    expect(slackOf('null')).toBeNull();
    expect(slackOf('{"blocks":7,"attachments":[null,{"color":"red;x"}]}')?.color).toBeNull();
  });
  it('marks become runs, never HTML, and only http becomes a link', () => {
    expect(runsOf('*a* _b_ `c` <https://x/?a=1&amp;b|t> &lt;i&gt;')).toEqual([
      { text: 'a', style: 'bold' }, { text: ' ', style: 'plain' }, { text: 'b', style: 'italic' },
      { text: ' ', style: 'plain' }, { text: 'c', style: 'code' }, { text: ' ', style: 'plain' },
      { text: 't', style: 'link', href: 'https://x/?a=1&b' }, { text: ' <i>', style: 'plain' }]);
    expect(runsOf('<javascript:alert(1)|x>')[0]!.style).toBe('plain');
  });
});
