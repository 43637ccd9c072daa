// The client of the Prometheus HTTP API, in Prometheus' own shapes.
import type { PromGroup } from './rules';
import { inTurn } from '../turn';

export type LabelSet = Record<string, string>;
export type PromPoint = [time: number, value: string];
export type PromData =
  | { resultType: 'scalar' | 'string'; result: PromPoint }
  | { resultType: 'vector'; result: { metric: LabelSet; value: PromPoint }[] }
  | { resultType: 'matrix'; result: { metric: LabelSet; values: PromPoint[] }[] };

export interface PromAnswer<T> {
  data: T;
  warnings: string[];
  /** How long the answer took, the way included. */
  tookMs: number;
}

/** What the server refused, in its words. */
export class PromError extends Error {
  readonly type: string;
  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

/** Longest wait; the server's own limit for a query is shorter. */
const kTimeoutMs = 120_000;

interface Envelope {
  status?: unknown;
  data?: unknown;
  errorType?: unknown;
  error?: unknown;
  warnings?: unknown;
}

type Values = Record<string, string | number | readonly string[]>;

function ask<T>(path: string, values: Values, signal?: AbortSignal): Promise<PromAnswer<T>> {
  return inTurn(() => askNow<T>(path, values, signal));
}

async function askNow<T>(path: string, values: Values, signal?: AbortSignal):
  Promise<PromAnswer<T>> {
  signal?.throwIfAborted();
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    for (const one of Array.isArray(value) ? value : [value]) query.append(name, String(one));
  }
  const late = AbortSignal.timeout(kTimeoutMs);
  const begun = performance.now();
  let answer: Response;
  let text: string;
  try {
    answer = await fetch(`/api/v1/${path}?${query}`,
      { signal: signal === undefined ? late : AbortSignal.any([signal, late]) });
    text = await answer.text();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new PromError('unreachable', 'no answer from Tocsin');
  }
  const body = envelopeOf(text);
  if (body === null || body.status !== 'success') {
    throw new PromError(String(body?.errorType ?? 'http'),
      String(body?.error ?? `refused with status ${answer.status}`));
  }
  const warnings = Array.isArray(body.warnings) ? body.warnings.map(String) : [];
  return { data: body.data as T, warnings, tookMs: performance.now() - begun };
}

function envelopeOf(text: string): Envelope | null {
  try {
    const parsed: unknown = JSON.parse(text);
    return parsed !== null && typeof parsed === 'object' ? parsed : null;
  } catch {
    return null; // Not JSON: a proxy in between answered; the status says what is known.
  }
}

const seconds = (ms: number) => ms / 1000;
const matching = (match: string): Values => (match === '' ? {} : { 'match[]': [match] });

export const prom = {
  query: (expr: string, at: number, signal?: AbortSignal) =>
    ask<PromData>('query', { query: expr, time: seconds(at) }, signal),
  range: (expr: string, from: number, to: number, stepMs: number, signal?: AbortSignal) =>
    ask<PromData>('query_range',
      { query: expr, start: seconds(from), end: seconds(to), step: seconds(stepMs) }, signal),
  names: (match = '') => ask<string[]>('label/__name__/values', matching(match)),
  labels: (match: string) => ask<string[]>('labels', matching(match)),
  values: (label: string, match: string) =>
    ask<string[]>(`label/${encodeURIComponent(label)}/values`, matching(match)),
  metadata: () => ask<Record<string, { type: string; help: string; unit: string }[]>>(
    'metadata', { limit_per_metric: 1 }),
  rules: () => ask<{ groups: PromGroup[] }>('rules', {}),
  format: (expr: string) => ask<string>('format_query', { query: expr }),
};

export const isAbort = (error: unknown) =>
  error instanceof DOMException && error.name === 'AbortError';

export function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}

/** `up{job="p"}`: name first, labels sorted; `{}` for a series without any. */
export function metricText(metric: LabelSet, leaveOut: ReadonlySet<string> = new Set()): string {
  const inner = Object.keys(metric)
    .filter((label) => label !== '__name__' && !leaveOut.has(label)).sort()
    .map((label) => `${label}=${quoted(metric[label]!)}`).join(', ');
  const name = metric['__name__'] ?? '';
  return inner === '' ? name || '{}' : `${name}{${inner}}`;
}

/** A Prometheus number: what JSON cannot say comes as text. */
export function valueOf(text: string): number {
  if (text === '+Inf') return Infinity;
  if (text === '-Inf') return -Infinity;
  return Number(text);
}
