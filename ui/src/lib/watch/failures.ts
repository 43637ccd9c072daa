// What could not be sent: the deliveries of a day that were tried and are not sent.
import { call } from '../api';
import type { LedgerLine, LedgerPage } from './watch';

const kDayMs = 86_400_000;
const kRowsMax = 5000;
export const kFailuresShown = 50;

export interface Failures {
  /** Tried, not sent, will be tried again; soonest first. */
  retrying: LedgerLine[];
  /** Given up; newest first. */
  lost: LedgerLine[];
  /** There were more deliveries than were looked at. */
  cut: boolean;
}

export function failuresOf(page: LedgerPage): Failures {
  const tried = page.rows.filter(
    (row) => row.kind === 'delivery' && row.state !== 'sent' && (row.attempts ?? 0) > 0);
  return {
    retrying: tried.filter((row) => row.state !== 'given up')
      .sort((a, b) => (a.next_try ?? Infinity) - (b.next_try ?? Infinity)),
    lost: tried.filter((row) => row.state === 'given up').sort((a, b) => b.time - a.time),
    cut: page.next !== null,
  };
}

export const readFailures = (now: number) =>
  call<LedgerPage>('GET',
    `/api/ledger?kind=delivery&since=${Math.round(now - kDayMs)}&limit=${kRowsMax}`)
    .then(failuresOf);
