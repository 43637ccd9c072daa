// Senders in the order in which one looks for them, and what is said of their points.
import type { Sender, SenderPoint } from './types';

/** Latest points of a sender that are shown unasked. */
export const kRecentShown = 5;

/** The newest on top, of one age the smallest: who has just sent a point by hand finds it. */
export function newestFirst(a: Sender, b: Sender): number {
  return b.first_seen_at - a.first_seen_at || a.series - b.series ||
    (String(a.id) < String(b.id) ? -1 : 1);
}

/** The reason without the verdict, which stands beside it. */
export function whyText({ verdict, reason }: Pick<SenderPoint, 'verdict' | 'reason'>): string {
  if (reason === verdict) return '';
  return reason.startsWith(`${verdict}: `) ? reason.slice(verdict.length + 2) : reason;
}
