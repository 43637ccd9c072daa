// A worker's settings as they are being tried: what differs from the file, and the band as it would
// be, drawn at once from the curves that are there already. The server draws it exactly later.
import type { Band, SeriesBand } from '../types';
import type { Changes, Definition } from './api';

export interface Draft {
  strategy: string;
  opens: string;
  score: number;
  deviation_absolute: number;
  deviation_relative: number;
  /** By the place of the model: "0"; of a profile's period: "0.1". */
  weights: Record<string, number>;
  models: string[] | null;
}

export const kStrategies = ['weighted', 'majority', 'any', 'all', 'best'] as const;

export function draftOf(worker: Definition): Draft {
  const weights: Record<string, number> = {};
  worker.models.forEach((model, i) => {
    weights[String(i)] = model.weight;
    model.periods.forEach((weight, p) => (weights[`${i}.${p + 1}`] = weight));
  });
  const { strategy, opens, score, deviation_absolute, deviation_relative } = worker;
  return { strategy, opens, score, deviation_absolute, deviation_relative, weights, models: null };
}

/** Only what differs from the file. */
export function changesOf(worker: Definition, draft: Draft): Changes {
  const was = draftOf(worker);
  const out: Changes = {};
  if (draft.strategy !== was.strategy) out.strategy = draft.strategy;
  if (draft.opens !== was.opens) out.opens = draft.opens;
  for (const key of ['score', 'deviation_absolute', 'deviation_relative'] as const) {
    if (draft[key] !== was[key]) out[key] = draft[key];
  }
  if (draft.models !== null) return { ...out, models: draft.models };
  const weights = Object.entries(draft.weights).filter(([key, w]) => was.weights[key] !== w);
  if (weights.length > 0) out.weights = Object.fromEntries(weights);
  return out;
}

export const isChanged = (changes: Changes) => Object.keys(changes).length > 0;

/** Weight of each curve by its name: the model's, shared among a profile's periods. */
export function curveWeights(worker: Definition, draft: Draft): Map<string, number> {
  const out = new Map<string, number>();
  worker.models.forEach((model, i) => {
    if (!model.draws_band) return;
    const weight = draft.weights[String(i)] ?? model.weight;
    if (model.periods.length === 0) {
      for (const curve of model.curves) out.set(curve, weight);
      return;
    }
    const shares = model.periods.map((p, n) => draft.weights[`${i}.${n + 1}`] ?? p);
    const sum = shares.reduce((a, b) => a + b, 0) || 1;
    model.curves.forEach((curve, n) => out.set(curve, weight * (shares[n] ?? 0) / sum));
  });
  return out;
}

/** The weighted band from the curves as drawn; those of other strategies wait for the server. */
export function redrawn(data: SeriesBand, worker: Definition, draft: Draft): SeriesBand {
  const weights = curveWeights(worker, draft);
  const stretch = draft.score / worker.score;
  const sums = new Map<number, [number, number, number, number]>();
  for (const model of data.models) {
    const weight = weights.get(model.name) ?? 0;
    if (weight <= 0) continue;
    for (const [time, expected, lower, upper] of model.band) {
      if (expected === null || lower === null || upper === null) continue;
      const sum = sums.get(time) ?? [0, 0, 0, 0];
      sum[0] += weight;
      sum[1] += weight * expected;
      sum[2] += weight * (expected - (expected - lower) * stretch);
      sum[3] += weight * (expected + (upper - expected) * stretch);
      sums.set(time, sum);
    }
  }
  const band = data.band.map(([time]): Band => {
    const sum = sums.get(time);
    if (sum === undefined) return [time, null, null, null];
    const expected = sum[1] / sum[0];
    const least = Math.max(draft.deviation_absolute,
      draft.deviation_relative * Math.abs(expected));
    return [time, expected, Math.min(sum[2] / sum[0], expected - least),
      Math.max(sum[3] / sum[0], expected + least)];
  });
  const total = [...weights.values()].reduce((a, b) => a + b, 0) || 1;
  const models = data.models.map((model) => (
    { ...model, weight: (weights.get(model.name) ?? 0) / total }));
  return { ...data, band, models };
}

/** A sentence for the weeks' table. */
export function tally(weeks: { before: number; after: number }[]): string {
  const before = weeks.reduce((sum, week) => sum + week.before, 0);
  const after = weeks.reduce((sum, week) => sum + week.after, 0);
  const what = (n: number) => `${n} ${n === 1 ? 'violation' : 'violations'}`;
  return before === after ? `${what(after)}, as before` : `${what(after)} instead of ${before}`;
}
