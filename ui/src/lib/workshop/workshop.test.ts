import { describe, expect, it } from 'vitest';
import { precisionText } from '../precision';
import { barsOf } from './lanes';
import type { Change, ChangeKind } from './types';

function change(kind: ChangeKind, base: [number, number | null] | null,
  tried: [number, number | null] | null): Change {
  const side = (span: [number, number | null] | null) => span === null ? null
    : { opened_at: span[0], resolved_at: span[1], covered: false, receivers: [] };
  return {
    kind, by_ms: 0, rule: 'r', severity: 'high', scope: {}, title: '', worker: null, series: null,
    base: side(base), tried: side(tried),
  };
}

describe('bars of a lane', () => {
  const rows: [string, [number, number | null], number, number][] = [
    ['within', [100, 300], 100, 200],
    ['begun before the range', [-50, 100], 0, 100],
    ['still open', [900, null], 900, 100],
    ['over after the range', [800, 5000], 800, 200],
    ['too short to see', [500, 500], 500, 3],
    ['too short, at the very end', [1000, null], 997, 3],
  ];
  it.each(rows)('%s', (_, span, x, width) => {
    const [bar] = barsOf([change('same', span, null)], 'base', 0, 1000, 1000);
    expect([bar!.x, bar!.width]).toEqual([x, width]);
  });
  it('has only what its run found, changes on top', () => {
    const all = [change('gained', null, [1, 2]), change('lost', [1, 2], null),
      change('same', [5, 6], [5, 6])];
    const kinds = (which: 'base' | 'tried') =>
      barsOf(all, which, 0, 10, 100).map((bar) => bar.kind);
    expect(kinds('base')).toEqual(['same', 'lost']);
    expect(kinds('tried')).toEqual(['same', 'gained']);
  });
});

describe('precision in words', () => {
  it('says nothing without a mark', () => {
    expect(precisionText(undefined)).toBe('');
    expect(precisionText({ useful: 0, noise: 0, precision: null })).toBe('');
  });
  it('says the share and of how many', () => {
    expect(precisionText({ useful: 4, noise: 1, precision: 0.8 })).toBe('80 % of 5');
  });
});
