import { describe, expect, it } from 'vitest';
import type { AlertDetail } from '../types';
import { nextStep, standing, targetOf, withCalls, type Escalation, type NextCall } from './escalation';

const next = (at: number, step: number, more: Partial<NextCall> = {}): NextCall => ({
  at, person: 'bob', receiver: 'bob/sms', why: '', step, steps: 3, round: 1, rounds: 2,
  text: `step ${step}`, ...more,
});
const escalation = (more: Partial<Escalation> = {}): Escalation => ({
  policy: 'payments', state: 'running', steps: 3, steps_done: 1, round: 1, rounds: 2, begun_at: 1, with: null,
  assigned_to: null, acknowledged_until: null, ack_target_ms: 300_000, calls: [], next: [], ...more,
});
const alert = (more: object) => ({ state: 'open', acknowledged_at: null,
  ledger: [{ planned: 2000 }, { planned: 1000 }], ...more }) as AlertDetail;

describe('escalation', () => {
  it.each([
    ['running', {}, true, 'policy payments, 1 of 3 steps done, round 1 of 2'],
    ['one round', { rounds: 1 }, true, 'policy payments, 1 of 3 steps done'],
    ['one step', { steps: 1, rounds: 1 }, true, 'policy payments, 1 of 1 step done'],
    ['none', { state: 'none', policy: null }, true, 'no policy calls anybody else'],
    ['exhausted', { state: 'exhausted', steps_done: 3, rounds: 1 }, true,
      'policy payments, 3 of 3 steps done: all of it is done and nobody has the alert'],
    ['follows', { state: 'follows', with: 'x' }, true,
      'policy payments: called for together with other alerts; who answers has all'],
    ['over', {}, false, ''],
  ] as const)('says where it stands: %s', (_, more, open, text) =>
    expect(standing(escalation(more), open)).toBe(text));

  it.each([
    ['waits', {}, 200_000, { due: 301_000, told: 1000, took: null, inTime: true }],
    ['at the very end', {}, 301_000, { due: 301_000, told: 1000, took: null, inTime: true }],
    ['is late', {}, 301_001, { due: 301_000, told: 1000, took: null, inTime: false }],
    ['was in time', { acknowledged_at: 61_000 }, 900_000,
      { due: 301_000, told: 1000, took: 60_000, inTime: true }],
    ['was late', { acknowledged_at: 401_000 }, 900_000,
      { due: 301_000, told: 1000, took: 400_000, inTime: false }],
    ['nobody was told', { ledger: [] }, 2000, null],
    ['over without one', { state: 'resolved' }, 2000, null],
  ] as const)('measures against the target: %s', (_, more, now, target) =>
    expect(targetOf(alert(more), escalation(), now)).toEqual(target));
  it('has no target where none is set', () =>
    expect(targetOf(alert({}), escalation({ ack_target_ms: null }), 1)).toBeNull());

  it('puts calls and retries into one order of time', () => {
    const retry = { key: 'n1', time: 5, tone: '', failed: false, what: 'mail', detail: '' } as const;
    const lines = withCalls([retry], escalation({ next: [next(3, 2), next(9, 3, { round: 2 })] }));
    expect(lines.map((line) => [line.time, line.what, line.detail]))
      .toEqual([[3, 'step 2', ''], [5, 'mail', ''], [9, 'step 3', 'round 2']]);
    expect(withCalls([retry], null)).toEqual([retry]);
  });
  it('the next step is all of the first step that comes, not of its repetition', () => {
    const calls = [next(1, 0), next(3, 2), next(3, 2, { receiver: 'eve/sms' }), next(9, 3),
      next(20, 2, { round: 2 })];
    expect(nextStep(escalation({ next: calls })).map((one) => one.receiver))
      .toEqual(['bob/sms', 'eve/sms']);
    expect(nextStep(null)).toEqual([]);
  });
});
