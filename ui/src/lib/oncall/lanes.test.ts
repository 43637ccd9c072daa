import { describe, expect, it } from 'vitest';
import { hueOf, instantOf, names, place, swappable, wallText } from './lanes';

describe('lanes', () => {
  it('places a shift, cut at the ends of what is shown', () => {
    const shown = { from: 1000, to: 2000 };
    expect(place({ from: 1000, to: 1500 }, shown)).toEqual({ left: 0, width: 50 });
    expect(place({ from: 0, to: 9000 }, shown)).toEqual({ left: 0, width: 100 });
    expect(place({ from: 0, to: 1000 }, shown)).toBeNull();
    expect(place({ from: 2000, to: 3000 }, shown)).toBeNull();
  });
  it('gives a person one hue and the real name', () => {
    expect(hueOf('ana')).toBe(hueOf('ana'));
    expect(names(['ana', 'bob'], [{ name: 'ana', real_name: 'Ana Ruiz' }])).toBe('Ana Ruiz, bob');
    expect(names([], [])).toBe('nobody');
  });
  it.each([
    ['2026-07-01T09:00', 'Europe/Berlin', '2026-07-01T07:00:00.000Z'],
    ['2026-10-25T02:30', 'Europe/Berlin', '2026-10-25T00:30:00.000Z'],
    ['2026-03-29T02:30', 'Europe/Berlin', '2026-03-29T01:00:00.000Z'],
    ['2026-10-04T02:15', 'Australia/Lord_Howe', '2026-10-03T15:30:00.000Z'],
    ['2026-07-01T09:00', 'UTC', '2026-07-01T09:00:00.000Z'],
  ])('reads %s in %s', (text, zone, iso) => {
    expect(new Date(instantOf(text, zone)).toISOString()).toBe(iso);
  });
  it('swaps shifts of one person that are not over', () => {
    const shift = (from: number, to: number, people: string[]) =>
      ({ from, to, people, overridden: false });
    const running = shift(0, 11, ['ana']);
    const all = [shift(0, 10, ['ana']), running, shift(11, 20, ['ana', 'bob']), shift(20, 30, [])];
    expect(swappable(all, 10)).toEqual([running]);
  });
  it('writes what it reads', () => {
    expect(wallText(instantOf('2026-11-23T09:30', 'America/New_York'), 'America/New_York'))
      .toBe('2026-11-23T09:30');
    expect(instantOf('', 'UTC')).toBeNaN();
  });
});
