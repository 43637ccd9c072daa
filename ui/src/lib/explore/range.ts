// A stretch of time as people write it: "now-6h", an instant; and the step that fits a width.

export interface Span {
  /** "now", "now-6h", or unix milliseconds as digits. */
  from: string;
  to: string;
}

export const kStandardSpan: Span = { from: 'now-1h', to: 'now' };
export const kQuickSpans = ['5m', '15m', '30m', '1h', '3h', '6h', '12h', '1d', '2d', '7d', '4w',
  '13w', '1y'] as const;
/** Most points of one series that the server answers, and then some air. */
const kPointsMax = 10_000;

const kUnits: Record<string, number> = {
  ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000, y: 31_536_000_000,
};

/** "1h30m" in milliseconds; null for what is no duration. */
export function durationOf(text: string): number | null {
  if (!/^(\d+(ms|[smhdwy]))+$/.test(text)) return null;
  let sum = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)(ms|[smhdwy])/g)) {
    sum += Number(count) * kUnits[unit!]!;
  }
  return sum;
}

/** Milliseconds as PromQL writes them: "1h30m". */
export function durationText(ms: number): string {
  let rest = Math.max(1, Math.round(ms));
  let out = '';
  for (const unit of ['w', 'd', 'h', 'm', 's', 'ms']) {
    const count = Math.floor(rest / kUnits[unit]!);
    if (count === 0 || (unit === 'w' && rest % kUnits['w']! !== 0)) continue;
    out += `${count}${unit}`;
    rest -= count * kUnits[unit]!;
  }
  return out;
}

/** "now-6h", unix milliseconds, or a date with a time; null for anything else. */
export function instantOf(text: string, now: number, zoneOffsetMs = 0): number | null {
  const trimmed = text.trim();
  const relative = /^now(?:\s*-\s*(\S+))?$/.exec(trimmed);
  if (relative !== null) {
    if (relative[1] === undefined) return now;
    const back = durationOf(relative[1]);
    return back === null ? null : now - back;
  }
  if (/^\d{10}$/.test(trimmed)) return Number(trimmed) * 1000;
  if (/^\d{11,14}$/.test(trimmed)) return Number(trimmed);
  const date = /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2})(?::(\d{2})(?:\.\d+)?)?)?(Z)?$/
    .exec(trimmed);
  if (date === null) return null;
  const at = Date.parse(`${date[1]}T${date[2] ?? '00:00'}:${date[3] ?? '00'}Z`);
  if (Number.isNaN(at)) return null;
  return date[4] === 'Z' ? at : at - zoneOffsetMs;
}

export interface Window {
  from: number;
  to: number;
}

/** The span in unix milliseconds; the standard one where it cannot be read or is empty. */
export function windowOf(span: Span, now: number): Window {
  const from = instantOf(span.from, now);
  const to = instantOf(span.to, now);
  if (from === null || to === null || from >= to) return { from: now - 3_600_000, to: now };
  return { from, to };
}

export const isRelative = (span: Span) =>
  span.from.trimStart().startsWith('now') || span.to.trimStart().startsWith('now');

export const relativeSpan = (back: string): Span => ({ from: `now-${back}`, to: 'now' });
export const absoluteSpan = (from: number, to: number): Span =>
  ({ from: String(Math.round(from)), to: String(Math.round(to)) });

const kSteps = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10_800,
  21_600, 43_200, 86_400, 172_800, 604_800].map((s) => s * 1000);

/** The smallest round step that gives at most one point a pixel. */
export function stepFor(rangeMs: number, width: number): number {
  const wanted = rangeMs / Math.max(50, Math.min(width, kPointsMax));
  return kSteps.find((step) => step >= wanted) ?? Math.ceil(wanted / kSteps.at(-1)!) *
    kSteps.at(-1)!;
}

/** The step that was asked for, held to what the server answers; null: the automatic one. */
export function stepOf(text: string, rangeMs: number): number | null {
  const asked = durationOf(text) ?? (/^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : null);
  return asked === null || asked <= 0 ? null : Math.max(asked, Math.ceil(rangeMs / kPointsMax));
}

/** Steps begin at whole multiples, so that a live chart keeps its points while it moves on. */
export function onGrid(window: Window, step: number): Window {
  const to = Math.floor(window.to / step) * step;
  return { from: Math.min(to, Math.ceil(window.from / step) * step), to };
}

/** Half of the span farther back or ahead; never beyond now. */
export function shifted(window: Window, by: -1 | 1, now: number): Window {
  const size = window.to - window.from;
  const to = Math.min(now, window.to + (by * size) / 2);
  return { from: to - size, to };
}

/** Twice or half as long around its middle; never beyond now. */
export function zoomed(window: Window, factor: 2 | 0.5, now: number): Window {
  const size = Math.max(10_000, (window.to - window.from) * factor);
  const middle = (window.from + window.to) / 2;
  const to = Math.min(now, middle + size / 2);
  return { from: to - size, to };
}
