// How series are told apart: by colour, then by dash; and how figures are written.
import { number } from '../format';

/** Tokens; none of them is a colour that says severity, violation or band. */
const kColors = ['series-1', 'series-2', 'series-3', 'series-4', 'series-5', 'series-6'] as const;
const kDashes: readonly (readonly number[])[] = [[], [7, 3], [2, 2], [10, 2, 2, 2]];

export interface Look {
  color: string;
  dash: readonly number[];
}

export function lookOf(index: number): Look {
  return {
    color: kColors[index % kColors.length]!,
    dash: kDashes[Math.floor(index / kColors.length) % kDashes.length]!,
  };
}

/** A value with its unit. Known: s, ms, bytes, bits, ratio; any other text is put behind it. */
export function withUnit(value: number | null | undefined, unit: string): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  switch (unit) {
    case '': return number(value);
    case 'ratio': return `${number(value * 100)} %`;
    case 'bytes': return scaled(value, 'B');
    case 'bits': return scaled(value, 'bit');
    case 'ms': return seconds(value / 1000);
    case 's': return seconds(value);
    default: return `${number(value)} ${unit}`;
  }
}

function scaled(value: number, unit: string): string {
  const size = Math.abs(value);
  const [by, prefix] = size >= 1e12 ? [1e12, 'T'] as const : size >= 1e9 ? [1e9, 'G'] as const
    : size >= 1e6 ? [1e6, 'M'] as const : size >= 1e3 ? [1e3, 'k'] as const : [1, ''] as const;
  return `${number(value / by)} ${prefix}${unit}`;
}

function seconds(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return '0 s';
  if (size < 1e-3) return `${number(value * 1e6)} µs`;
  if (size < 1) return `${number(value * 1e3)} ms`;
  if (size < 120) return `${number(value)} s`;
  if (size < 7200) return `${number(value / 60)} min`;
  return size < 172_800 ? `${number(value / 3600)} h` : `${number(value / 86_400)} d`;
}

/** The bounds of the value axis: what is shown with air around it, unless a bound is given. */
export function valueBounds(shown: readonly (number | null)[], min: number | null,
  max: number | null): [number, number] {
  const known = shown.filter((v): v is number => v !== null && Number.isFinite(v));
  let low = known.reduce((a, b) => Math.min(a, b), Infinity);
  let high = known.reduce((a, b) => Math.max(a, b), -Infinity);
  if (low > high) [low, high] = [min ?? 0, max ?? (min ?? 0) + 1];
  const air = (high - low) * 0.06 || Math.abs(high) * 0.06 || 1;
  const bottom = min ?? (low >= 0 && low - air < 0 ? 0 : low - air);
  const top = max ?? high + air;
  return top > bottom ? [bottom, top] : [bottom, bottom + 1];
}
