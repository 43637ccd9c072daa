// What the charts of one page share: the window, the crosshair, the styles of models.
import { area, line, linear, type Scale, type Spot } from '../geometry';
import type { Band, SeriesBand, ValuePoint } from '../types';

/** Each model keeps its dash and shade in every chart; a fifth and later ones begin again. */
export const kModelStyles = [
  { stroke: 'var(--week-1)', dash: '' },
  { stroke: 'var(--week-2)', dash: '7 2' },
  { stroke: 'var(--week-3)', dash: '4 3' },
  { stroke: 'var(--week-4)', dash: '1.5 2.5' },
  { stroke: 'var(--expected)', dash: '10 3 2 3' },
] as const;

export const modelStyle = (i: number) => kModelStyles[i % kModelStyles.length]!;

export interface Frame {
  from: number;
  to: number;
  /** The alert's opening, and the judgement until which the band is filled. */
  opened: number | null;
  now: number | null;
  zone: string;
}

export function bandArea(band: readonly Band[], x: Scale, y: Scale): string {
  return area(band.map(([t, , lower, upper]) =>
    lower === null || upper === null ? null : { x: x(t), low: y(lower), high: y(upper) }));
}

/** 1 = expected, 2 = lower, 3 = upper. */
export function bandEdge(band: readonly Band[], member: 1 | 2 | 3, x: Scale, y: Scale): string {
  return line(band.map((b): Spot | null => {
    const value = b[member];
    return value === null ? null : [x(b[0]), y(value)];
  }));
}

export function valueLine(points: readonly ValuePoint[], x: Scale, y: Scale): string {
  return line(points.map(([t, v]): Spot | null => (v === null ? null : [x(t), y(v)])));
}

/** Entries within the window, with one beyond each side so that lines reach the edges. */
export function within<T extends readonly [number, ...unknown[]]>(
  entries: readonly T[], from: number, to: number,
): T[] {
  return entries.filter((e, i) => {
    const next = entries[i + 1];
    const before = entries[i - 1];
    return (e[0] >= from && e[0] <= to) || (e[0] < from && next !== undefined && next[0] >= from) ||
      (e[0] > to && before !== undefined && before[0] <= to);
  });
}

/** The points during a violation, with the step that led out of the band. */
export function outsideRuns(data: SeriesBand, to: number): ValuePoint[][] {
  return data.violations.map((violation) => {
    const end = violation.to ?? to;
    const first = data.points.findIndex(([t]) => t >= violation.from);
    if (first < 0) return [];
    return data.points.slice(Math.max(0, first - 1)).filter(([t]) => t <= end);
  });
}

/** A shared scale in time for a chart of this width. */
export const timeScale = (frame: Frame, width: number, left = 0, right = 8): Scale =>
  linear(frame.from, frame.to, left, Math.max(left + 1, width - right));
