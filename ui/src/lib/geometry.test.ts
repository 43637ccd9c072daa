import { describe, expect, it } from 'vitest';
import { area, extent, line, linear, nearest, padded, valueTicks } from './geometry';

describe('scales', () => {
  it('maps linearly, also upside down, and does not divide by zero', () => {
    expect(linear(0, 10, 100, 0)(5)).toBe(50);
    expect(linear(3, 3, 0, 10)(3)).toBe(0);
  });
  it('an extent leaves out what is no number', () => {
    expect(extent([3, null, NaN, undefined, -1, Infinity])).toEqual([-1, 3]);
    expect(extent([null])).toEqual([0, 1]);
  });
  it('a flat line gets height', () => {
    expect(padded([5, 5], 0.1)).toEqual([4.5, 5.5]);
    expect(padded([0, 0])).toEqual([-1, 1]);
  });
});

describe('paths', () => {
  it('an unknown value is a hole in the line', () =>
    expect(line([[0, 1], [1, 2], null, [3, 4.06]])).toBe('M0 1L1 2M3 4.1'));
  it('an area closes at a hole, and one point has no area', () => {
    const p = (x: number) => ({ x, low: 0, high: 2 });
    expect(area([p(0), p(1), null, p(5), null])).toBe('M0 2L1 2L1 0L0 0Z');
    expect(area([])).toBe('');
  });
});

describe('valueTicks', () => {
  it.each([
    [0, 288, 5, [0, 100, 200]], [0, 1, 4, [0, 0.5, 1]], [-3, 3, 6, [-3, -2, -1, 0, 1, 2, 3]],
    [0.1, 0.35, 3, [0.1, 0.2, 0.3]], [5, 5, 4, []], [0, NaN, 4, []],
  ])('%d to %d', (low, high, count, ticks) =>
    expect(valueTicks(low, high, count).map((t) => t + 0)).toEqual(ticks));
});

describe('nearest', () => {
  const of = (n: number) => n;
  it.each([
    [[], 5, undefined], [[1], 5, 1], [[1, 4, 9], 0, 1], [[1, 4, 9], 99, 9], [[1, 4, 9], 6, 4],
    [[1, 4, 9], 7, 9], [[2, 4], 3, 2],
  ])('%j at %d', (entries, time, found) =>
    expect(nearest(entries as number[], time, of)).toBe(found));
});
