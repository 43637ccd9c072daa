import { describe, expect, it } from 'vitest';
import type { Alert, AlertDetail } from '../types';
import { alertsWithin, markOf } from './context';
import { seriesOf } from './watched.svelte';
import { asText, nextSort, rowsOf, sorted, tableOf } from './table';
import { columnsOf, isPlain, kSeriesMax, legendText, seriesText } from './columns';
import { metricText, valueOf, type PromData } from './prom';
import {
  durationOf, durationText, instantOf, onGrid, shifted, stepFor, stepOf, windowOf, zoomed,
} from './range';
import { exploreHref, hrefOf, kEmpty, kQueriesMax, readState, remembered } from './state';

const h = 3_600_000;

describe('durations', () => {
  it.each([['5m', 300_000], ['1h30m', 5_400_000], ['1500ms', 1500], ['2w', 1_209_600_000],
    ['5', null], ['', null], ['5x', null], ['-5m', null]])('%s', (text, want) =>
    expect(durationOf(text)).toBe(want));
  it.each([[300_000, '5m'], [5_400_000, '1h30m'], [1500, '1s500ms'], [604_800_000, '1w'],
    [86_400_000 * 8, '8d']])('%d is %s, and back', (ms, text) => {
    expect(durationText(ms)).toBe(text);
    expect(durationOf(text)).toBe(ms);
  });
});

describe('instants', () => {
  const now = Date.UTC(2026, 10, 26, 14);
  it.each([
    ['now', now], ['now-6h', now - 6 * h], [' now - 90s', now - 90_000],
    ['1795701600', 1_795_701_600_000], ['1795701600000', 1_795_701_600_000],
    ['2026-11-26', Date.UTC(2026, 10, 26)], ['2026-11-26 13:30', Date.UTC(2026, 10, 26, 13, 30)],
    ['2026-11-26T13:30:05Z', Date.UTC(2026, 10, 26, 13, 30, 5)],
    ['yesterday', null], ['now-6', null], ['2026-13-40', null], ['', null],
  ])('%s', (text, want) => expect(instantOf(text, now)).toBe(want));
  it('without a zone it is the wall clock of the page', () =>
    expect(instantOf('2026-11-26 13:30', now, h)).toBe(Date.UTC(2026, 10, 26, 12, 30)));
  it.each([
    ['relative', 'now-6h', 'now', 6], ['unreadable', 'x', 'now', 1], ['empty', 'now', 'now-1h', 1],
  ])('a window, %s', (_, from, to, hours) =>
    expect(windowOf({ from, to }, now)).toEqual({ from: now - hours * h, to: now }));
});

describe('steps', () => {
  it.each([[h, 1000, 5000], [6 * h, 1000, 30_000], [5 * 60_000, 1000, 1000],
    [365 * 24 * h, 800, 43_200_000], [h, 0, 120_000]])('%d ms over %d px', (range, width, step) =>
    expect(stepFor(range, width)).toBe(step));
  it('never more points than pixels, and round', () => {
    for (let range = 60_000; range < 4e10; range *= 1.7) {
      for (const width of [320, 900, 2500]) {
        expect(range / stepFor(range, width)).toBeLessThanOrEqual(width);
      }
    }
  });
  it.each([['30s', h, 30_000], ['15', h, 15_000], ['0', h, null], ['', h, null], ['x', h, null],
    ['1s', 365 * 24 * h, 3_153_600]])('asked for: %s', (text, range, want) =>
    expect(stepOf(text, range)).toBe(want));
  it('a grid lies inside its window', () =>
    expect(onGrid({ from: 1001, to: 9999 }, 1000)).toEqual({ from: 2000, to: 9000 }));
  it('a grid of a short window is one point', () =>
    expect(onGrid({ from: 1001, to: 1002 }, 1000)).toEqual({ from: 1000, to: 1000 }));
});

describe('moving', () => {
  it('back by half', () => expect(shifted({ from: 100, to: 200 }, -1, 1000))
    .toEqual({ from: 50, to: 150 }));
  it('never beyond now', () => expect(shifted({ from: 100, to: 200 }, 1, 210))
    .toEqual({ from: 110, to: 210 }));
  it('out and in', () => {
    const out = zoomed({ from: 4 * h, to: 6 * h }, 2, 100 * h);
    expect(out).toEqual({ from: 3 * h, to: 7 * h });
    expect(zoomed(out, 0.5, 100 * h)).toEqual({ from: 4 * h, to: 6 * h });
  });
  it('not below ten seconds', () => expect(zoomed({ from: 0, to: 12_000 }, 0.5, 1e9))
    .toEqual({ from: 1000, to: 11_000 }));
});

