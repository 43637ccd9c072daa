// Chart data from what was judged, and values that arrive after a chart was loaded.
import type { Judgement, SeriesBand } from './types';
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
