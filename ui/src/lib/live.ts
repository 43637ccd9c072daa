// Chart data from what was judged, and values that arrive after a chart was loaded.
import { nearest } from './geometry';
import type { Judgement, SeriesBand, Violation } from './types';
import type { Metric } from './window';

/** Points a chart keeps while values arrive between two loads. */
const kAppendedMax = 4000;

/** The kept points of a judgement as chart data; undefined when none were kept. */
export function judgedData(metric: Metric, judgement: Judgement): SeriesBand | undefined {
  const violation = metric.violation;
  if (violation === null || violation.tail.length === 0) return undefined;
  const tail = [...violation.tail].sort((a, b) => a.time - b.time);
  const names = violation.models.map((m) => m.name);
  const end = Math.max(judgement.time, tail.at(-1)!.time);
  return {
    series: violation.series,
    worker: violation.worker,
    points: tail.map((p) => [p.time, p.value]),
    band: tail.map((p) => [p.time, p.expected, p.lower, p.upper]),
    models: names.map((name) => ({
      name,
      kind: name,
      weight: violation.models.find((m) => m.name === name)?.weight ?? 0,
      band: tail.map((p) => {
        const said = p.models.find((m) => m.name === name);
        return [p.time, said?.expected ?? null, said?.lower ?? null, said?.upper ?? null];
      }),
    })),
    residual: tail.map((p) => [p.time, p.distance]),
    violations: [{
      from: violation.opened, to: violation.ended ?? end, direction: violation.direction,
      worst: violation.score ?? 0,
    }],
    excluded: [],
  };
}

/**
 * The distance of the alert over time, as momentum defines it: the mean of |distance| over the
 * violations open at that time, by their weights. Silent ones have no distance.
 */
export function distanceTrail(judgement: Judgement, backMs: number):
  { time: number; far: number }[] {
  const moving = judgement.violations.filter((v) => v.direction !== 'silent');
  const times = new Set(moving.flatMap((v) => v.tail.map((p) => p.time)));
  return [...times]
    .filter((time) => time >= judgement.time - backMs && time <= judgement.time)
    .sort((a, b) => a - b)
    .map((time) => ({ time, far: farAt(moving, time) }));
}

function farAt(violations: readonly Violation[], time: number): number {
  let sum = 0;
  let weights = 0;
  for (const violation of violations) {
    const point = violation.tail.findLast((p) => p.time <= time);
    if (violation.opened > time || point === undefined || point.distance === null) continue;
    sum += violation.weight * Math.abs(point.distance);
    weights += violation.weight;
  }
  return weights === 0 ? 0 : sum / weights;
}

/** Where each value stands in its band: 0 the expected value, ±1 the edges. */
export function residualOf(data: SeriesBand): [time: number, residual: number][] {
  const out: [number, number][] = [];
  for (const [time, value] of data.points) {
    const band = nearest(data.band, time, (b) => b[0]);
    if (value === null || band === undefined) continue;
    const [, expected, lower, upper] = band;
    if (expected === null || lower === null || upper === null) continue;
    const side = value >= expected ? upper - expected : expected - lower;
    if (side > 0) out.push([time, (value - expected) / side]);
  }
  return out;
}

/** A newer value at the end; one that is not newer changes nothing. */
export function appendTo(
  data: SeriesBand, time: number, value: number | null, lower: number | null,
  upper: number | null,
): SeriesBand {
  const last = data.points.at(-1);
  if (last !== undefined && time <= last[0]) return data;
  const middle = lower !== null && upper !== null ? (lower + upper) / 2 : null;
  return {
    ...data,
    points: [...data.points, [time, value] as [number, number | null]].slice(-kAppendedMax),
    band: [...data.band, [time, middle, lower, upper] as SeriesBand['band'][number]]
      .slice(-kAppendedMax),
  };
}
