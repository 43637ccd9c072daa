// The typed client of docs/http-api.md. A refusal becomes a Refused with the server's own words;
// lists that pages key by an id come with each id once.
import type { BoardSpec, BoardSummary } from './boards/types';
import type { MarkTable } from './marks.svelte';
import { onePer, violationRows } from './reduce';
import type {
  Alert, AlertDetail, AlertGroup, Board, Cardinality, Delivery, InboxMessage, Receiver, Sender,
  SeriesBand, Silence, Status,
  ViolationRow, WorkerDetail, WorkerSummary,
} from './types';

export class Refused extends Error {
  readonly status: number;
  /** The whole answer, where it was JSON. */
  readonly body: unknown;
  constructor(status: number, message: string, body?: unknown) {
    super(message);
    this.status = status;
    this.body = body;
  }
}

/** Longest wait for an answer; a page that waits for ever looks like a quiet one. */
const kTimeoutMs = 15_000;

let csrf = '';
/** What a signed-in page sends back with every change: GET /api/me tells it. */
export function setCsrf(token: string): void {
  csrf = token;
}

let unknown = (): void => {};
/** Called when the server does not know (any more) who asks. */
export function onUnknown(listener: () => void): void {
  unknown = listener;
}

/** Names one act, so that it is done once however often its request is sent. */
function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function headersOf(method: string, body: unknown): Record<string, string> {
  const out: Record<string, string> = {};
  if (body !== undefined) out['Content-Type'] = 'application/json';
  if (method !== 'GET' && csrf !== '') out['X-Tocsin-CSRF'] = csrf;
  if (method === 'POST') out['Idempotency-Key'] = newKey();
  return out;
}

export async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const init: RequestInit = {
    method, signal: AbortSignal.timeout(kTimeoutMs), headers: headersOf(method, body),
  };
  if (body !== undefined) init.body = JSON.stringify(body);
  let answer: Response;
  try {
    answer = await fetch(path, init);
  } catch {
    throw new Refused(0, `${method} ${path}: no answer from Tocsin`);
  }
  const text = await answer.text();
  if (!answer.ok) {
    if (answer.status === 401 && path !== '/api/v1/login') unknown();
    throw new Refused(answer.status, reasonOf(text, answer.status), parsed(text));
  }
  try {
    return (text === '' ? undefined : JSON.parse(text)) as T;
  } catch {
    throw new Refused(answer.status, `${method} ${path}: the answer is not JSON`);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function reasonOf(text: string, status: number): string {
  try {
    const parsed: unknown = JSON.parse(text);
    if (parsed && typeof parsed === 'object' && 'error' in parsed) return String(parsed.error);
  } catch {
    // Not JSON: a proxy in between answered; say the status.
  }
  return `refused with status ${status}`;
}

function query(values: Record<string, string | number | null | undefined>): string {
  const out = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== null && value !== undefined && value !== '') out.set(name, String(value));
  }
  const text = out.toString();
  return text === '' ? '' : `?${text}`;
}

const alertPath = (id: string) => `/api/alerts/${encodeURIComponent(id)}`;

