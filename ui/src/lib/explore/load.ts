// Several range queries over one window, as one chart: columns, extremes, and what went wrong.
import type { Extent } from '../canvas/overlay';
import { lookOf } from '../canvas/look';
import { faultOf, type Fault } from '../promql/place';
import { columnsOf, isPlain, type Column, type Columns } from './columns';
import { isAbort, metricText, prom, valueOf, type PromAnswer, type PromData } from './prom';
import { durationText, onGrid, type Window } from './range';

export interface Asked {
  expr: string;
  legend: string;
}

export interface Loaded {
  columns: Columns;
  window: Window;
  stepMs: number;
  /** One for each query; null: it was answered. */
  faults: (Fault | null)[];
  warnings: string[];
  tookMs: number;
  points: number;
  extents: Extent[];
}

export const kNothing: Loaded = {
  columns: { times: [], series: [], dropped: 0 }, window: { from: 0, to: 1 }, stepMs: 1000,
  faults: [], warnings: [], tookMs: 0, points: 0, extents: [],
};

/** Shading for more lines than this hides what it is meant to show. */
const kExtentsMax = 20;
/** Shading of more steps than any screen has columns costs seconds and shows no more. */
const kExtentPointsMax = 3000;
/** Below this step a chart shows the points themselves. */
const kExtentStepMs = 10_000;

type Outcome = { answer: PromAnswer<PromData> } | { fault: Fault };

export function faultFrom(error: unknown, expr: string): Fault {
  if (isAbort(error)) throw error;
  return faultOf(error instanceof Error ? error.message : String(error), expr);
}

export async function loadRange(queries: readonly Asked[], window: Window, stepMs: number,
  signal?: AbortSignal): Promise<Loaded> {
  const grid = onGrid(window, stepMs);
  const ask = (expr: string) => prom.range(expr, grid.from, grid.to, stepMs, signal);
  const outcomes = await Promise.all(queries.map(async ({ expr }): Promise<Outcome> => {
    try {
      return { answer: await ask(expr) };
    } catch (error) {
      return { fault: faultFrom(error, expr) };
    }
  }));
  const parts = outcomes.flatMap((outcome, query) => ('answer' in outcome
    ? [{ query, data: outcome.answer.data, ...queries[query]! }] : []));
  const answers = outcomes.flatMap((o) => ('answer' in o ? [o.answer] : []));
  const columns = columnsOf(parts, grid, stepMs);
  return {
    columns, window, stepMs,
    faults: outcomes.map((o) => ('fault' in o ? o.fault : null)),
    warnings: [...new Set(answers.flatMap((a) => a.warnings))],
    tookMs: Math.max(0, ...answers.map((a) => a.tookMs)),
    points: columns.series.reduce((sum, s) => sum + s.values.filter((v) => v !== null).length, 0),
    extents: await extentsOf(queries, columns, stepMs, ask),
  };
}

/**
 * Between two steps a plain selector loses its extremes; they are asked for beside it and shaded.
 * The columns' own minimum and maximum become the true ones.
 */
async function extentsOf(queries: readonly Asked[], columns: Columns, stepMs: number,
  ask: (expr: string) => Promise<PromAnswer<PromData>>): Promise<Extent[]> {
  if (stepMs < kExtentStepMs || columns.series.length > kExtentsMax ||
    columns.times.length > kExtentPointsMax) return [];
  const step = durationText(stepMs);
  const out = await Promise.all(queries.map(async ({ expr }, query) => {
    const mine = columns.series.filter((s) => s.query === query);
    if (mine.length === 0 || !isPlain(expr)) return [];
    try {
      const [low, high] = await Promise.all(
        ['min', 'max'].map((f) => ask(`${f}_over_time(${expr.trim()}[${step}])`)));
      return mine.flatMap((s) => extentOf(s, columns, low!.data, high!.data, stepMs));
    } catch (error) {
      if (isAbort(error)) throw error;
      return []; // The lines are there; without shading they say less, and nothing wrong.
    }
  }));
  return out.flat();
}

function extentOf(series: Column, columns: Columns, low: PromData, high: PromData, stepMs: number):
  Extent[] {
  const { __name__: _, ...labels } = series.metric;
  const key = metricText(labels);
  const first = columns.times[0]! * 1000;
  const pick = (data: PromData) => {
    const values = new Array<number | null>(columns.times.length).fill(null);
    if (data.resultType !== 'matrix') return values;
    const line = data.result.find((r) => metricText(r.metric) === key);
    for (const [time, text] of line?.values ?? []) {
      const i = Math.round((time * 1000 - first) / stepMs);
      const value = valueOf(text);
      if (i >= 0 && i < values.length && Number.isFinite(value)) values[i] = value;
    }
    return values;
  };
  const [lower, upper] = [pick(low), pick(high)];
  series.min = [series.min, ...lower].reduce(
    (a, b) => (b !== null && (a === null || b < a) ? b : a));
  series.max = [series.max, ...upper].reduce(
    (a, b) => (b !== null && (a === null || b > a) ? b : a));
  if (!lower.some((value, i) => value !== upper[i])) return [];
  const color = lookOf(columns.series.indexOf(series)).color;
  return [{ color, times: columns.times.map((t) => t * 1000), lower, upper }];
}
