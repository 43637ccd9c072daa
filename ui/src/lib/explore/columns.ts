// Answers as columns for the chart: one shared time axis on the grid of the step, null where there
// is no value, and for each series what the legend says.
import { metricText, valueOf, type LabelSet, type PromData } from './prom';
import type { Window } from './range';

export interface Column {
  /** Which query it answers: index into the queries asked. */
  query: number;
  metric: LabelSet;
  /** What it is called; unique among the columns of one chart, unless the server repeats itself. */
  label: string;
  values: (number | null)[];
  last: number | null;
  min: number | null;
  max: number | null;
  /** Indexes of values with no neighbour: a line does not show them. */
  alone: number[];
}

export interface Columns {
  /** Unix seconds, as the chart wants them. */
  times: number[];
  series: Column[];
  /** Series left out because there are more than anybody can tell apart. */
  dropped: number;
}

/** Past this many a chart is a carpet, and slow. */
export const kSeriesMax = 500;
/** Points of one grid; the server answers at most 11,000. */
const kGridMax = 20_000;

export interface Part {
  query: number;
  data: PromData;
  legend: string;
  /** What a series without any label is called. */
  expr: string;
}

/** The answers of range queries over one window and step. */
export function columnsOf(parts: readonly Part[], window: Window, stepMs: number): Columns {
  const count = Math.min(kGridMax, Math.max(1, Math.round((window.to - window.from) / stepMs) + 1));
  const times = Array.from({ length: count }, (_, i) => (window.from + i * stepMs) / 1000);
  const series: Column[] = [];
  let found = 0;
  for (const { query, data, legend, expr } of parts) {
    for (const { metric, values } of matrixOf(data, window, stepMs)) {
      if (++found > kSeriesMax) continue;
      const named = Object.keys(metric).length > 0 ? metricText(metric) : expr.trim();
      const label = legend === '' ? named : legendText(legend, metric);
      series.push(columnOf({ query, metric, label }, values, count, window.from, stepMs));
    }
  }
  return { times, series, dropped: Math.max(0, found - kSeriesMax) };
}

type Line = { metric: LabelSet; values: [number, string][] };

function matrixOf(data: PromData, window: Window, stepMs: number): Line[] {
  if (data.resultType === 'matrix') return data.result;
  if (data.resultType === 'vector') {
    return data.result.map((r) => ({ metric: r.metric, values: [r.value] }));
  }
  if (data.resultType === 'string') return [];
  const values: [number, string][] = [];
  for (let t = window.from; t <= window.to; t += stepMs) values.push([t / 1000, data.result[1]]);
  return [{ metric: {}, values }];
}

function columnOf(what: Pick<Column, 'query' | 'metric' | 'label'>,
  points: readonly (readonly [number, string])[], count: number, from: number, stepMs: number):
  Column {
  const values: (number | null)[] = new Array<number | null>(count).fill(null);
  let last: number | null = null;
  let min: number | null = null;
  let max: number | null = null;
  for (const [time, text] of points) {
    const i = Math.round((time * 1000 - from) / stepMs);
    const value = valueOf(text);
    if (i < 0 || i >= count || !Number.isFinite(value)) continue;
    values[i] = last = value;
    if (min === null || value < min) min = value;
    if (max === null || value > max) max = value;
  }
  const alone = values.flatMap((value, i) =>
    value !== null && (values[i - 1] ?? null) === null && (values[i + 1] ?? null) === null
      ? [i] : []);
  return { ...what, values, last, min, max, alone };
}

/** `{{site}}` is the label's value, `{{__name__}}` the name. */
export function legendText(pattern: string, metric: LabelSet): string {
  const text = pattern.replace(/\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}/g,
    (_, label: string) => metric[label] ?? '');
  return text.trim() === '' ? metricText(metric) : text;
}

/** A query that is one selector and no more: its points have a band, and extremes to keep. */
export const isPlain = (expr: string) =>
  /^\s*[A-Za-z_:][A-Za-z0-9_:]*\s*(\{([^{}"'`]|"([^"\\]|\\.)*"|'([^'\\]|\\.)*'|`[^`]*`)*\})?\s*$/
    .test(expr);

/** As the band's route names a series: labels sorted, no blanks. */
export function seriesText(metric: LabelSet): string {
  return metricText(metric).replaceAll('", ', '",');
}
