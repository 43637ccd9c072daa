/** Days of a calendar as the Worker page draws them: by UTC dates, whatever clock the reader has. */
import type { DayCalendar } from '../types';

const kWeekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const kDayMs = 86_400_000;

export interface DayCell {
  date: string;
  /** Day of the month. */
  day: number;
  class: string;
  name: string;
  byDate: boolean;
  today: boolean;
}
export interface MonthGrid {
  /** "December 2026" */
  title: string;
  /** Empty cells before the first, Monday first. */
  before: number;
  days: DayCell[];
}

/** The weekdays of "mon-fri" or "mon, wed", Monday is 0. */
export function weekdaysOf(text: string): Set<number> {
  const out = new Set<number>();
  for (const part of text.split(', ')) {
    const [first, last] = part.split('-').map((word) => kWeekdays.indexOf(word));
    if (first === undefined || first < 0 || (last !== undefined && last < 0)) continue;
    for (let day = first; ; day = (day + 1) % 7) {
      out.add(day);
      if (day === (last ?? first)) break;
    }
  }
  return out;
}

const weekdayOf = (ms: number) => (new Date(ms).getUTCDay() + 6) % 7;
const isoOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);

/** The month of today and those after it. */
export function monthsOf(calendar: DayCalendar, count: number): MonthGrid[] {
  const business = weekdaysOf(calendar.business_days);
  const told = new Map(calendar.days.map((day) => [day.date, day]));
  const today = new Date(`${calendar.today}T00:00:00Z`);
  return Array.from({ length: count }, (_, ahead) => {
    const first = Date.UTC(today.getUTCFullYear(), today.getUTCMonth() + ahead, 1);
    const next = Date.UTC(today.getUTCFullYear(), today.getUTCMonth() + ahead + 1, 1);
    const days: DayCell[] = [];
    for (let ms = first; ms < next; ms += kDayMs) {
      const date = isoOf(ms);
      const known = told.get(date);
      days.push({
        date, day: new Date(ms).getUTCDate(),
        class: known?.class ?? (business.has(weekdayOf(ms)) ? 'business' : 'weekend'),
        name: known?.name ?? '', byDate: known !== undefined, today: date === calendar.today,
      });
    }
    return {
      title: new Date(first).toLocaleDateString('en-GB',
        { month: 'long', year: 'numeric', timeZone: 'UTC' }),
      before: weekdayOf(first), days,
    };
  });
}

/** "Fri 25 Dec 2026" */
export function dateText(date: string): string {
  return new Date(`${date}T00:00:00Z`).toLocaleDateString('en-GB',
    { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' })
    .replace(',', '');
}
