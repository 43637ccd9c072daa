// Silences and maintenance windows: /api/silences and /api/maintenance of docs/http-api.md.
import { call } from '../api';
import type { Severity, Silence } from '../types';

export interface AlertLine {
  id: string;
  rule: string;
  title: string;
  severity: Severity;
  state: 'open' | 'resolved' | 'expired';
  labels: Record<string, string>;
  opened_at: number;
  muted_at?: number;
}
export interface Preview {
  since: number;
  matched: number;
  open: number;
  looked_at: number;
  complete: boolean;
  alerts: AlertLine[];
}
export interface Hits extends Silence {
  ended: boolean;
  removed_by: string | null;
  alerts: AlertLine[];
}
export interface MaintenanceWindow {
  name: string;
  matchers: string[];
  comment: string;
  zone: string;
  rrule: string | null;
  duration_ms: number;
  until: number;
  /** The silence of the occurrence under way. */
  silence: string | null;
  coming: { begin: number; end: number }[];
}

const path = (id: string) => `/api/silences/${encodeURIComponent(id)}`;

export const readWindows = () =>
  call<{ windows: MaintenanceWindow[] }>('GET', '/api/maintenance').then((a) => a.windows);
export const readHits = (id: string) => call<Hits>('GET', path(id));
export const moveEnd = (id: string, until: number, by: string) =>
  call<Silence>('POST', path(id), { until: Math.round(until), by });
export const tryMatchers = (matchers: string[]) =>
  call<Preview>('POST', '/api/silences/preview', { matchers });

/** One a line; empty lines do not count. */
export const linesOf = (text: string): string[] =>
  text.split('\n').map((line) => line.trim()).filter((line) => line !== '');

/** "would have hidden these 14 alerts of the last 30 days; 2 of them are open now" */
export function previewText(found: Preview): string {
  const least = found.complete ? '' : 'at least ';
  if (found.matched === 0) {
    return found.complete ? 'No alert of the last 30 days fits.'
      : `None of the newest ${found.looked_at} alerts fits.`;
  }
  const these = found.matched === 1 ? 'this alert' : `these ${found.matched} alerts`;
  const open = found.open === 0 ? 'none of them is open now'
    : found.open === 1 ? '1 of them is open now' : `${found.open} of them are open now`;
  return `It would have hidden ${least}${these} in the last 30 days; ${open}.`;
}

/** Coming occurrences of all windows, soonest first. */
export function coming(windows: readonly MaintenanceWindow[]):
  { window: MaintenanceWindow; begin: number; end: number }[] {
  return windows
    .flatMap((window) => window.coming.map((one) => ({ window, ...one })))
    .sort((a, b) => a.begin - b.begin || a.window.name.localeCompare(b.window.name));
}
