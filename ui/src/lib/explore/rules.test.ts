import { describe, expect, it } from 'vitest';
import { countsOf, groupsOf, instantOfGo, isSlow, type PromGroup, type PromRule } from './rules';

const rule = (name: string, more: Partial<PromRule> = {}): PromRule => ({
  type: 'alerting', name, query: `${name} > 0`, state: 'inactive', health: 'ok',
  evaluationTime: 0.001, lastEvaluation: '2026-11-26T13:30:00Z', ...more,
});
const group = (name: string, ...rules: PromRule[]): PromGroup => ({
  name, file: 'r.yaml', interval: 60, evaluationTime: 0.01, lastEvaluation: '', rules,
});

describe('rule groups', () => {
  const all = [
    group('calm', rule('a')), group('waits', rule('b', { state: 'pending' })),
    group('rings', rule('c'), rule('d', { state: 'firing' })),
    group('fails', rule('e', { health: 'err', lastError: 'no' })),
  ];
  const names = (filter: string) => groupsOf(all, filter).map((g) => g.name);
  it('what is wrong comes first', () =>
    expect(names('')).toEqual(['fails', 'rings', 'waits', 'calm']));
  it.each([['D > 0', ['rings']], ['firing', ['rings']], ['err', ['fails']], ['nothing', []]])(
    'filter %s', (filter, want) => expect(names(filter)).toEqual(want));
  it('a filtered group keeps its fitting rules alone', () =>
    expect(groupsOf(all, 'firing')[0]!.rules.map((r) => r.name)).toEqual(['d']));
  it('counts', () =>
    expect(countsOf(all)).toEqual({ rules: 5, firing: 1, pending: 1, failing: 1 }));
  it.each([[59, false], [60, false], [61, true]])('%d s of 60: slow is %s', (took, want) =>
    expect(isSlow({ ...group('g'), evaluationTime: took })).toBe(want));
  it.each([['2026-11-26T13:30:00Z', Date.UTC(2026, 10, 26, 13, 30)],
    ['0001-01-01T00:00:00Z', null], ['', null]])('instant %s', (text, want) =>
    expect(instantOfGo(text)).toBe(want));
});
