import { describe, expect, it } from 'vitest';
import { addViolation, appendPoint, applyTicks, byUrgency, keepOrder, kSparkPointsMax,
  kStreamRowsMax, leadOf, matches, nest, onePer, recent, upsert, violationRows } from './reduce';
import type { Alert, Board, ViolationRow } from './types';

function alert(id: string, more: Partial<Alert> = {}): Alert {
  return {
    id, key: id, rule: 'errors-high', rule_place: '', severity: 'high', state: 'open',
    scope: { site: 'madrid' }, title: `alert ${id}`, title_subject: '', opened_at: 1000,
    updated_at: 1000, resolved_at: null, resolve_reason: '', acknowledged_by: '',
    acknowledged_at: null, silenced_by: '', silenced_until: null, covered_by: null, covers: [],
    told: { sent: 0, failed: 0, last_at: null }, next: null, spark: [],
    momentum: { trend: 'unknown', distance: null, speed: null, acceleration: null,
      predicted: null }, ...more,
  };
}
const ids = (alerts: readonly Alert[]) => alerts.map((a) => a.id).join(' ');

describe('order of alerts', () => {
  const acknowledged = alert('ack', { severity: 'critical', acknowledged_by: 'ada' });
  const old = alert('old', { opened_at: 1 });
  const low = alert('low', { severity: 'low', opened_at: 0 });
  const critical = alert('crit', { severity: 'critical', opened_at: 5000 });
  it('unanswered, then severity, then age', () =>
    expect(ids([acknowledged, low, alert('new'), old, critical].sort(byUrgency)))
      .toBe('crit old new low ack'));
  it('is total: equal ones go by id', () =>
    expect(ids([alert('b'), alert('a')].sort(byUrgency))).toBe('a b'));
  it('the lead is the first nobody has', () => {
    expect(leadOf([acknowledged, low, old])?.id).toBe('old');
    expect(leadOf([acknowledged])).toBeNull();
    expect(leadOf([alert('x', { state: 'resolved' }), alert('c', { covered_by: 'p' }),
      alert('s', { silenced_by: 'sil' })])).toBeNull();
  });
});

describe('nesting', () => {
  const parent = alert('parent', { severity: 'critical' });
  const child = alert('child', { covered_by: 'parent' });
  const shape = (alerts: Alert[]) =>
    nest(alerts).map((l) => (l.nested ? '>' : '') + l.alert.id).join(' ');
  it('a covered alert stands under its parent', () =>
    expect(shape([child, alert('other'), parent])).toBe('parent >child other'));
  it('without its parent it stands alone', () => expect(shape([child])).toBe('child'));
  it('resolved ones are no rows', () =>
    expect(shape([alert('x', { state: 'resolved' })])).toBe(''));
  it('two that cover each other are not lost', () =>
    expect(shape([alert('a', { covered_by: 'b' }), alert('b', { covered_by: 'a' })]))
      .toBe('>a >b'));
  it('a grandchild is not lost', () =>
    expect(shape([parent, child, alert('deep', { covered_by: 'child' })]))
      .toBe('parent >child >deep'));
  it('rows under the pointer keep their place', () => {
    const lines = nest([alert('a'), alert('b'), alert('c', { severity: 'critical' })]);
    expect(keepOrder(lines, ['b', 'a']).map((l) => l.alert.id)).toEqual(['b', 'a', 'c']);
    expect(keepOrder(lines, []).map((l) => l.alert.id)).toEqual(['c', 'a', 'b']);
  });
});

