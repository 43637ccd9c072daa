// Who is called about an alert, and who is called next: docs/http-api.md, "escalation".
import { call } from '../api';
import type { LedgerLine } from '../ledger';
import type { AlertDetail } from '../types';

export type EscalationState =
  'none' | 'running' | 'paused' | 'answered' | 'exhausted' | 'follows';

export interface EscalationCall {
  person: string | null;
  receiver: string;
  why: string;
  state: 'waiting' | 'planned' | 'sent' | 'failed' | 'not needed';
  at: number;
  step: number;
  asked_for: boolean;
  delivery: number;
  answer: string | null;
}
export interface NextCall {
  at: number;
  person: string | null;
  receiver: string;
  why: string;
  step: number;
  steps: number;
  round: number;
  rounds: number;
  text: string;
}
export interface Escalation {
  policy: string | null;
  state: EscalationState;
  steps: number;
  steps_done: number;
  round: number;
  rounds: number;
  begun_at: number | null;
  /** The alert that is called for instead, or was first: state `follows`. */
  with: string | null;
  assigned_to: string | null;
  acknowledged_until: number | null;
  ack_target_ms: number | null;
  calls: EscalationCall[];
  next: NextCall[];
}

const path = (alert: string) => `/api/alerts/${encodeURIComponent(alert)}`;

export const escalationApi = {
  of: (alert: string) => call<Escalation>('GET', `${path(alert)}/escalation`),
  escalate: (alert: string, by: string, note: string) =>
    call<Escalation>('POST', `${path(alert)}/escalate`, { by, note }),
  call: (alert: string, by: string, who: string, note: string) =>
    call<Escalation>('POST', `${path(alert)}/call`, { by, who, note }),
  assign: (alert: string, by: string, person: string, note: string) =>
    call<Escalation>('POST', `${path(alert)}/assign`, { by, person, note }),
};

/** Where the policy stands, in one sentence; empty when the alert is over. */
export function standing(one: Escalation, open: boolean): string {
  if (!open) return '';
  const where = one.policy === null ? ''
    : `policy ${one.policy}, ${one.steps_done} of ${one.steps} ${one.steps === 1 ? 'step' : 'steps'
    } done${one.rounds > 1 ? `, round ${one.round} of ${one.rounds}` : ''}`;
  switch (one.state) {
    case 'none':
      return 'no policy calls anybody else';
    case 'running':
      return where;
    case 'paused':
      return `${where}: waits while the alert is quiet`;
    case 'answered':
      return `${where}: stopped, somebody has it`;
    case 'exhausted':
      return `${where}: all of it is done and nobody has the alert`;
    case 'follows':
      return `policy ${one.policy ?? ''}: called for together with other alerts; who answers has all`;
  }
}

export interface Target {
  /** When it is to be acknowledged at the latest. */
  due: number;
  told: number;
  /** How long the acknowledgement took; null: there is none yet. */
  took: number | null;
  inTime: boolean;
}

/** The time to acknowledge against its target, counted from when somebody was first told. Null
    without a target, or while nobody was told. */
export function targetOf(detail: AlertDetail, one: Escalation, now: number): Target | null {
  const told = Math.min(...detail.ledger.map((delivery) => delivery.planned));
  if (one.ack_target_ms === null || !Number.isFinite(told)) return null;
  const due = told + one.ack_target_ms;
  const at = detail.acknowledged_at;
  if (at === null && detail.state !== 'open') return null;
  return { due, told, took: at === null ? null : Math.max(0, at - told),
    inTime: (at ?? now) <= due };
}

/** The policy's coming calls as lines of the ledger, in place of the planned deliveries to the same
    receivers; those that are retries stay beside them. */
export function withCalls(planned: readonly LedgerLine[], one: Escalation | null): LedgerLine[] {
  const calls = (one?.next ?? []).map((next, i): LedgerLine => ({
    key: `c${i}`, time: next.at, tone: '', failed: false, what: next.text,
    detail: next.round > 1 ? `round ${next.round}` : '',
  }));
  return [...planned, ...calls].sort((a, b) => a.time - b.time);
}

/** What the next step now would do: those whom it calls. */
export function nextStep(one: Escalation | null): NextCall[] {
  const first = one?.next.find((next) => next.step > 0);
  if (first === undefined) return [];
  return one!.next.filter((next) => next.step === first.step && next.round === first.round);
}
