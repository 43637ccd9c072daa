// Which stretch of time an alert's charts show, and which series.
import type { Alert, AlertDetail, Judgement, Series, Violation } from './types';

export type Span = '10m' | '6h' | '1w';
export const kSpans: readonly { id: Span; label: string; ms: number }[] = [
  { id: '10m', label: '10 min', ms: 600_000 },
  { id: '6h', label: '6 h', ms: 21_600_000 },
  { id: '1w', label: '1 week', ms: 604_800_000 },
];

export interface Window {
  from: number;
  to: number;
}

/** The span up to now, or shortly after the end; stretched to hold the opening when near. */
export function windowOf(alert: Alert, span: Span, now: number): Window {
  const ms = kSpans.find((s) => s.id === span)!.ms;
  const over = alert.resolved_at;
  const to = over === null ? now : Math.min(now, over + ms * 0.15);
  const wanted = alert.opened_at - ms * 0.3;
  const near = over !== null || to - alert.opened_at < 3 * ms;
  return { from: near ? Math.min(to - ms, wanted) : to - ms, to };
}

/** The window of what was judged: all kept points, and a little air after the judgement. */
export function judgedWindow(judgement: Judgement): Window {
  const times = judgement.violations.flatMap((v) => v.tail.map((p) => p.time));
  const from = Math.min(judgement.time - 60_000, ...times);
  const to = Math.max(judgement.time, ...times);
  return { from, to: to + (to - from) * 0.04 };
}

export interface Metric {
  key: string;
  series: Series;
  worker: string;
  violation: Violation | null;
}

const keyOf = (series: Series, worker: string) => `${worker}\n${series.text}`;

/** A chart for every metric of the rule: the violated first, then the rest the leaves watch. */
export function metricsOf(detail: AlertDetail, judgement: Judgement): Metric[] {
  const found = new Map<string, Metric>();
  const add = (series: Series, worker: string, violation: Violation | null) => {
    const key = keyOf(series, worker);
    if (!found.has(key)) found.set(key, { key, series, worker, violation });
  };
  for (const v of judgement.violations) add(v.series, v.worker, v);
  for (const v of detail.opened.violations) add(v.series, v.worker, null);
  for (const m of detail.metrics ?? []) add(m.series, m.worker, null);
  // Silent series are ticks without a scale; they stand below the curves.
  const silent = (m: Metric) => Number(m.violation?.direction === 'silent');
  return [...found.values()].sort((a, b) => silent(a) - silent(b));
}
