// Who was told and who is next, in one order of time.
import { onePer } from './reduce';
import type { AlertDetail, Delivery } from './types';

export interface LedgerLine {
  key: string;
  time: number;
  tone: '' | 'ok' | 'bad';
  what: string;
  detail: string;
  failed: boolean;
  /** Updates folded into this line, oldest first; it stands where the first of them was. */
  folded?: LedgerLine[];
}

export interface Ledger {
  past: LedgerLine[];
  next: LedgerLine[];
}

interface Entry {
  line: LedgerLine;
  /** Null for what people did; it ends every receiver's run of updates. */
  delivery: Delivery | null;
}

/** A receiver named for its kind is said once. */
const nameOf = (d: Delivery) => (d.kind === d.receiver ? d.receiver : `${d.kind} ${d.receiver}`);

function pastLine(d: Delivery): LedgerLine | null {
  if (d.attempts === 0 || d.sent === null) return null;
  const failed = d.state !== 'sent';
  return {
    key: `d${d.id}`, time: d.sent, tone: failed ? 'bad' : 'ok', failed, what: nameOf(d),
    detail: [d.event, d.answer, d.attempts > 1 ? `attempt ${d.attempts}` : '',
      d.state === 'given up' ? 'given up' : ''].filter((t) => t !== '').join('; '),
  };
}

function nextLine(d: Delivery): LedgerLine | null {
  const time = d.next_try ?? (d.state === 'planned' ? d.planned : null);
  if (time === null || d.state === 'sent' || d.state === 'given up') return null;
  const again = d.attempts > 0 ? `retry ${d.attempts + 1}` : '';
  return {
    key: `n${d.id}`, time, tone: '', failed: false, what: nameOf(d),
    detail: [d.event, again].filter((t) => t !== '').join('; '),
  };
}

/** Each receiver's updates that follow one another become one line. What another receiver was told
    in between does not part them; what people did, a failure or another event does. */
function fold(entries: readonly Entry[]): LedgerLine[] {
  const lines: LedgerLine[] = [];
  let runs = new Map<string, LedgerLine>();
  for (const { line, delivery } of entries) {
    const run = delivery === null ? undefined : runs.get(line.what);
    const update = delivery?.event === 'updated' && delivery.state === 'sent';
    if (delivery === null) runs = new Map();
    if (run !== undefined && update) {
      (run.folded ??= [{ ...run }]).push(line);
      continue;
    }
    runs.delete(line.what);
    const own = { ...line };
    lines.push(own);
    if (update) runs.set(line.what, own);
  }
  return lines;
}

/** The history's own word of deliveries, all of which the ledger says better. */
function saidTwice(what: string, receivers: string, ledger: readonly Delivery[]): boolean {
  return what === 'told' &&
    receivers.split(', ').every((name) => ledger.some((d) => d.receiver === name));
}

const kId = /^[0-9a-f]{32}$/;

export function ledgerOf(detail: AlertDetail): Ledger {
  const deliveries = onePer(detail.ledger, (d) => d.id);
  const order = (a: LedgerLine, b: LedgerLine) => a.time - b.time; // stable: as they were written
  const entry = (line: LedgerLine): Entry => ({ line, delivery: null });
  const history = detail.history
    .filter((h) => h.what !== 'note' && !saidTwice(h.what, h.text, deliveries))
    .map((h, i) => entry({
      key: `h${i}`, time: h.time, tone: '', failed: false,
      what: h.who ? `${h.what} by ${h.who}` : h.what, detail: kId.test(h.text) ? '' : h.text,
    }));
  const notes = detail.notes.map((n, i) => entry({
    key: `t${i}`, time: n.time, tone: '', failed: false, what: `note by ${n.who}`, detail: n.text,
  }));
  const told = deliveries.flatMap((delivery): Entry[] => {
    const line = pastLine(delivery);
    return line === null ? [] : [{ line, delivery }];
  });
  return {
    past: fold([...history, ...notes, ...told].sort((a, b) => order(a.line, b.line))),
    next: deliveries.flatMap((d) => nextLine(d) ?? []).sort(order),
  };
}
