// Instants in words. Everything takes the zone and "now" as arguments; nothing reads a clock.

export type ZoneChoice = 'utc' | 'mine' | 'site';

const kSecond = 1000;
const kMinute = 60 * kSecond;
const kHour = 60 * kMinute;
const kDay = 24 * kHour;
const kWeekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
const kMonths = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov',
  'Dec'] as const;

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (format === undefined) {
    const options: Intl.DateTimeFormatOptions = {
      year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric',
      second: 'numeric', hourCycle: 'h23',
    };
    try {
      format = new Intl.DateTimeFormat('en-US', { ...options, timeZone: zone });
    } catch {
      format = new Intl.DateTimeFormat('en-US', { ...options, timeZone: 'UTC' });
    }
    formats.set(zone, format);
  }
  return format;
}

/** The wall clock of `zone` at `time`, as if it were UTC. */
export function wall(time: number, zone: string): Date {
  const part: Record<string, number> = {};
  for (const { type, value } of formatOf(zone).formatToParts(time)) part[type] = Number(value);
  return new Date(
    Date.UTC(part['year']!, part['month']! - 1, part['day'], part['hour'], part['minute'],
      part['second']),
  );
}

const pad = (n: number) => String(n).padStart(2, '0');

export function hourMinute(time: number, zone: string): string {
  const w = wall(time, zone);
  return `${pad(w.getUTCHours())}:${pad(w.getUTCMinutes())}`;
}

export function clockTime(time: number, zone: string): string {
  return `${hourMinute(time, zone)}:${pad(wall(time, zone).getUTCSeconds())}`;
}

export function weekday(time: number, zone: string): string {
  return kWeekdays[wall(time, zone).getUTCDay()]!;
}

export function dayMonth(time: number, zone: string): string {
  const w = wall(time, zone);
  return `${w.getUTCDate()} ${kMonths[w.getUTCMonth()]}`;
}

/** Today with seconds, another day of the week with its name, farther away with its date. */
export function absolute(time: number, zone: string, now: number): string {
  const day = Math.floor(wall(time, zone).getTime() / kDay);
  const today = Math.floor(wall(now, zone).getTime() / kDay);
  if (day === today) return clockTime(time, zone);
  if (Math.abs(day - today) < 7) return `${weekday(time, zone)} ${hourMinute(time, zone)}`;
  return `${dayMonth(time, zone)} ${hourMinute(time, zone)}`;
}

export function iso(time: number): string {
  return Number.isFinite(time) && Math.abs(time) <= 8.64e15 ? new Date(time).toISOString() : '';
}

/** m:ss below an hour, then `2 h 14`, then `3 d 4 h`. Negative counts as zero. */
export function duration(ms: number): string {
  const s = Math.max(0, Math.round(ms / kSecond));
  if (s < 3600) return `${Math.floor(s / 60)}:${pad(s % 60)}`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${pad(Math.floor((s % 3600) / 60))}`;
  return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
}

/** A span in words for text, where m:ss could be read as a time of day. */
export function span(ms: number): string {
  const s = ms / kSecond;
  if (s < 60) return `${Number(s.toFixed(s < 10 ? 1 : 0))} s`;
  if (s < 3600) return `${Math.round(s / 60)} min`;
  return duration(ms);
}

const kSteps = [5 * kSecond, 10 * kSecond, 15 * kSecond, 30 * kSecond, kMinute, 2 * kMinute,
  5 * kMinute, 10 * kMinute, 15 * kMinute, 30 * kMinute, kHour, 2 * kHour, 3 * kHour, 6 * kHour,
  12 * kHour, kDay, 2 * kDay, 7 * kDay, 14 * kDay, 28 * kDay, 56 * kDay, 91 * kDay, 182 * kDay,
  364 * kDay];
/** Over more days than this a weekday's name says too little. */
const kWeekdaysMs = 8 * kDay;

/** Round instants of the zone's wall clock between from and to, at most `count` of them. */
export function timeTicks(from: number, to: number, count: number, zone: string):
  { at: number; label: string; day: boolean }[] {
  if (!(to > from) || count < 1) return [];
  const step = kSteps.find((s) => (to - from) / s <= count) ?? Math.ceil((to - from) / count);
  const offset = (t: number) => wall(t, zone).getTime() - Math.floor(t / kSecond) * kSecond;
  const ticks = [];
  let local = Math.ceil((from + offset(from)) / step) * step;
  for (;;) {
    // The offset may differ at the tick itself (daylight saving); one correction is enough.
    const guess = local - offset(from);
    const at = local - offset(guess);
    if (at > to) return ticks;
    const midnight = local % kDay === 0;
    const date = to - from > kWeekdaysMs ? dayMonth(at, zone) : weekday(at, zone);
    const label = midnight && step >= kHour ? date : stepLabel(at, step, zone);
    if (at >= from) ticks.push({ at, label, day: midnight });
    local += step;
  }
}

function stepLabel(at: number, step: number, zone: string): string {
  return step < kMinute ? clockTime(at, zone) : hourMinute(at, zone);
}
