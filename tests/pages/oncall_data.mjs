// The stand-in's schedules: two people who take turns by the week, a gap, an override, findings.
const kHour = 3_600_000;
const kDay = 24 * kHour;

export function makeOnCall() {
  const state = { overrides: [], made: 0 };
  const people = [
    { name: 'ana', real_name: 'Ana Ruiz', zone: 'Europe/Madrid', on_leave: false,
      notify: [{ receiver: 'ana/mail', by: 'mail', after: '0', works: true, why: '' }] },
    { name: 'bob', real_name: '', zone: 'America/New_York', on_leave: true,
      notify: [{ receiver: 'bob/sms', by: 'sms', after: '2m', works: false,
        why: 'no receiver of kind sms is configured' }] },
  ];
  const findings = (now) => [
    { kind: 'gap', warning: true, schedule: 'payments', person: '', from: now + 5 * kDay,
      to: now + 5 * kDay + 9 * kHour,
      text: 'Nobody is on call for payments from 2026-11-28 09:00 to 2026-11-28 18:00 (UTC).' },
    { kind: 'no contact', warning: true, schedule: '', person: 'bob', from: null, to: null,
      text: 'bob cannot be told: bob/sms: no receiver of kind sms is configured.' },
  ];
  const turn = (now) => Math.floor(now / (7 * kDay)) * 7 * kDay;
  const shifts = (now, from, to) => {
    const out = [];
    for (let begin = turn(from); begin < to; begin += 7 * kDay) {
      out.push({ from: begin + (begin > now ? 9 * kHour : 0), to: begin + 7 * kDay,
        people: [(begin / (7 * kDay)) % 2 === 0 ? 'ana' : 'bob'], overridden: false });
    }
    return out;
  };
  const final = (now, from, to) => {
    const out = shifts(now, from, to);
    for (const one of state.overrides) {
      const under = out.find((shift) => shift.from <= one.from && one.to <= shift.to);
      if (!under) continue;
      out.splice(out.indexOf(under), 1, { ...under, to: one.from },
        { from: one.from, to: one.to, people: [one.person], overridden: true },
        { ...under, from: one.to });
    }
    return out;
  };
  const lanes = (now, from, to) => ({
    name: 'payments', title: 'Payments', team: 'pay', zone: 'Europe/Madrid',
    feed: '/oncall/payments.ics?token=0123456789abcdef', from, to, now,
    recorded_from: from + kHour, final: final(now, from, to),
    layers: [{ name: 'weeks', zone: 'Europe/Madrid', shifts: shifts(now, from, to) }],
    overrides: state.overrides.filter((one) => one.from < to && one.to > from),
    gaps: shifts(now, from, to).filter((one) => one.from > now)
      .map((one) => ({ from: one.from - 9 * kHour, to: one.from })),
    findings: findings(now),
  });

  /** The answer to a request, or null if it is none of these. */
  return (request, path, query, body, now, scene) => {
    if (!path.startsWith('/api/oncall')) return null;
    if (path === '/api/oncall') {
      const begin = turn(now);
      const [on] = final(now, now, now + 1).filter((one) => one.from <= now && now < one.to);
      return [200, scene.calm
        ? { at: now, schedules: [], people: [], teams: [], findings: [] }
        : { at: now, people, teams: [{ name: 'pay', people: ['ana', 'bob'] }],
          findings: findings(now), schedules: [{ name: 'payments', title: 'Payments', team: 'pay',
            zone: 'Europe/Madrid', on_call: on.people, until: begin + 7 * kDay,
            next: { from: begin + 7 * kDay, people: ['bob'] } }] }];
    }
    if (path.endsWith('/swap')) {
      const at = (time) => final(now, time, time + 1)
        .find((one) => one.from <= time && time < one.to);
      const [one, other] = [at(body.at), at(body.with)];
      if (!one || !other || one.people[0] === other.people[0]) {
        return [409, { error: 'swapping failed: one person, and not the same, at each time' }];
      }
      const made = [[one, other], [other, one]].map(([shift, taker]) => ({
        id: `o${++state.made}`, schedule: 'payments', kind: 'take_over', person: taker.people[0],
        instead_of: shift.people[0], from: Math.max(shift.from, now), to: shift.to,
        reason: body.reason, by: body.by }));
      state.overrides.push(...made);
      return [201, { overrides: made }];
    }
    if (path.endsWith('/overrides') && request === 'POST') {
      if (!body.person) return [400, { error: '"person" has to say who is on call' }];
      const one = { id: `o${++state.made}`, schedule: 'payments', ...body };
      state.overrides.push(one);
      return [201, { overrides: [one] }];
    }
    if (path.includes('/overrides/') && request === 'DELETE') {
      const id = path.split('/').at(-1);
      const gone = state.overrides.find((one) => one.id === id);
      state.overrides = state.overrides.filter((one) => one.id !== id);
      return gone ? [200, gone] : [404, { error: 'none' }];
    }
    if (query.has('at')) {
      return [200, { name: 'payments', title: 'Payments', at: Number(query.get('at')),
        people: ['ana'], recorded: true }];
    }
    return [200, lanes(now, Number(query.get('from')), Number(query.get('to')))];
  };
}
