// Numbers, series and states in words.
import type { Direction, GuardState, LaneMark, Momentum, Series, Severity } from './types';

const kThin = '\u202f'; // narrow no-break space: 12 480

/** A value as people read it: three significant digits below 1000, grouped above. */
export function number(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (size >= 1e9) return value.toExponential(2);
  if (size >= 999.5) return group(Math.round(value));
  if (size !== 0 && size < 1e-4) return value.toExponential(1);
  return String(Number(value.toPrecision(3))).replace('-', '−');
}

export function group(value: number): string {
  const text = String(Math.abs(Math.round(value))).replace(/\B(?=(\d{3})+$)/g, kThin);
  return value < 0 ? `−${text}` : text;
}

/** With its sign, for speed and acceleration. */
export function signed(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return 'unknown';
  const rounded = Number(value.toFixed(1));
  return rounded > 0 ? `+${rounded}` : String(rounded).replace('-', '−');
}

export function range(lower: number | null | undefined, upper: number | null | undefined): string {
  const known = (x: number | null | undefined): x is number => x !== null && x !== undefined;
  if (known(lower) && known(upper)) return `${number(lower)}–${number(upper)}`;
  if (known(lower)) return `at least ${number(lower)}`;
  return known(upper) ? `at most ${number(upper)}` : '';
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

export function megabytes(bytes: number): string {
  return group(bytes / 1e6);
}

export function count(n: number, one: string, many = `${one}s`): string {
  return `${group(n)} ${n === 1 ? one : many}`;
}

/** The labels of a series without those already said, for the quiet text beside its name. */
export function labelText(series: Series, leaveOut: readonly string[] = []): string {
  return Object.keys(series.labels)
    .filter((name) => !leaveOut.includes(name))
    .sort()
    .map((name) => `${name}="${series.labels[name]}"`)
    .join(' ');
}

/** "telegraf on web-3" for a sender's series; null for any other. */
export function senderText(series: Series): string | null {
  if (series.name !== 'tocsin_sender') return null;
  const sender = series.labels.sender ?? '';
  const space = sender.lastIndexOf(' ');
  if (space < 0) return sender;
  return `${sender.slice(0, space)} on ${series.labels.host ?? sender.slice(space + 1)}`;
}

export function scopeText(scope: Record<string, string>): string {
  const names = Object.keys(scope).sort();
  return names.length === 0 ? 'all sites' : names.map((name) => scope[name]).join(', ');
}

/** "57 % below" from the two members the API gives. */
export function changeText(change: string | null, direction: Direction | null): string {
  if (direction === 'silent') return 'silent';
  if (!direction) return change ?? '';
  return change ? `${change} ${direction}` : direction;
}

export const arrow = (direction: Direction | null) =>
  direction === 'below' ? '↓' : direction === 'above' ? '↑' : '';

export function stateText(state: GuardState): string {
  return { guarded: 'in band', learning: 'learning', absent: 'absent', open: 'out of band' }[state];
}

/** The class that gives a severity its colour; information is plum. */
export function tone(severity: Severity | LaneMark | null): string {
  switch (severity) {
    case 'critical': return 'crit';
    case 'high': return 'high';
    case 'low': return 'low';
    case 'violation':
    case null: return 'info';
    case 'none': return '';
  }
}

export function trendText(momentum: Momentum): string {
  return momentum.trend === 'unknown' ? 'not known yet' : momentum.trend;
}

/** The title without its emphasised beginning. */
export function restOfTitle(title: string, subject: string): string {
  return subject !== '' && title.startsWith(subject) ? title.slice(subject.length) : ` ${title}`;
}

/** The title for a row that says scope and rule beside it: "payments_ok 57 % below 118–151". */
export function shortTitle(alert: { title: string; scope: Record<string, string> }): string {
  const said = Object.values(alert.scope).map((value) => ` in ${value}`);
  return said.reduce((title, words) => title.replace(words, ''), alert.title)
    .replace(' the expected ', ' ');
}

/** How a value stands to its band, for the line under a chart's figure. */
export function against(value: number | null, lower: number | null, upper: number | null): string {
  if (value === null || (lower === null && upper === null)) return '';
  if (lower !== null && value < lower) return lower > 0 ? below(value, lower, upper) : 'below';
  if (upper !== null && value > upper) return upper > 0 ? above(value, lower, upper) : 'above';
  return 'in band';
}

function middle(lower: number | null, upper: number | null, edge: number): number {
  return lower !== null && upper !== null ? (lower + upper) / 2 : edge;
}

function below(value: number, lower: number, upper: number | null): string {
  return `${percent(1 - value / middle(lower, upper, lower))} below`;
}

function above(value: number, lower: number | null, upper: number): string {
  const times = value / middle(lower, upper, upper);
  return times >= 2 ? `${number(Number(times.toFixed(1)))}× above` : `${percent(times - 1)} above`;
}
