import { describe, expect, it } from 'vitest';
import { newestFirst, whyText } from './senders';
import type { Sender } from './types';

describe('senders', () => {
  const sender = (id: string, first_seen_at: number, series: number) =>
    ({ id, first_seen_at, series }) as Sender;
  it('the newest is on top, of one age the smallest', () => {
    const all = [sender('house', 10, 243), sender('machine', 10, 54), sender('curl', 90, 1),
      sender('b', 10, 54)];
    expect(all.sort(newestFirst).map((s) => s.id)).toEqual(['curl', 'b', 'machine', 'house']);
  });
  it.each([
    ['inside', 'inside', ''],
    ['inside', '118 in 112–151', '118 in 112–151'],
    ['learning', 'learning: 3 of 30 points', '3 of 30 points'],
    ['outside', 'outsider', 'outsider'],
    ['not tested', 'no worker selects it', 'no worker selects it'],
  ])('%s, %s', (verdict, reason, said) => expect(whyText({ verdict, reason })).toBe(said));
});
