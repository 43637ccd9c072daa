import { describe, expect, test } from 'vitest';
import type { BudgetReplay, PagesBudget, RuleBudget, WorkerBudget } from './types';
import { bySpending, rate, replayedText, replayText, tailText, toldText, workerVerdict } from './words';

const kWorker: WorkerBudget = {
  id: 'w', place: 'w.yaml:2', tier: 'kpi', noise: '1 per week', wanted: 1, measured: 1, verdict: 'within',
  series: 10, episodes: 10, since: 1, days: [], most: [], spenders: 0,
  tail: { series: 10, learning: 0, supported: 10, rarest: 0.03, edge: 0.7 },
};
const kPages: PagesBudget = {
  wanted: '1 per 30d', allowed: 1, told: 2, days_counted: 30, verdict: 'over', days: [],
  replay_allowed: 0.93, replayed: 1, replay_verdict: 'within',
};
const kReplay: BudgetReplay = {
  state: 'done', done: 1, from: 0, to: 28 * 86_400_000, at: 5, version: 'v', points: 1234,
  series: 1, note: null,
};

describe('rates', () => {
  test.each([[null, '–'], [0, '0'], [0.0312, '0.031'], [1.44, '1.4'], [12.6, '13']])(
    '%s', (value, text) => expect(rate(value)).toBe(text));
});

describe('a worker', () => {
  test('has a verdict only once it was measured', () => {
    expect(workerVerdict(kWorker)).toBe('within');
    expect(workerVerdict({ ...kWorker, verdict: 'none' })).toBe('not measured yet');
    expect(workerVerdict({ ...kWorker, verdict: 'none', noise: null })).toBe('no budget');
  });
  test('says what its tails support', () => {
    const tail = (series: number, learning: number, supported: number) =>
      tailText({ ...kWorker, tail: { series, learning, supported, rarest: 0.3, edge: 1 } });
    expect(tail(0, 0, 0)).toBe('no tail yet');
    expect(tail(10, 0, 10)).toBe('supported');
    expect(tail(10, 5, 10)).toMatch(/^supported, 50\s?% learn$/);
    expect(tail(10, 5, 5)).toMatch(/50\s?%; 0\.3 per week is the rarest/);
    expect(tailText({ ...kWorker, noise: null })).toBe('');
  });
});

describe('pages', () => {
  test('against what is allowed, where anything is', () => {
    expect(toldText(kPages)).toBe('2 of 1');
    expect(toldText({ ...kPages, allowed: null })).toBe('2');
    expect(replayedText(kPages)).toBe('1 of 0.93');
    expect(replayedText({ ...kPages, replay_allowed: null })).toBe('1');
    expect(replayedText({ ...kPages, replayed: null })).toBe('–');
  });
  test('the rule that spends most comes first', () => {
    const rule = (id: string, told: number, replayed: number | null): RuleBudget =>
      ({ id, place: '', severity: 'low', pages: { ...kPages, told, replayed } });
    const rules = [rule('b', 0, null), rule('a', 0, null), rule('c', 0, 3), rule('d', 1, 0)];
    expect(bySpending(rules).map((one) => one.id)).toEqual(['d', 'c', 'a', 'b']);
  });
});

describe('the replay', () => {
  test.each([
    [{ ...kReplay }, /The last 28 days .* of 1 series/],
    [{ ...kReplay, state: 'off' as const }, /switched off/],
    [{ ...kReplay, state: 'failed' as const }, /failed/],
    [{ ...kReplay, state: 'waiting' as const, from: null, to: null }, /not replayed yet/],
    [{ ...kReplay, state: 'running' as const, done: 0.5 }, /50\s?% done/],
  ])('%#', (replay, text) => expect(replayText(replay)).toMatch(text));
});