describe('the address is the state', () => {
  it('nothing said is the standard', () => {
    expect(readState(new URLSearchParams())).toEqual(kEmpty);
    expect(hrefOf(kEmpty)).toBe('/explore');
  });
  it('all of it comes back', () => {
    const state = {
      ...kEmpty,
      queries: [{ expr: 'a{b="c & d"}', off: false }, { expr: 'rate(x[5m])', off: true }],
      span: { from: '1795701600000', to: 'now' }, step: '30s', view: 'table' as const, bands: true,
      alerts: true, live: true, filter: 'mad', only: 'x{a="b"}', sort: '-value',
    };
    expect(readState(new URL(`http://x${hrefOf(state)}`).searchParams)).toEqual(state);
  });
  it('empty queries are left out, and letters move up with them', () =>
    expect(hrefOf({ ...kEmpty, queries: [{ expr: '', off: false }, { expr: 'b', off: true }] }))
      .toBe('/explore?q=b&off=A'));
  it('bounded', () => {
    const many = new URLSearchParams(Array.from({ length: 40 }, (_, i) => ['q', `m${i}`]));
    expect(readState(many).queries.length).toBe(kQueriesMax);
  });
  it('a chart elsewhere leads here', () =>
    expect(exploreHref(['up'], { bands: true })).toBe('/explore?q=up&bands=1'));
  it('history: newest first, each once, bounded', () => {
    expect(remembered(['b', 'a'], ['a ', ''])).toEqual(['a', 'b']);
    expect(remembered(['b', 'a'], ['c'], 2)).toEqual(['c', 'b']);
  });
});

describe('columns', () => {
  const window = { from: 10_000, to: 50_000 };
  const matrix = (...values: [number, string][]): PromData =>
    ({ resultType: 'matrix', result: [{ metric: { __name__: 'x', a: '1' }, values }] });
  const one = (data: PromData, legend = '') =>
    columnsOf([{ query: 0, data, legend, expr: '3 + 4' }], window, 10_000);
  it('values stand on the grid, holes are null', () => {
    const { times, series } = one(matrix([10, '1'], [20, '2'], [50, '5']));
    expect(times).toEqual([10, 20, 30, 40, 50]);
    expect(series[0]).toMatchObject({
      label: 'x{a="1"}', values: [1, 2, null, null, 5], last: 5, min: 1, max: 5, alone: [4],
    });
  });
  it('what is no number is a hole', () =>
    expect(one(matrix([10, 'NaN'], [20, '+Inf'], [30, '3'])).series[0])
      .toMatchObject({ values: [null, null, 3, null, null], alone: [2] }));
  it('points outside the grid are left out', () =>
    expect(one(matrix([4, '1'], [60, '2'])).series[0]!.last).toBeNull());
  it('a number is a level line', () =>
    expect(one({ resultType: 'scalar', result: [50, '7'] }).series[0])
      .toMatchObject({ label: '3 + 4', values: [7, 7, 7, 7, 7] }));
  it('a text is nothing to draw', () =>
    expect(one({ resultType: 'string', result: [50, 'x'] }).series).toEqual([]));
  it('bounded, and says so', () => {
    const result = Array.from({ length: kSeriesMax + 7 }, (_, i) =>
      ({ metric: { i: String(i) }, values: [] }));
    const all = one({ resultType: 'matrix', result });
    expect([all.series.length, all.dropped]).toEqual([kSeriesMax, 7]);
  });
  it.each([['{{a}} of {{ __name__ }}', '1 of x'], ['{{none}}', 'x{a="1"}'], ['all', 'all']])(
    'legend %s', (pattern, want) => expect(legendText(pattern, { __name__: 'x', a: '1' }))
      .toBe(want));
  it.each([['up', true], [' up{a="}\\"", b=~\'c\'} ', true], ['rate(up[5m])', false],
    ['up + up', false], ['up offset 5m', false], ['{a="b"}', false], ['up{a="b"', false]])(
    'plain: %s is %s', (expr, want) => expect(isPlain(expr)).toBe(want));
  it('series as text', () => {
    expect(metricText({ b: '2', __name__: 'x', a: 'say "hi"' })).toBe('x{a="say \\"hi\\"", b="2"}');
    expect(seriesText({ b: '2', __name__: 'x', a: '1' })).toBe('x{a="1",b="2"}');
  });
  it.each([['+Inf', Infinity], ['-Inf', -Infinity], ['1e3', 1000]])('%s', (text, want) =>
    expect(valueOf(text)).toBe(want));
});

