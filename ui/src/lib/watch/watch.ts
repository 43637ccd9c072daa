// The ledger and the stages of Tocsin itself: what the API answers, and words for it.
import { call } from '../api';

export interface LedgerLine {
  kind: 'state' | 'delivery';
  time: number;
  alert: string;
  rule: string;
  scope: string;
  what: string;
  who: string;
  text: string;
  receiver_kind?: string;
  state?: 'planned' | 'sent' | 'failed' | 'given up';
  attempts?: number;
  sent?: number | null;
  next_try?: number | null;
}
export interface LedgerPage {
  rows: LedgerLine[];
  next: string | null;
}
export interface Why {
  who: string;
  told: boolean;
  answer: string;
  reasons: { time: number; text: string }[];
}
export interface Stage {
  stage: string;
  doc: string;
  limit: string;
  lag: number | null;
  waiting: number | null;
  full: number | null;
  refused: number | null;
  failed: number | null;
}
/** By stage and series name: [time in seconds, value]. */
export type StagePoints = Map<string, [number, number][]>;

/** What of the page's address the ledger's API understands. */
export const kLedgerFilters = ['kind', 'rule', 'what', 'who', 'site', 'label', 'alert'] as const;

export function ledgerQuery(address: URLSearchParams, more: Record<string, string> = {}): string {
  const out = new URLSearchParams();
  for (const name of kLedgerFilters) {
    const value = address.get(name);
    if (value) out.set(name, value);
  }
  for (const name of ['since', 'until']) {
    const value = address.get(name);
    if (value) out.set(name, value);
  }
  for (const [name, value] of Object.entries(more)) out.set(name, value);
  const text = out.toString();
  return text === '' ? '' : `?${text}`;
}

export const readLedger = (address: URLSearchParams, before: string | null) =>
  call<LedgerPage>('GET', `/api/ledger${ledgerQuery(address, {
    limit: '100', ...(before === null ? {} : { before }),
  })}`);
export const askWhy = (alert: string, who: string) =>
  call<Why>('GET', `/api/alerts/${encodeURIComponent(alert)}/why?who=${encodeURIComponent(who)}`);
export const readStages = () => call<{ stages: Stage[] }>('GET', '/api/stages');

interface Matrix {
  data: { result: { metric: Record<string, string>; values: [number, string][] }[] };
}
export async function readStagePoints(now: number): Promise<StagePoints> {
  const end = Math.floor(now / 1000);
  const query = encodeURIComponent('{__name__=~"tocsin_stage_(lag|full|refused|failed)"}');
  const answer = await call<Matrix>('GET',
    `/api/v1/query_range?query=${query}&start=${end - 3600}&end=${end}&step=60`);
  const out: StagePoints = new Map();
  for (const { metric, values } of answer.data.result) {
    const name = (metric.__name__ ?? '').replace('tocsin_stage_', '');
    out.set(`${metric.stage ?? ''} ${name}`, values.map(([t, v]) => [t, Number(v)]));
  }
  return out;
}

/** How a delivery went, as a tone of the style sheet. */
export function lineTone(line: LedgerLine): string {
  if (line.state === 'given up' || line.state === 'failed') return 'high';
  return line.kind === 'delivery' && line.state === 'planned' ? 'info' : '';
}

export function lineResult(line: LedgerLine): string {
  if (line.kind === 'state') return line.text;
  const attempts = (line.attempts ?? 0) > 1 ? `, ${line.attempts} attempts` : '';
  return `${line.state ?? ''}${attempts}${line.text ? `: ${line.text}` : ''}`;
}

/** Worst first in words: what a stage is in trouble with. */
export function stageTrouble(stage: Stage, points: StagePoints): string {
  const hour = (what: string) =>
    (points.get(`${stage.stage} ${what}`) ?? []).reduce((sum, [, v]) => sum + v, 0);
  if (hour('failed') > 0) return 'failed within the hour';
  if (hour('refused') > 0) return 'refused work within the hour';
  if ((stage.full ?? 0) > 0.9) return 'nearly full';
  if ((stage.lag ?? 0) > 2000) return 'lags behind';
  return '';
}