describe('changes', () => {
  it('a newer summary takes the place, an older one does not', () => {
    const at = (updated_at: number, title: string) => alert('a', { updated_at, title });
    expect(upsert([at(5, 'old')], at(6, 'new'))[0]!.title).toBe('new');
    expect(upsert([at(5, 'old')], at(5, 'same time'))[0]!.title).toBe('same time');
    expect(upsert([at(5, 'kept')], at(4, 'late'))[0]!.title).toBe('kept');
    expect(upsert([], at(1, 'x')).length).toBe(1);
  });
  it('keeps open ones and those resolved since', () => {
    const over = (id: string, resolved_at: number) =>
      alert(id, { state: 'resolved', resolved_at });
    expect(ids(recent([alert('a'), over('in', 100), over('out', 99)], 100))).toBe('a in');
  });
  it('one row per violation, newest first, bounded', () => {
    const row = (id: string, time: number) => ({ id, time }) as ViolationRow;
    expect(addViolation([row('a', 1), row('b', 0)], row('b', 2)).map((r) => [r.id, r.time]))
      .toEqual([['b', 2], ['a', 1]]);
    let rows: ViolationRow[] = [];
    for (let i = 0; i < kStreamRowsMax + 5; i++) rows = addViolation(rows, row(`${i}`, i));
    expect(rows.length).toBe(kStreamRowsMax);
  });
  it('a server that repeats itself gives no second row; an older word changes nothing', () => {
    const row = (id: string, time: number) => ({ id, time }) as ViolationRow;
    const said = [row('b', 2), row('a', 3), row('a', 4), row('a', 1)];
    expect(violationRows(said)).toEqual([row('a', 4), row('b', 2)]);
    expect(addViolation(said, row('a', 5))).toEqual([row('a', 5), row('b', 2)]);
    expect(addViolation(said, row('b', 1))).toEqual([row('a', 4), row('b', 2)]);
    expect(onePer([['x', 1], ['y', 2], ['x', 3]] as const, (r) => r[0]))
      .toEqual([['x', 3], ['y', 2]]);
  });
  it('a point is appended once, never backwards, bounded', () => {
    expect(appendPoint([[1, 1, 0, 2]], [2, 3, 0, 2]).length).toBe(2);
    expect(appendPoint([[2, 1, 0, 2]], [2, 9, 0, 2])).toEqual([[2, 9, 0, 2]]);
    expect(appendPoint([[2, 1, 0, 2]], [1, 9, 0, 2])).toEqual([[2, 1, 0, 2]]);
    let points = appendPoint([], [0, 0, 0, 0]);
    for (let t = 1; t < kSparkPointsMax + 9; t++) points = appendPoint(points, [t, 0, 0, 0]);
    expect(points.length).toBe(kSparkPointsMax);
  });
  it('ticks change their KPI and no other', () => {
    const kpi = (name: string) => ({
      name, state: 'guarded', severity: null, direction: null, change: null, points: [],
    });
    const board = { sites: [{ site: 'rome', kpis: [kpi('bets'), kpi('logins')] }] };
    const next = applyTicks(board as unknown as Board,
      [['rome', 'bets', 'open', 5, 1, 2, 3, 'below', '50 %', 'high'],
        ['oslo', 'bets', 'open', 5, 1, 2, 3, 'below', '50 %', 'high']]);
    expect(next.sites[0]!.kpis[0]).toMatchObject(
      { state: 'open', severity: 'high', change: '50 %', points: [[5, 1, 2, 3]] });
    expect(next.sites[0]!.kpis[1]).toMatchObject({ state: 'guarded', points: [] });
  });
});

describe('filter', () => {
  const a = alert('a', { title: 'errors in madrid 3× above', opened_at: 0 });
  it.each([
    ['', true], ['site=madrid', true], ['site=mad', true], ['site=rome', false],
    ['rule=errors', true], ['severity=high', true], ['severity=low', false], ['Errors', true],
    ['nothing', false], ['site=madrid errors', true], ['site=madrid nothing', false],
    ['@age>5m', true], ['@age>10m', false], ['@age<10m', false], ['@age<11m', true],
    ['customer=x', false], ['@age>', false],
  ])('%s', (filter, fits) => expect(matches(a, filter, 600_000)).toBe(fits));
});
