// The stand-in's escalations: one policy of three steps; what people ask for is done at once.
const kTarget = 300_000;

export function makeEscalation() {
  const calls = new Map();
  const kSteps = [['ana', 0], ['bob', 300_000], ['cy', 900_000]];
  const next = (alert, from) => alert.state !== 'open' || alert.acknowledged_by !== '' ? []
    : kSteps.slice(from).map(([person, after], i) => ({
      at: alert.opened_at + after, person, receiver: `${person}/sms`,
      why: 'schedule payments', step: from + i + 1, steps: kSteps.length, round: 1, rounds: 1,
      text: `${person} is called by ${person}/sms (step ${from + i + 1} of ${kSteps.length})`,
    }));
  const view = (alert) => {
    const own = calls.get(alert.id) ?? { done: 1, asked: [], assigned: null };
    const paged = alert.severity === 'critical';
    return {
      policy: paged ? 'payments' : null, state: !paged ? 'none' : alert.acknowledged_by !== ''
        ? 'answered' : own.done >= kSteps.length ? 'exhausted' : 'running',
      steps: paged ? kSteps.length : 0, steps_done: paged ? own.done : 0, round: paged ? 1 : 0,
      rounds: paged ? 1 : 0, begun_at: paged ? alert.opened_at : null,
      assigned_to: own.assigned, acknowledged_until: null,
      ack_target_ms: paged ? kTarget : null, calls: own.asked,
      next: paged ? next(alert, own.done) : [],
    };
  };

  /** The answer to a request, or null if it is none of these. */
  return (method, path, body, alert) => {
    const found = /^\/api\/alerts\/([^/]+)\/(escalation|escalate|call|assign)$/.exec(path);
    if (found === null) return null;
    const one = alert(found[1]);
    if (one === undefined) return [404, { error: 'there is no such alert' }];
    if (method === 'GET') return [200, view(one)];
    const own = calls.get(one.id) ?? { done: 1, asked: [], assigned: null };
    calls.set(one.id, own);
    if (found[2] === 'escalate' && one.severity !== 'critical') {
      return [409, { error: 'escalating failed: the alert has no policy' }];
    }
    if (found[2] === 'escalate') own.done = Math.min(kSteps.length, own.done + 1);
    if (found[2] === 'call') own.asked.push({ person: null, receiver: body.who });
    if (found[2] === 'assign') own.assigned = body.person;
    return [200, view(one)];
  };
}
