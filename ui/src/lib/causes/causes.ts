// Likely causes and told changes, as docs/http-api.md has them, and what pages make of them.
import { call } from '../api';
import { number } from '../format';
import { onePer } from '../reduce';
import { span as spanText } from '../time';
import type { Series } from '../types';

export type ChangeKind = 'deploy' | 'setting' | 'promotion' | 'fixture' | 'holiday';

export interface Change {
  id: string;
  kind: ChangeKind;
  title: string;
  at: number;
  until: number | null;
  labels: Record<string, string>;
  link: string | null;
  by: string;
  made_at: number;
}

interface CauseBase {
  score: number;
  why: string;
  began: number | null;
  lead_ms: number | null;
  group: number | null;
}

export interface SeriesCause extends CauseBase {
  type: 'series';
  series: Series;
  kind: 'latency' | 'errors' | 'resource' | 'traffic' | 'other';
  strength: number;
  deviations: number;
  usual: number;
  now: number;
  stopped?: boolean;
  per_second: boolean;
  common: number;
  alike: number;
  related: Record<string, string>;
  points: [number, number | null][];
}

export interface ChangeCause extends CauseBase {
  type: 'change';
  change: Change;
}

export type Cause = SeriesCause | ChangeCause;

export interface Causes {
  computed_at: number;
  before_from: number;
  from: number;
  to: number;
  reference: number;
  seconds: number;
  series: number;
  scored: number;
  without_points: number;
  not_reached: number;
  partial: boolean;
  moved: number;
  groups: { label: string; value: string; score: number; series: number; moved: number }[];
  causes: Cause[];
}

export interface TimeSpan {
  from: number;
  to: number;
}

const spanQuery = ({ from, to }: TimeSpan) => `from=${Math.round(from)}&to=${Math.round(to)}`;

/** As kept with the alert; null: not ranked yet. */
export const keptCauses = (alert: string) =>
  call<{ causes: Causes | null }>('GET', `/api/alerts/${encodeURIComponent(alert)}/causes`)
    .then((answer) => answer.causes);

export const alertCauses = (alert: string, span: TimeSpan) =>
  call<Causes>('GET', `/api/alerts/${encodeURIComponent(alert)}/causes?${spanQuery(span)}`);

export const spanCauses = (span: TimeSpan, series: string) =>
  call<Causes>('GET', `/api/causes?${spanQuery(span)}${
    series === '' ? '' : `&series=${encodeURIComponent(series)}`}`);

export const changesWithin = (span: TimeSpan) =>
  call<{ changes: Change[] }>('GET', `/api/v1/changes?${spanQuery(span)}`)
    .then((answer) => onePer(answer.changes, (one) => one.id));

/** "1795410000000-1795410300000", as the address has it. */
export const spanParam = ({ from, to }: TimeSpan) => `${Math.round(from)}-${Math.round(to)}`;
export function readSpan(text: string | null): TimeSpan | null {
  const found = /^(\d{1,14})-(\d{1,14})$/.exec(text ?? '');
  if (found === null) return null;
  const span = { from: Number(found[1]), to: Number(found[2]) };
  return span.from < span.to ? span : null;
}

export const causesHref = (span: TimeSpan, series = '') =>
  `/causes?span=${spanParam(span)}${series === '' ? '' : `&series=${encodeURIComponent(series)}`}`;

/** A change concerns a series when no label of it says otherwise. */
export const concerns = (change: Change, labels: Record<string, string>) =>
  Object.entries(change.labels).every(([name, value]) =>
    labels[name] === undefined || labels[name] === value);

export function leadText(cause: Cause): string {
  if (cause.lead_ms === null) return '';
  if (Math.abs(cause.lead_ms) < 1000) return 'with it';
  return `${spanText(Math.abs(cause.lead_ms))} ${cause.lead_ms > 0 ? 'before' : 'after'}`;
}

/** "4.1 → 312 per s"; rankings kept before series that stop were ranked do not say `stopped`. */
export const movedText = (cause: SeriesCause) => cause.stopped === true
  ? `${number(cause.now)} → no points`
  : `${number(cause.usual)} → ${number(cause.now)}${cause.per_second ? ' per s' : ''}`;
