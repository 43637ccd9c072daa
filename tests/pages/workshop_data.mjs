// What the stand-in answers for marks, replays, Tocsin's own rules and the configuration's files.

const kRules = `rules:
  - id: payment-provider
    severity: critical
    when: {violation: payments_ok}
  - id: deposits-low
    severity: high
    when: {violation: deposits}
`;
const kHourMs = 3_600_000;

export function makeWorkshop() {
  const marks = new Map();
  const jobs = [];
  const scene = { marks, jobs, published: [], editable: true, slow: false };

  function precision(list) {
    const useful = list.filter((m) => m.mark === 'useful').length;
    return { useful, noise: list.length - useful, precision: list.length ? useful / list.length
      : null };
  }
  function table() {
    const all = [...marks.values()];
    const worker = precision(all);
    return {
      total: all.length, marks: all,
      rules: all.length ? [{ rule: 'payment-provider', ...precision(all) }] : [],
      workers: all.length ? [{ worker: 'payments', ...worker,
        models: [{ model: 'profile -1', ...worker }] }] : [],
    };
  }
  function change(kind, by, now, fields = {}) {
    const side = (at) => ({ opened_at: at, resolved_at: at + kHourMs, covered: false,
      receivers: ['ops'] });
    const at = now - 30 * kHourMs;
    return {
      kind, by_ms: by, rule: 'payment-provider', severity: 'critical', scope: { site: 'madrid' },
      title: 'payments_ok in madrid 57 % below the expected 118–151', worker: 'payments',
      series: 'payments_ok{provider="a",site="madrid"}',
      base: kind === 'gained' ? null : side(at), tried: kind === 'lost' ? null : side(at - by),
      ...fields,
    };
  }
  function result(job, now) {
    const changes = [
      change('lost', 0, now - 40 * kHourMs, { rule: 'deposits-low', severity: 'high' }),
      change('gained', 0, now), change('earlier', 120_000, now + 9 * kHourMs),
      change('same', 0, now + 20 * kHourMs),
    ];
    const score = { useful: 2, useful_base: 1, useful_tried: 2, noise: 3, noise_base: 3,
      noise_tried: 1, both: 1, earlier_ms: 120_000 };
    const none = { useful: 0, useful_base: 0, useful_tried: 0, noise: 0, noise_base: 0,
      noise_tried: 0, both: 0, earlier_ms: 0 };
    return {
      from: job.from, to: job.to,
      base: { points: 1_209_600, violations: 41, alerts: 3, told: 3 },
      tried: { points: 1_209_600, violations: 30, alerts: 3, told: 2 },
      alerts: { gained: 1, lost: 1, earlier: 1, later: 0, same: 1 },
      changes, more_changes: false,
      workers: [{ worker: 'payments', base: 41, tried: 30, gained: 2, lost: 13, earlier: 4,
        later: 1, same: 23 }],
      all_violations: true, score: { alerts: score, violations: none },
    };
  }
  function seen(job, now) {
    if (job.state === 'running' && !scene.slow) {
      Object.assign(job, { state: 'done', done: 1, ended_at: now });
    }
    return job;
  }
  function start(body, now) {
    const wrong = Object.entries(body.files ?? {})
      .find(([, text]) => text !== null && text.includes('severty'));
    if (wrong) {
      const line = wrong[1].split('\n').findIndex((l) => l.includes('severty'));
      return [400, { error: 'the changed configuration has 1 problems', problems: [{
        file: wrong[0], line: line + 1, column: 5,
        message: 'unknown key "severty"; did you mean "severity"?' }] }];
    }
    jobs.unshift({ id: jobs.length + 1, state: 'running', done: 0.4, from: body.from, to: body.to,
      site: body.site, worker: body.worker, rules: body.rules ?? [],
      files: Object.keys(body.files ?? {}), by: body.by, running: 'abc', started_at: now,
      ended_at: null, error: '' });
    return [202, { id: jobs[0].id, problems: [] }];
  }

  /** The answer, or null where the path is none of these. */
  function answer(method, path, body, now) {
    if (path === '/api/v1/marks') return [200, table()];
    const marked = /^\/api\/v1\/(alert|violation)s\/([^/]+)\/mark$/.exec(path);
    if (marked) {
      const [, of, id] = marked;
      if (body.mark === 'none') marks.delete(id);
      else marks.set(id, { of, id, mark: body.mark, by: body.by });
      return [204, ''];
    }
    if (path === '/api/rules') {
      return [200, { rules: [
        { id: 'payment-provider', severity: 'critical', place: 'rules.yaml:2' },
        { id: 'deposits-low', severity: 'high', place: 'rules.yaml:5' }] }];
    }
    if (path === '/api/v1/config') {
      return [200, { editable: scene.editable, why_not: scene.editable ? null
        : 'the server was started without --config', directory: '/etc/tocsin', hash: 'h1',
      running: 'abc', files: { 'rules.yaml': kRules, 'workers.yaml': 'workers: []\n' } }];
    }
    if (path === '/api/v1/config/publish') {
      scene.published.push(body);
      return [200, { version: 2, hash: 'h2', running: 'def', rebuilding: [] }];
    }
    if (path === '/api/v1/replays' && method === 'POST') return start(body, now);
    if (path === '/api/v1/replays') return [200, { replays: jobs.map((job) => seen(job, now)) }];
    const one = /^\/api\/v1\/replays\/(\d+)(\/cancel)?$/.exec(path);
    const job = one ? jobs.find((j) => j.id === Number(one[1])) : undefined;
    if (one && !job) return [404, { error: `show replay ${one[1]}: there is none` }];
    if (one && one[2]) {
      Object.assign(job, { state: 'cancelled', ended_at: now });
      return [204, ''];
    }
    if (one) {
      seen(job, now);
      return [200, { ...job, result: job.state === 'done' ? result(job, now) : null }];
    }
    return null;
  }
  return { scene, answer };
}
