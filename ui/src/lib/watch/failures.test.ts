import { describe, expect, it } from 'vitest';
import { failuresOf } from './failures';
import type { LedgerLine } from './watch';

const row = (who: string, state: LedgerLine['state'], more: Partial<LedgerLine> = {}): LedgerLine =>
  ({ kind: 'delivery', time: 1, alert: '', rule: '', scope: '', what: 'opened', who, text: '',
    attempts: 1, next_try: null, ...(state === undefined ? {} : { state }), ...more });
const names = (rows: LedgerLine[]) => rows.map((one) => one.who);

describe('failures', () => {
  const found = failuresOf({ next: null, rows: [
    row('sent', 'sent'), row('later', 'failed', { next_try: 20 }),
    row('not tried', 'planned', { attempts: 0 }), row('under way', 'planned', { attempts: 2 }),
    row('sooner', 'failed', { next_try: 10 }), row('old', 'given up', { time: 1 }),
    row('new', 'given up', { time: 2 }), { ...row('a state', undefined), kind: 'state' },
  ] });
  it('are tried again, the soonest first', () =>
    expect(names(found.retrying)).toEqual(['sooner', 'later', 'under way']));
  it('or lost, the newest first', () => expect(names(found.lost)).toEqual(['new', 'old']));
  it('and say when there were more to look at', () => {
    expect(found.cut).toBe(false);
    expect(failuresOf({ next: 'x', rows: [] }).cut).toBe(true);
  });
});
