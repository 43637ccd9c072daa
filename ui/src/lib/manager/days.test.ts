import { describe, expect, it } from 'vitest';
import { dateText, monthsOf, weekdaysOf } from './days';

const kCalendar = {
  name: 'spain', zone: null, business_days: 'mon-fri', today: '2026-12-24',
  today_class: 'business', sites: ['madrid'], classes: ['business', 'weekend', 'holiday'],
  days: [{ date: '2026-12-25', class: 'holiday', name: 'Christmas', source: 'c.yaml:4' }],
};

describe('weekdays', () => {
  it('reads spans and lists', () => {
    expect([...weekdaysOf('mon-fri')]).toEqual([0, 1, 2, 3, 4]);
    expect([...weekdaysOf('sun-thu')]).toEqual([6, 0, 1, 2, 3]);
    expect([...weekdaysOf('mon, wed')]).toEqual([0, 2]);
    expect([...weekdaysOf('')]).toEqual([]);
  });
});

describe('months', () => {
  it('say of each day what it is', () => {
    const [december, january] = monthsOf(kCalendar, 2);
    expect(december!.title).toBe('December 2026');
    expect(december!.before).toBe(1); // a Tuesday
    expect(december!.days).toHaveLength(31);
    expect(december!.days[24]).toMatchObject({ class: 'holiday', name: 'Christmas', byDate: true });
    expect(december!.days[25]).toMatchObject({ class: 'weekend', byDate: false });
    expect(december!.days[23]!.today).toBe(true);
    expect(january!.title).toBe('January 2027');
  });
  it('are the same in every zone of the reader', () => {
    expect(dateText('2026-12-25')).toBe('Fri 25 Dec 2026');
  });
});
