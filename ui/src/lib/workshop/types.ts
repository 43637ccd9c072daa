// Replays as jobs and the configuration's files: the shapes of docs/http-api.md, and their calls.
import { call, Refused } from '../api';
import type { Severity } from '../types';

export interface Problem {
  file: string;
  line: number;
  column: number;
  message: string;
}
export interface ConfigFiles {
  editable: boolean;
  why_not: string | null;
  hash: string;
  files: Record<string, string>;
}
export interface OwnRule {
  id: string;
  severity: Severity;
  place: string;
}
export interface Totals {
  points: number;
  violations: number;
  alerts: number;
  told: number;
}
export interface Counts {
  gained: number;
  lost: number;
  earlier: number;
  later: number;
  same: number;
}
export interface Side {
  opened_at: number;
  resolved_at: number | null;
  covered: boolean;
  receivers: string[];
}
export type ChangeKind = keyof Counts;
export interface Change {
  kind: ChangeKind;
  by_ms: number;
  rule: string;
  severity: Severity;
  scope: Record<string, string>;
  title: string;
  worker: string | null;
  series: string | null;
  base: Side | null;
  tried: Side | null;
}
export interface MarkScore {
  useful: number;
  useful_base: number;
  useful_tried: number;
  noise: number;
  noise_base: number;
  noise_tried: number;
  both: number;
  earlier_ms: number;
}
export interface Result {
  from: number;
  to: number;
  base: Totals;
  tried: Totals;
  alerts: Counts;
  changes: Change[];
  more_changes: boolean;
  workers: (Counts & { worker: string; base: number; tried: number })[];
  all_violations: boolean;
  score: { alerts: MarkScore; violations: MarkScore };
}
export interface Job {
  id: number;
  state: 'running' | 'done' | 'cancelled' | 'failed';
  done: number;
  from: number;
  to: number;
  site: string;
  worker: string;
  rules: string[];
  files: string[];
  by: string;
  started_at: number;
  ended_at: number | null;
  error: string;
  result?: Result | null;
}
export interface Wanted {
  from: number;
  to: number;
  site: string;
  worker: string;
  rules: string[];
  files: Record<string, string>;
  by: string;
}

/** The problems of a refusal that names some; null for any other. */
export function problemsOf(error: unknown): Problem[] | null {
  if (!(error instanceof Refused) || error.status !== 400) return null;
  const body = error.body as { problems?: Problem[] } | undefined;
  return Array.isArray(body?.problems) && body.problems.length > 0 ? body.problems : null;
}

export const workshop = {
  files: () => call<ConfigFiles>('GET', '/api/v1/config'),
  rules: () => call<{ rules: OwnRule[] }>('GET', '/api/rules').then((a) => a.rules),
  jobs: () => call<{ replays: Job[] }>('GET', '/api/v1/replays').then((a) => a.replays),
  job: (id: number) => call<Job>('GET', `/api/v1/replays/${id}`),
  start: ({ rules, files, ...rest }: Wanted) => call<{ id: number }>('POST', '/api/v1/replays', {
    ...rest,
    ...(rules.length > 0 ? { rules } : {}),
    ...(Object.keys(files).length > 0 ? { files } : {}),
  }).then((a) => a.id),
  cancel: (id: number) => call<unknown>('POST', `/api/v1/replays/${id}/cancel`, {}),
  publish: (files: Record<string, string>, author: string, reason: string, baseHash: string) =>
    call<{ rebuilding?: string[] }>('POST', '/api/v1/config/publish',
      { files, author, reason, base_hash: baseHash }),
};
