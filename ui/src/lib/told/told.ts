// Who would be told of an alert: POST /api/escalation/preview of docs/http-api.md.
import { call } from '../api';
import type { NextCall } from '../escalation/escalation';
import { span } from '../time';
import type { Severity } from '../types';

export interface Telling {
  /** "routes.yaml:12"; null: the severity's tier, or the inbox of last resort. */
  route: string | null;
  /** Whose receivers these are. */
  customer: string | null;
  /** Told nobody at that time: why, and until when. */
  quiet_by?: string | null;
  quiet_until?: number | null;
  receivers: string[];
  /** null: alone, at once. */
  grouping: { by: string[]; by_all: boolean; wait_ms: number; interval_ms: number } | null;
  /** null: told once. */
  repeat: { first_ms: number; factor: number; max_ms: number } | null;
}
export interface Told {
  receivers: string[];
  routes: string[];
  policy: string | null;
  next: NextCall[];
  tellings: Telling[];
  /** Silences that would keep it quiet now. */
  silenced_by: string[];
}
export const kSeverities: readonly Severity[] = ['critical', 'high', 'low'];

export interface Question {
  labels: Record<string, string>;
  severity: Severity;
  /** null: now. */
  at: number | null;
}

export const whoIsTold = (asked: Question): Promise<Told> =>
  call<Told>('POST', '/api/escalation/preview', {
    labels: asked.labels, severity: asked.severity,
    ...(asked.at === null ? {} : { time: Math.round(asked.at) }),
  });

/** `rule=errors site="new york"` as labels; the words that are none. */
export function wordsOf(text: string): { labels: Record<string, string>; wrong: string[] } {
  const labels: Record<string, string> = {};
  const wrong: string[] = [];
  for (const [word] of text.matchAll(/[^\s,="]+="[^"]*"|[^\s,]+/g)) {
    const parts = /^([^=\s"]+)=(?:"([^"]*)"|(.*))$/.exec(word);
    if (parts?.[1] === undefined) wrong.push(word);
    else labels[parts[1]] = parts[2] ?? parts[3] ?? '';
  }
  return { labels, wrong };
}

/** As it is typed: values with a space or a comma in quotes. */
export function textOf(labels: Record<string, string>): string {
  return Object.entries(labels)
    .map(([name, value]) => /[\s,]/.test(value) || value === '' ? `${name}="${value}"`
      : `${name}=${value}`)
    .join(' ');
}

/** The page with these labels put in. */
export function toldHref(rule: string, scope: Record<string, string>, severity: string): string {
  const labels = textOf({ rule, ...scope });
  return `/told?labels=${encodeURIComponent(labels)}&severity=${encodeURIComponent(severity)}`;
}

export function groupingText(one: Telling['grouping']): string {
  if (one === null) return 'each alert alone, at once';
  const by = one.by_all ? 'by all labels' : one.by.length === 0 ? 'all of the route in one'
    : `by ${one.by.join(', ')}`;
  return `in a group ${by}: first after ${span(one.wait_ms)}, then at most every ${span(
    one.interval_ms)}`;
}

export function repeatText(one: Telling['repeat']): string {
  if (one === null) return '';
  return `again while nobody acknowledges: after ${span(one.first_ms)}, each wait ${
    one.factor} times the last, at most ${span(one.max_ms)}`;
}
