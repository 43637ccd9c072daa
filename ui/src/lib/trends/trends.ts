// What comes again and again: GET /api/trends of docs/http-api.md.
import { call } from '../api';
import type { Severity } from '../types';

export interface Offender {
  name: string;
  alerts: number;
  told: number;
  never_acknowledged: number;
  open_ms: number;
}
export interface Week {
  begin: number;
  acknowledged: number;
  with_target: number;
  in_time: number;
  median_ms: number;
  p90_ms: number;
}
export interface Trends {
  alerts: number;
  told: number;
  acknowledged: number;
  never_acknowledged: number;
  offenders: Offender[];
  flapping: { rule: string; scope: string; alerts: number; last_at: number }[];
  standing: { alert: string; rule: string; scope: string; severity: Severity; opened_at: number;
    acknowledged_by: string | null }[];
  weeks: Week[];
  people: { name: string; acknowledged: number; with_target: number; in_time: number;
    median_ms: number }[];
  /** Names of labels that alerts have. */
  labels: string[];
}
export const kGroupings = ['rule', 'site', 'severity'] as const;
/** One of kGroupings, or `label:` and the name of one. */
export type Grouping = (typeof kGroupings)[number] | `label:${string}`;

/** Of the address; what is none is the rule. */
export function groupingOf(text: string | null): Grouping {
  if (text?.startsWith('label:') && text.length > 6) return text as Grouping;
  return kGroupings.find((one) => one === text) ?? 'rule';
}
export const labelOf = (by: Grouping): string | null =>
  by.startsWith('label:') ? by.slice(6) : null;

export function readTrends(from: number, to: number, by: Grouping): Promise<Trends> {
  const label = labelOf(by);
  const grouping = label === null ? by : `label&label=${encodeURIComponent(label)}`;
  return call<Trends>('GET',
    `/api/trends?from=${Math.round(from)}&to=${Math.round(to)}&by=${grouping}`);
}

/** Share of acknowledgements within their target; null where none had a target. */
export function inTime(one: { with_target: number; in_time: number }): number | null {
  return one.with_target === 0 ? null : one.in_time / one.with_target;
}

/** The list of those alerts; of a label's value their lines in the ledger. Without it: none. */
export function alertsHref(by: Grouping, name: string): string | null {
  const label = labelOf(by);
  if (label !== null)
    return name === '' ? null : `/ledger?label=${encodeURIComponent(`${label}=${name}`)}`;
  return `/alerts?state=all&${by}=${encodeURIComponent(name)}`;
}

const kMinute = 60_000;
/** The promise for a critical alert; the line that the weeks are drawn against. */
export const kPromiseMs = 5 * kMinute;

/** The top of the axis: enough for every p90 and the promise, on a round number of minutes. */
export function axisTop(weeks: readonly Week[]): number {
  const most = Math.max(kPromiseMs, ...weeks.map((week) => week.p90_ms));
  const minutes = most / kMinute * 1.1;
  const step = minutes <= 12 ? 2 : minutes <= 60 ? 10 : minutes <= 600 ? 60 : 720;
  return Math.ceil(minutes / step) * step * kMinute;
}
