// From values to SVG: scales, paths with holes where a value is unknown, round ticks.

export type Scale = (value: number) => number;
export type Spot = [x: number, y: number];

export function linear(from: number, to: number, low: number, high: number): Scale {
  const span = to - from || 1;
  return (value) => low + ((value - from) / span) * (high - low);
}

const round = (n: number) => (Math.round(n * 10) / 10).toString();

/** A line through the spots; a null breaks it. */
export function line(spots: readonly (Spot | null)[]): string {
  let path = '';
  let pen = false;
  for (const spot of spots) {
    if (spot === null) {
      pen = false;
    } else {
      path += `${pen ? 'L' : 'M'}${round(spot[0])} ${round(spot[1])}`;
      pen = true;
    }
  }
  return path;
}

/** Closed areas between two edges; where either is unknown the area ends and begins anew. */
export function area(spots: readonly ({ x: number; low: number; high: number } | null)[]): string {
  let path = '';
  let run: { x: number; low: number; high: number }[] = [];
  const close = () => {
    if (run.length > 1) {
      const upper = run.map((p, i) => `${i ? 'L' : 'M'}${round(p.x)} ${round(p.high)}`);
      const lower = run.reverse().map((p) => `L${round(p.x)} ${round(p.low)}`);
      path += `${upper.join('')}${lower.join('')}Z`;
    }
    run = [];
  };
  for (const spot of spots) {
    if (spot === null) close();
    else run.push(spot);
  }
  close();
  return path;
}

/** The smallest and largest finite number; [0, 1] when there is none. */
export function extent(values: Iterable<number | null | undefined>): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value === null || value === undefined || !Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : [0, 1];
}

/** The extent with air around it, never of height zero. */
export function padded([low, high]: [number, number], share = 0.08): [number, number] {
  const air = (high - low) * share || Math.abs(high) * share || 1;
  return [low - air, high + air];
}

/** At most `count` round numbers inside [low, high]. */
export function valueTicks(low: number, high: number, count: number): number[] {
  const raw = (high - low) / Math.max(1, count);
  if (!(raw > 0) || !Number.isFinite(raw)) return [];
  const size = 10 ** Math.floor(Math.log10(raw));
  const step = size * ([1, 2, 5, 10].find((m) => m * size >= raw) ?? 10);
  const ticks = [];
  for (let i = Math.ceil(low / step); i * step <= high; i++) {
    ticks.push(Number((i * step).toPrecision(12)));
  }
  return ticks;
}

/** The entry whose time is nearest; entries are sorted by time. */
export function nearest<T>(entries: readonly T[], time: number, of: (entry: T) => number):
  T | undefined {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (of(entries[middle]!) < time) low = middle + 1;
    else high = middle;
  }
  const after = entries[low];
  const before = entries[low - 1];
  if (after === undefined || before === undefined) return after ?? before;
  return time - of(before) <= of(after) - time ? before : after;
}
