import { describe, expect, it } from 'vitest';
import { lookOf, valueBounds, withUnit } from './look';

describe('units', () => {
  it.each([
    [0.123, 'ratio', '12.3 %'], [1_500_000, 'bytes', '1.5 MB'], [12, 'bytes', '12 B'],
    [-2e9, 'bits', '−2 Gbit'], [0.0005, 's', '500 µs'], [0.25, 's', '250 ms'], [90, 's', '90 s'],
    [600, 's', '10 min'], [7200, 's', '2 h'], [250, 'ms', '250 ms'], [0, 's', '0 s'],
    [134, 'per min', '134 per min'], [134, '', '134'], [null, 's', '–'], [NaN, 'bytes', '–'],
  ])('%s as %s', (value, unit, want) => expect(withUnit(value, unit)).toBe(want));
});

describe('looks', () => {
  it('the first two dozen differ', () => {
    const seen = new Set(Array.from({ length: 24 }, (_, i) => JSON.stringify(lookOf(i))));
    expect(seen.size).toBe(24);
  });
});

describe('bounds of the value axis', () => {
  it.each([
    ['air on both sides', [100, 200], null, null, [94, 206]],
    ['counts begin at zero', [2, 200], null, null, [0, 211.88]],
    ['given ones win', [100, 200], 0, 150, [0, 150]],
    ['a level line has height', [0, 0], null, null, [0, 1]],
    ['nothing known', [null], null, null, [0, 1.06]],
    ['given the wrong way round', [5], 10, 3, [10, 11]],
    ['what is infinite is left out', [Infinity, 1, 2], null, null, [0.94, 2.06]],
  ] as const)('%s', (_, shown, min, max, want) => {
    const [low, high] = valueBounds(shown, min, max);
    expect(low).toBeCloseTo(want[0]);
    expect(high).toBeCloseTo(want[1]);
  });
});
