import { describe, expect, it } from 'vitest';
import { asked, chosenOf, kRepeatMax, linesOf, refreshFor, rowsOf, titled, withChoice }
  from './expand';
import type { BoardPanel, BoardSpec, BoardVariable } from './types';

const site: BoardVariable = { name: 'site', label: 'site', from: 'x', standard: 'madrid' };
const node: BoardVariable = { name: 'node', label: 'host', from: 'up', standard: '' };

describe('what is chosen', () => {
  it.each([
    ['the standard', '', { site: ['madrid'], node: null }],
    ['another', 'v.site=rome', { site: ['rome'], node: null }],
    ['several', 'v.site=rome&v.site=malta&v.node=a', { site: ['rome', 'malta'], node: ['a'] }],
    ['all', 'v.site=*', { site: null, node: null }],
  ])('%s', (_, query, want) =>
    expect(chosenOf([site, node], new URLSearchParams(query))).toEqual(want));
  it.each([
    ['the standard is left out', site, ['madrid'], ''], ['all, by a star', site, null, '?v.site=*'],
    ['all, as is standard', node, null, ''], ['two', node, ['a', 'b'], '?v.node=a&v.node=b'],
    ['none is all', node, [], ''],
  ] as const)('in the address: %s', (_, variable, values, want) => {
    const href = withChoice('http://t/boards/a?v.node=old', variable, values);
    const rest = variable === site ? '?v.node=old' : '';
    expect(new URL(href).search).toBe(want === '' ? rest
      : rest === '' ? want : `${rest}&${want.slice(1)}`);
  });
});

describe('queries with variables put in', () => {
  const chosen = { site: ['a.b', 'c|d'], node: null, one: ['x.y"'] };
  it.each([
    ['a regular expression', 'x{s=~"$site"}', 'x{s=~"a\\\\.b|c\\\\|d"}'],
    ['all', 'x{n=~"$node",m!~"${node}"}', 'x{n=~".+",m!~".+"}'],
    ['plain after =', 'x{o="$one"}', 'x{o="x.y\\""}'],
    ['with blanks between', 'x{o =~ "$one"}', 'x{o =~ "x\\\\.y\\""}'],
    ['a part of a string', 'x{s=~"(${one}):.*"}', 'x{s=~"(x\\\\.y\\"):.*"}'],
    ['no variable of the board', 'x{s=~"a$"}+y{s="$none"}', 'x{s=~"a$"}+y{s="$none"}'],
    ['outside of strings nothing', 'site', 'site'],
    ['$interval', 'rate(x[$interval]) + rate(x[${interval}])', 'rate(x[5m]) + rate(x[5m])'],
  ])('%s', (_, expr, want) => expect(asked(expr, chosen, 300_000)).toBe(want));
  it('$interval is a minute at least', () =>
    expect(asked('rate(x[$interval])', {}, 15_000)).toBe('rate(x[1m])'));
  it('titles say the values', () =>
    expect(titled('$site: ${node} $none', chosen)).toBe('a.b, c|d: all $none'));
});

describe('rows', () => {
  const board = (repeat: string) => ({ rows: [
    { title: '', repeat, height: 'normal', panels: [] },
    { title: 'end', repeat: '', height: 'normal', panels: [] }] }) as unknown as BoardSpec;
  const keys = (repeat: string, chosen: Record<string, string[] | null>, values: string[]) =>
    rowsOf(board(repeat), chosen, { site: values }).map((r) => r.key);
  it('once for each value that is chosen', () =>
    expect(keys('site', { site: ['a', 'b'] }, ['a', 'b', 'c'])).toEqual(['0 a', '0 b', '1']));
  it('once for each value that is known', () =>
    expect(keys('site', { site: null }, ['a', 'b'])).toEqual(['0 a', '0 b', '1']));
  it('each row has its own value', () =>
    expect(rowsOf(board('site'), { site: null }, { site: ['a', 'b'] })[1]!.chosen)
      .toEqual({ site: ['b'] }));
  it('bounded', () => expect(keys('site', { site: null },
    Array.from({ length: 99 }, (_, i) => `s${i}`)).length).toBe(kRepeatMax + 1));
});

describe('times and lines', () => {
  it.each([[6 * 3_600_000, null, 10_000], [60_000, null, 5000], [6.048e8, null, 280_000],
    [3.1e10, null, 300_000], [6 * 3_600_000, 2000, 2000]])('a span of %d ms', (span, said, want) =>
    expect(refreshFor({ refresh_ms: said }, span)).toBe(want));
  it.each([[[4, 4, 4], 1], [[4, 4, 4, 4], 2], [[8, 8], 2], [[12], 1], [[], 0], [[3, 12, 3], 3]])(
    'panels of %j columns stand in %d lines', (widths, want) =>
      expect(linesOf(widths.map((width) => ({ width }) as BoardPanel))).toBe(want));
});