describe('table', () => {
  const vector: PromData = { resultType: 'vector', result: [
    { metric: { __name__: 'x', site: 'rome' }, value: [10, '9'] },
    { metric: { __name__: 'x', site: 'malta', node: 'n10' }, value: [10, 'NaN'] },
    { metric: { __name__: 'x', site: 'lagos', node: 'n9' }, value: [10, '+Inf'] },
    { metric: { __name__: 'x', site: 'madrid' }, value: [10, '10'] },
  ] };
  const rows = rowsOf('A', vector);
  const sites = (by: string) => sorted(rows, by).map((row) => row.metric['site']);
  it.each([
    ['', ['rome', 'malta', 'lagos', 'madrid']], ['value', ['rome', 'madrid', 'lagos', 'malta']],
    ['-value', ['lagos', 'madrid', 'rome', 'malta']],
    ['site', ['lagos', 'madrid', 'malta', 'rome']], ['-node', ['malta', 'lagos', 'rome', 'madrid']],
  ])('by %s', (by, want) => expect(sites(by)).toEqual(want));
  it('a column for each label, the name first', () =>
    expect(tableOf(rows).labels).toEqual(['__name__', 'node', 'site']));
  it('a click goes up, down, and back to as answered', () =>
    expect(['', 'site', '-site', 'value'].map((now) => nextSort(now, 'site')))
      .toEqual(['site', '-site', '', 'site']));
  it('a number and a text are one row, a range is one for each point', () => {
    expect(rowsOf('A', { resultType: 'scalar', result: [1, '7'] })).toHaveLength(1);
    expect(rowsOf('B', { resultType: 'matrix', result: [
      { metric: {}, values: [[1, '1'], [2, '2']] }] }).map((r) => r.time)).toEqual([1, 2]);
  });
  it('as text: nothing in a cell breaks the lines', () =>
    expect(asText(tableOf([{ query: 'A', metric: { a: 'x\ty\n' }, value: '1', time: 0 }])))
      .toBe('query\ta\ttime\tvalue\nA\tx y \t1970-01-01T00:00:00.000Z\t1'));
});

describe('what concerns a series', () => {
  const alert = (scope: Record<string, string>, opened: number, resolved: number | null) => ({
    id: 'a', scope, opened_at: opened, resolved_at: resolved, updated_at: opened, rule: 'r',
    severity: 'high', state: resolved === null ? 'open' : 'resolved', acknowledged_by: '',
    covered_by: null, silenced_by: '',
  }) as Alert;
  const window = { from: 100, to: 200 };
  const within = (...list: Alert[]) =>
    alertsWithin(list, [{ __name__: 'x', site: 'rome' }], window, new Map([['a', null]]))
      .map((a) => a.opened_at);
  it.each([
    ['open since before', alert({ site: 'rome' }, 50, null), [50]],
    ['another site', alert({ site: 'lagos' }, 150, null), []],
    ['of all sites', alert({}, 150, null), [150]],
    ['over before', alert({ site: 'rome' }, 50, 90), []],
    ['over within', alert({ site: 'rome' }, 50, 120), [50]],
    ['opened after', alert({ site: 'rome' }, 250, null), []],
    ['a scope of a label that it lacks', alert({ customer: 'a' }, 150, null), []],
  ])('%s', (_, one, want) => expect(within(one)).toEqual(want));
  it('a rule that watches other series concerns this one not, but a sum over its scope', () => {
    const one = alert({ site: 'rome' }, 150, null);
    const by = (...series: string[]) => new Map([['a', new Set(series)]]);
    const stored = { __name__: 'x', site: 'rome' };
    const found = (metric: Record<string, string>, known: Map<string, Set<string>>) =>
      alertsWithin([one], [metric], window, known).length;
    expect(found(stored, by('x{site="rome"}'))).toBe(1);
    expect(found(stored, by('y{site="rome"}'))).toBe(0);
    expect(found(stored, new Map())).toBe(0); // being asked
    expect(found({ site: 'rome' }, by('y{site="rome"}'))).toBe(1);
  });
  it.each([
    ['what its rule watches and what lit it', ['a'], ['b'], ['a', 'b']],
    ['what lit it, where the rule is not said', undefined, ['b'], ['b']],
    ['nobody can say', undefined, [], null],
  ] as const)('the series of an alert: %s', (_, metrics, lit, want) => {
    const of = (texts: readonly string[]) => texts.map((text) => ({ series: { text } }));
    const judged = { violations: of(lit) };
    const got = seriesOf({ ...(metrics === undefined ? {} : { metrics: of(metrics) }),
      opened: judged, latest: judged } as unknown as AlertDetail);
    expect(got === null ? null : [...got]).toEqual(want);
  });
  it('solid while nobody has it, to its end', () => {
    expect(markOf(alert({}, 150, null))).toMatchObject({ to: null, tone: 'high', hollow: false });
    expect(markOf(alert({}, 150, 160))).toMatchObject({ to: 160, hollow: true });
    expect(markOf({ ...alert({}, 150, null), acknowledged_by: 'ada' }).hollow).toBe(true);
  });
});
