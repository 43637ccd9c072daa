import { describe, expect, it } from 'vitest';
import { alertsHref, axisTop, groupingOf, inTime, labelOf, type Week } from './trends';

const week = (p90_ms: number) => ({ p90_ms }) as Week;

describe('trends', () => {
  it.each([
    ['none had a target', 0, 0, null], ['half', 4, 2, 0.5], ['all', 3, 3, 1],
  ])('the share in time: %s', (_, with_target, in_time, share) =>
    expect(inTime({ with_target, in_time })).toBe(share));
  it.each([
    ['no week: the promise is in sight', [], 6],
    ['quick ones', [week(60_000)], 6],
    ['over the promise', [week(7 * 60_000)], 8],
    ['half an hour', [week(30 * 60_000), week(1)], 40],
    ['a night', [week(8 * 3_600_000)], 540],
    ['days', [week(48 * 3_600_000)], 3600],
  ])('the axis holds %s', (_, weeks, minutes) =>
    expect(axisTop(weeks) / 60_000).toBe(minutes));
  it.each([
    [null, 'rule'], ['site', 'site'], ['label:team', 'label:team'], ['label:', 'rule'],
    ['team', 'rule'],
  ] as const)('reads the grouping of the address: %s', (text, by) =>
    expect(groupingOf(text)).toBe(by));
  it('groups by any label', () => {
    expect(labelOf('label:a:b')).toBe('a:b');
    expect(labelOf('site')).toBeNull();
    expect(alertsHref('label:team', 'p&q')).toBe('/ledger?label=team%3Dp%26q');
    expect(alertsHref('label:team', '')).toBeNull();
  });
  it('a name is quoted in the address of its alerts', () =>
    expect(alertsHref('site', 'a&b')).toBe('/alerts?state=all&site=a%26b'));
});
