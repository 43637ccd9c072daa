import { describe, expect, it } from 'vitest';
import type { SeriesBand } from '../types';
import type { Definition } from './api';
import { changesOf, curveWeights, draftOf, isChanged, redrawn, tally } from './draft';

const worker: Definition = {
  id: 'w', place: 'w.yaml:2', why_not: null, strategy: 'weighted', opens: '2 of 3', score: 4,
  deviation_absolute: 0, deviation_relative: 0.01, select: ['x'],
  models: [
    { kind: 'level', name: 'level', detail: '', weight: 1, draws_band: true, periods: [],
      curves: ['level'] },
    { kind: 'profile', name: 'profile', detail: '', weight: 2, draws_band: true, periods: [3, 1],
      curves: ['profile -1', 'profile -2'] },
    { kind: 'threshold', name: 'limit', detail: '', weight: 1, draws_band: false, periods: [],
      curves: ['limit'] },
  ],
};
const series = { name: 'x', labels: {}, text: 'x' };
const curve = (name: string, expected: number, half: number) => (
  { name, kind: '', weight: 0.5,
    band: [[1, expected, expected - half, expected + half]] as SeriesBand['band'] });
const data: SeriesBand = {
  series, worker: 'w', points: [[1, 9]], band: [[1, 10, 9, 11], [2, 10, 9, 11]],
  models: [curve('level', 10, 1), curve('profile -1', 20, 2), curve('profile -2', 40, 4)],
  residual: [], violations: [], excluded: [],
};

describe('a draft', () => {
  it('is no change until something differs', () => {
    const draft = draftOf(worker);
    expect(isChanged(changesOf(worker, draft))).toBe(false);
    draft.weights['1.2'] = 0;
    draft.opens = '3 of 5';
    expect(changesOf(worker, draft)).toEqual({ opens: '3 of 5', weights: { '1.2': 0 } });
    draft.opens = '2 of 3';
    draft.weights['1.2'] = 1;
    expect(isChanged(changesOf(worker, draft))).toBe(false);
  });
  it('of other models leaves their weights alone', () => {
    const draft = { ...draftOf(worker), models: ['{kind: level}'] };
    draft.weights['0'] = 7;
    expect(changesOf(worker, draft)).toEqual({ models: ['{kind: level}'] });
  });
});

describe('weights of curves', () => {
  it('are the model\'s, shared among its periods', () => {
    expect([...curveWeights(worker, draftOf(worker))]).toEqual(
      [['level', 1], ['profile -1', 1.5], ['profile -2', 0.5]]);
  });
  it('are nothing when a model or all of its periods are off', () => {
    const draft = draftOf(worker);
    draft.weights['0'] = 0;
    draft.weights['1.1'] = 0;
    draft.weights['1.2'] = 0;
    expect([...curveWeights(worker, draft).values()]).toEqual([0, 0, 0]);
  });
});

describe('the band, redrawn', () => {
  it('is the weighted mean of the curves', () => {
    const [, expected, lower, upper] = redrawn(data, worker, draftOf(worker)).band[0]!;
    expect(expected).toBeCloseTo((10 + 1.5 * 20 + 0.5 * 40) / 3);
    expect(lower).toBeCloseTo((9 + 1.5 * 18 + 0.5 * 36) / 3);
    expect(upper).toBeCloseTo((11 + 1.5 * 22 + 0.5 * 44) / 3);
  });
  it('follows a slider, the score and the least deviation', () => {
    const draft = draftOf(worker);
    draft.weights['1'] = 0;
    expect(redrawn(data, worker, draft).band[0]).toEqual([1, 10, 9, 11]);
    draft.score = 8;
    expect(redrawn(data, worker, draft).band[0]).toEqual([1, 10, 8, 12]);
    draft.deviation_absolute = 5;
    expect(redrawn(data, worker, draft).band[0]).toEqual([1, 10, 5, 15]);
  });
  it('is not known where no model says anything', () => {
    expect(redrawn(data, worker, draftOf(worker)).band[1]).toEqual([2, null, null, null]);
  });
});

it('the tally says what changes', () => {
  expect(tally([{ before: 3, after: 1 }, { before: 1, after: 0 }])).toBe(
    '1 violation instead of 4');
  expect(tally([{ before: 2, after: 2 }])).toBe('2 violations, as before');
});