export const api = {
  status: () => call<Status>('GET', '/api/status'),
  now: () => call<Board>('GET', '/api/now'),
  alerts: (filter: { state?: string; severity?: string; site?: string; rule?: string;
    since?: number | undefined; limit?: number }) =>
    api.alertPage(filter).then((page) => page.alerts),
  /** Open ones first, then closed ones; `next` leads to older ones, `complete`: no more are open. */
  alertPage: (filter: { state?: string; severity?: string; site?: string; rule?: string;
    since?: number | undefined; limit?: number; before?: string | null }) =>
    call<{ alerts: Alert[]; next: string | null; complete: boolean }>(
      'GET', `/api/alerts${query(filter)}`).then((page) => ({
      ...page, alerts: onePer(page.alerts, (one) => one.id, (one) => one.updated_at),
    })),
  alert: (id: string) => call<AlertDetail>('GET', alertPath(id)),
  openAlert: (body: { summary: string; severity: string; labels: Record<string, string>;
    description: string; by: string }) => call<Alert>('POST', '/api/alerts', body),
  acknowledge: (id: string, by: string) =>
    call<Alert>('POST', `${alertPath(id)}/acknowledge`, { by, note: '' }),
  unacknowledge: (id: string, by: string) =>
    call<Alert>('POST', `${alertPath(id)}/unacknowledge`, { by }),
  resolve: (id: string, by: string, reason: string) =>
    call<Alert>('POST', `${alertPath(id)}/resolve`, { by, reason }),
  note: (id: string, by: string, text: string) =>
    call<Alert>('POST', `${alertPath(id)}/note`, { by, text }),
  shelve: (id: string, by: string, until: number, reason: string) =>
    call<Alert>('POST', `${alertPath(id)}/shelve`, { by, until, reason }),
  unshelve: (id: string, by: string) =>
    call<Alert>('POST', `${alertPath(id)}/unshelve`, { by }),
  actOnGroup: (id: string, what: 'acknowledge' | 'resolve', by: string) =>
    call<Alert>('POST', `/api/alert-groups/${encodeURIComponent(id)}/${what}`, { by }),
  group: (id: string) =>
    call<AlertGroup>('GET', `/api/alert-groups/${encodeURIComponent(id)}`),
  silences: () =>
    call<{ silences: Silence[] }>('GET', '/api/silences').then(
      (a) => onePer(a.silences, (one) => one.id)),
  silence: (body: { matchers: string[]; until: number; comment: string; by: string }) =>
    call<Silence>('POST', '/api/silences', body),
  endSilence: (id: string) => call<unknown>('DELETE', `/api/silences/${encodeURIComponent(id)}`),
  violations: (limit: number) =>
    call<{ violations: ViolationRow[] }>('GET', `/api/violations${query({ limit })}`).then(
      (a) => violationRows(a.violations),
    ),
  answer: (id: string, how: 'accept' | 'keep', by: string) =>
    call<unknown>('POST', `/api/violations/${encodeURIComponent(id)}/${how}`, { by }),
  marks: () => call<MarkTable>('GET', '/api/v1/marks?limit=2000'),
  mark: (of: 'alert' | 'violation', id: string, mark: string, by: string) =>
    call<unknown>('POST', `/api/v1/${of}s/${encodeURIComponent(id)}/mark`, { mark, by }),
  band: (series: string, worker: string, from: number, to: number, width: number) =>
    call<SeriesBand>('GET', `/api/series/band${query({ series, worker, from, to, width })}`),
  workers: () =>
    call<{ workers: WorkerSummary[] }>('GET', '/api/workers').then(
      (a) => onePer(a.workers, (one) => one.id)),
  worker: (id: string) =>
    call<WorkerDetail>('GET', `/api/workers/${encodeURIComponent(id)}`).then(
      (worker) => ({ ...worker, series: onePer(worker.series, (one) => one.series.text) })),
  boards: () =>
    call<{ boards: BoardSummary[] }>('GET', '/api/boards').then(
      (a) => onePer(a.boards, (one) => one.id)),
  board: (id: string) => call<BoardSpec>('GET', `/api/boards/${encodeURIComponent(id)}`),
  senders: () =>
    call<{ senders: Sender[] }>('GET', '/api/senders').then(
      (a) => onePer(a.senders, (one) => one.id)),
  cardinality: (label: string, sender: string) =>
    call<Cardinality>('GET', `/api/cardinality${query({ label, sender })}`),
  inbox: () =>
    call<{ messages: InboxMessage[] }>('GET', '/api/inbox?limit=100').then(
      (a) => onePer(a.messages, (one) => one.id)),
  receivers: () =>
    call<{ receivers: Receiver[] }>('GET', '/api/receivers').then(
      (a) => onePer(a.receivers, (one) => one.name)),
  testReceiver: (name: string) =>
    call<Delivery>('POST', `/api/receivers/${encodeURIComponent(name)}/test`, {}),
};
