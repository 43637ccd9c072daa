import { describe, expect, it } from 'vitest';
import { causesHref, concerns, leadText, movedText, readSpan, spanParam, type Change, type Cause,
  type SeriesCause } from './causes';

describe('spans in the address', () => {
  it('come back as they went', () => {
    expect(readSpan(spanParam({ from: 1000.4, to: 2000.6 }))).toEqual({ from: 1000, to: 2001 });
  });
  it.each([['', null], ['5', null], ['5-', null], ['9-5', null], ['5-5', null], ['a-b', null],
    ['-5-9', null], ['5-9x', null], [null, null]])('%s is none', (text, want) =>
    expect(readSpan(text)).toBe(want));
  it('make a link that keeps the series', () => {
    expect(causesHref({ from: 1, to: 2 }, 'a{b="c"}')).toBe('/causes?span=1-2&series=a%7Bb%3D%22c%22%7D');
    expect(causesHref({ from: 1, to: 2 })).toBe('/causes?span=1-2');
  });
});

describe('which series a change concerns', () => {
  const change = { labels: { site: 'madrid', service: 'cart' } } as unknown as Change;
  it.each([
    ['the same', { site: 'madrid', service: 'cart' }, true],
    ['one that says less', { site: 'madrid' }, true],
    ['one that says nothing', {}, true],
    ['another site', { site: 'oslo' }, false],
  ] as const)('%s', (_, labels, want) => expect(concerns(change, labels)).toBe(want));
});

describe('what moved', () => {
  it.each([
    [{ usual: 4.1, now: 312, per_second: true }, '4.1 → 312 per s'],
    [{ usual: 4.1, now: 312, per_second: false, stopped: false }, '4.1 → 312'],
    [{ usual: 12, now: 12, per_second: false, stopped: true }, '12 → no points'],
  ])('%o', (cause, want) => expect(movedText(cause as SeriesCause)).toBe(want));
});

describe('leads', () => {
  it.each([[null, ''], [0, 'with it'], [40_000, '40 s before'], [-60_000, '1 min after']])(
    '%s', (lead_ms, want) => expect(leadText({ lead_ms } as Cause)).toBe(want));
});
