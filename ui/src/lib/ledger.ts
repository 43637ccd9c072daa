// Who was told and who is next, in one order of time.
import type { AlertDetail, Delivery } from './types';

export interface LedgerLine {
  key: string;
  time: number;
  tone: '' | 'ok' | 'bad';
  what: string;
  detail: string;
  failed: boolean;
}

export interface Ledger {
  past: LedgerLine[];
  next: LedgerLine[];
}

function pastLine(d: Delivery): LedgerLine | null {
  if (d.attempts === 0 || d.sent === null) return null;
  const failed = d.state !== 'sent';
  return {
    key: `d${d.id}`, time: d.sent, tone: failed ? 'bad' : 'ok', failed,
    what: `${d.kind} ${d.receiver}`,
    detail: [d.event, d.answer, d.attempts > 1 ? `attempt ${d.attempts}` : '',
      d.state === 'given up' ? 'given up' : ''].filter((t) => t !== '').join('; '),
  };
}

function nextLine(d: Delivery): LedgerLine | null {
  const time = d.next_try ?? (d.state === 'planned' ? d.planned : null);
  if (time === null || d.state === 'sent' || d.state === 'given up') return null;
  const again = d.attempts > 0 ? `retry ${d.attempts + 1}` : '';
  return {
    key: `n${d.id}`, time, tone: '', failed: false, what: `${d.kind} ${d.receiver}`,
    detail: [d.event, again].filter((t) => t !== '').join('; '),
  };
}

export function ledgerOf(detail: AlertDetail): Ledger {
  const present = (l: LedgerLine | null): l is LedgerLine => l !== null;
  const order = (a: LedgerLine, b: LedgerLine) => a.time - b.time || (a.key < b.key ? -1 : 1);
  const history = detail.history.filter((h) => h.what !== 'note').map((h, i): LedgerLine => ({
    key: `h${i}`, time: h.time, tone: '', failed: false,
    what: h.who ? `${h.what} by ${h.who}` : h.what, detail: h.text,
  }));
  const notes = detail.notes.map((n, i): LedgerLine => ({
    key: `t${i}`, time: n.time, tone: '', failed: false, what: `note by ${n.who}`, detail: n.text,
  }));
  const told = detail.ledger.map(pastLine).filter(present);
  return {
    past: [...history, ...notes, ...told].sort(order),
    next: detail.ledger.map(nextLine).filter(present).sort(order),
  };
}
