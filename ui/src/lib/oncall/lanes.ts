// Lanes of shifts: where a shift stands, whose hue it has, and wall-clock texts back to instants.
import { wall } from '../time';
import type { Shift } from './types';

export interface Span {
  from: number;
  to: number;
}

/** Left edge and width in percent of the shown span, cut at its ends; null outside. */
export function place(shift: Span, shown: Span): { left: number; width: number } | null {
  const from = Math.max(shift.from, shown.from);
  const to = Math.min(shift.to, shown.to);
  if (from >= to) return null;
  const all = shown.to - shown.from;
  return { left: (from - shown.from) / all * 100, width: (to - from) / all * 100 };
}

const kHues = 6;

/** The same person has the same hue on every lane and page; told apart by name, too. */
export function hueOf(person: string): number {
  let sum = 0;
  for (const c of person) sum = (sum * 31 + c.codePointAt(0)!) % 9973;
  return sum % kHues;
}

export function names(people: string[], known: { name: string; real_name: string }[]): string {
  const shown = people.map((one) => known.find((k) => k.name === one)?.real_name || one);
  return shown.length === 0 ? 'nobody' : shown.join(', ');
}

const pad = (n: number) => String(n).padStart(2, '0');

/** `2026-11-23T09:30` on the wall clock of the zone: what a datetime-local field holds. */
export function wallText(at: number, zone: string): string {
  const w = wall(at, zone);
  return `${w.getUTCFullYear()}-${pad(w.getUTCMonth() + 1)}-${pad(w.getUTCDate())}T${
    pad(w.getUTCHours())}:${pad(w.getUTCMinutes())}`;
}

/** The instant at which the zone's clock shows that text; a skipped time is the jump, of a doubled
    one it is the first. NaN if it is no time. */
export function instantOf(text: string, zone: string): number {
  const asUtc = Date.parse(`${text}Z`);
  if (Number.isNaN(asUtc)) return NaN;
  const offset = (at: number) => wall(at, zone).getTime() - Math.floor(at / 1000) * 1000;
  const kDay = 86_400_000;
  const found = [offset(asUtc - kDay), offset(asUtc + kDay)]
    .map((o) => asUtc - o).filter((at) => at + offset(at) === asUtc);
  if (found.length > 0) return Math.min(...found);
  // Skipped: look for the jump between the two readings.
  let before = asUtc - kDay;
  let after = asUtc + kDay;
  while (after - before > 1000) {
    const middle = Math.floor((before + after) / 2000) * 1000;
    if (middle + offset(middle) < asUtc) before = middle;
    else after = middle;
  }
  return after;
}

/** Shifts that can be swapped: of one person, not over yet. */
export function swappable(shifts: readonly Shift[], now: number): Shift[] {
  return shifts.filter((one) => one.people.length === 1 && one.to > now);
}
