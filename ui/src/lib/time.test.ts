import { describe, expect, it } from 'vitest';
import { absolute, clockTime, duration, iso, span, timeTicks, wall } from './time';

const kMinute = 60_000;
const kHour = 60 * kMinute;
const kThursday = Date.UTC(2026, 10, 26, 13, 32, 45);

describe('duration', () => {
  const cases: [name: string, ms: number, text: string][] = [
    ['zero', 0, '0:00'],
    ['in the past of its end', -5000, '0:00'],
    ['rounds to the second', 499, '0:00'],
    ['rounds up', 500, '0:01'],
    ['last before a minute', 59_000, '0:59'],
    ['a minute', 60_000, '1:00'],
    ['last before an hour', 3_599_000, '59:59'],
    ['an hour', 3_600_000, '1 h 00'],
    ['hours and minutes', 8_040_000, '2 h 14'],
    ['last before a day', 86_399_000, '23 h 59'],
    ['a day', 86_400_000, '1 d 0 h'],
    ['days and hours', 273_600_000, '3 d 4 h'],
  ];
  it.each(cases)('%s', (_, ms, text) => expect(duration(ms)).toBe(text));
});

describe('span', () => {
  it.each([[800, '0.8 s'], [16_000, '16 s'], [59_400, '59 s'], [60_000, '1 min'],
    [5_400_000, '1 h 30']])('%d ms', (ms, text) => expect(span(ms)).toBe(text));
});

describe('absolute', () => {
  it.each([
    ['today has seconds', kThursday - kHour, 'Europe/Madrid', '13:32:45'],
    ['the zone decides what today is', Date.UTC(2026, 10, 25, 23, 30), 'Europe/Madrid', '00:30:00'],
    ['yesterday has its weekday', Date.UTC(2026, 10, 25, 22, 54), 'Europe/Madrid', 'Wed 23:54'],
    ['tomorrow too', kThursday + 24 * kHour, 'UTC', 'Fri 13:32'],
    ['six days away still', kThursday - 6 * 24 * kHour, 'UTC', 'Fri 13:32'],
    ['a week away has its date', kThursday - 7 * 24 * kHour, 'UTC', '19 Nov 13:32'],
  ])('%s', (_, time, zone, text) => expect(absolute(time, zone, kThursday)).toBe(text));
  it('an unknown zone reads as UTC, not as an exception', () =>
    expect(clockTime(kThursday, 'Mars/Olympus')).toBe('13:32:45'));
  it('an instant beyond dates is empty', () => expect(iso(1e20)).toBe(''));
});

describe('wall', () => {
  it('follows daylight saving', () => {
    expect(wall(Date.UTC(2026, 9, 25, 0, 30), 'Europe/Madrid').getUTCHours()).toBe(2);
    expect(wall(Date.UTC(2026, 9, 25, 1, 30), 'Europe/Madrid').getUTCHours()).toBe(2);
  });
});

describe('timeTicks', () => {
  it('stands on round minutes of the zone', () => {
    const ticks = timeTicks(kThursday - 10 * kMinute, kThursday, 6, 'Asia/Kolkata');
    expect(ticks.map((t) => t.label)).toEqual(['18:54', '18:56', '18:58', '19:00', '19:02']);
  });
  it('days are local midnights, named by weekday, over a change of the clock too', () => {
    const from = Date.UTC(2026, 9, 23, 22); // Sat 24 Oct 00:00 in Madrid
    const ticks = timeTicks(from, from + 4 * 24 * kHour, 5, 'Europe/Madrid');
    expect(ticks.map((t) => t.label)).toEqual(['Sat', 'Sun', 'Mon', 'Tue']);
    expect(ticks.map((t) => clockTime(t.at, 'Europe/Madrid'))).toEqual(Array(4).fill('00:00:00'));
    expect(ticks[2]!.at - ticks[1]!.at).toBe(25 * kHour);
  });
  it('more than a week of days is named by date, a year too', () => {
    const day = 24 * kHour;
    expect(timeTicks(kThursday - 28 * day, kThursday, 4, 'UTC').map((t) => t.label))
      .toEqual(['29 Oct', '5 Nov', '12 Nov', '19 Nov', '26 Nov'].slice(-4));
    expect(timeTicks(kThursday - 365 * day, kThursday, 12, 'UTC').every(
      (t) => /^\d+ \w{3}$/.test(t.label))).toBe(true);
  });
  it('never more than asked, none for an empty window', () => {
    for (const ms of [1000, 61_000, 1e7, 6e8, 3e9, 4e11]) {
      expect(timeTicks(kThursday, kThursday + ms, 8, 'UTC').length).toBeLessThanOrEqual(9);
    }
    expect(timeTicks(5, 5, 8, 'UTC')).toEqual([]);
    expect(timeTicks(0, 1000, 0, 'UTC')).toEqual([]);
  });
});
