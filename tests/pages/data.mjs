// Canned answers in the shapes of docs/http-api.md: the betting house two minutes into its trouble.
// Everything is computed from a fixed instant and fixed seeds, so that pictures can be compared.

export const kT0 = Date.UTC(2026, 10, 26, 13, 30); // a Thursday; 14:30 in Madrid
const S = 1000;
const H = 3600 * S;
export const kZones = {
  malta: 'Europe/Malta', london: 'Europe/London', madrid: 'Europe/Madrid', rome: 'Europe/Rome',
  lagos: 'Africa/Lagos',
};
const kKpis = ['logins', 'sessions', 'bets', 'stakes', 'payments_ok', 'payments_fail', 'payment_ms',
  'deposits', 'withdrawals', 'settlement_lag', 'errors', 'queue_age'];
const kLevel = {
  logins: 291, sessions: 2400, bets: 610, stakes: 8200, payments_ok: 134, payments_fail: 8,
  payment_ms: 200, deposits: 61, withdrawals: 22, settlement_lag: 41, errors: 68, queue_age: 5,
};

function random(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
const hash = (text) =>
  [...text].reduce((h, c) => Math.imul(h ^ c.charCodeAt(0), 16777619), 2166136261);
export const id = (text) => {
  const next = random(hash(text));
  return Array.from({ length: 32 }, () => Math.floor(next() * 16).toString(16)).join('');
};

export function series(name, labels) {
  const inner = Object.keys(labels).sort().map((l) => `${l}="${labels[l]}"`).join(',');
  return { name, labels, text: inner ? `${name}{${inner}}` : name };
}

/** What is not normal: factor of the level, begin in seconds after kT0, severity. */
const kOdd = {
  'madrid payments_ok': { factor: 0.38, at: 65, severity: 'critical', change: '62 %' },
  'madrid payments_fail': { factor: 9, at: 66, severity: 'critical', change: '9×' },
  'madrid errors': { factor: 4.8, at: 72, severity: 'high', change: '4.8×' },
  'madrid logins': { factor: 1.42, at: 70, severity: 'high', change: '42 %' },
  'madrid deposits': { factor: 0.72, at: 100, severity: null, change: '28 %' },
  'lagos queue_age': { factor: 3.6, at: 125, severity: 'high', change: '3.6×' },
  'malta settlement_lag': { factor: 1.34, at: -660, severity: 'low', change: '34 %' },
};
const kState = {
  'rome payments_fail': 'learning', 'rome payment_ms': 'learning', 'madrid payment_ms': 'absent',
};

/** A smooth curve through random heights, one at each whole number; within ±1. */
function wander(seed, place) {
  const height = (n) => random(hash(`${seed}${n}`))() * 2 - 1;
  const n = Math.floor(place);
  const share = (1 - Math.cos((place - n) * Math.PI)) / 2;
  return height(n) * (1 - share) + height(n + 1) * share;
}

/** The value and band of one KPI at a time; the same question has the same answer. */
export function at(site, name, time, calm) {
  const level = kLevel[name] ?? 10;
  const noise = wander(`${site}${name}`, time / (40 * S)) * 0.8 +
    wander(`${name}${site}`, time / (11 * S)) * 0.35;
  const season = 1 + 0.22 * Math.sin((time / H / 24) * 2 * Math.PI - 1.2) +
    0.05 * Math.sin((time / H) * 2.1 + hash(site));
  const middle = level * season;
  const half = middle * 0.13;
  let value = middle + noise * half * 0.8;
  const odd = calm ? undefined : kOdd[`${site} ${name}`];
  if (odd) {
    const age = (time - kT0) / S - odd.at;
    if (age >= 0) {
      const share = Math.min(1, (age + 10) / 40);
      value = value * (1 + (odd.factor - 1) * share);
    }
  }
  if (!calm && site === 'london' && name === 'logins' && Math.abs(time - kT0 - 120 * S) < 6 * S) {
    value = middle + half * 3.5;
  }
  return [value, middle - half, middle + half, middle];
}

export function points(site, name, to, n, step, calm) {
  const state = kState[`${site} ${name}`];
  const end = Math.floor(to / step) * step;
  return Array.from({ length: n }, (_, i) => {
    const t = end - (n - 1 - i) * step;
    const [value, lower, upper] = at(site, name, t, calm);
    const learning = state === 'learning';
    const gone = state === 'absent' && !calm && i > n - 8;
    return [t, gone ? null : value, learning ? null : lower, learning ? null : upper];
  });
}

/** Guarded by silence alone: no band, so no points to draw. */
const kPointless = 'malta queue_age';

function kpi(site, name, now, calm) {
  const key = `${site} ${name}`;
  const odd = calm ? undefined : kOdd[key];
  const open = odd !== undefined && now >= kT0 + odd.at * S;
  const learning = kState[key] === 'learning';
  return {
    name, series: series(name, { site }), worker: workerOf(name),
    state: open ? 'open' : calm && !learning ? 'guarded' : (kState[key] ?? 'guarded'),
    direction: open ? (odd.factor > 1 ? 'above' : 'below') : null,
    change: open ? odd.change : null,
    severity: open ? odd.severity : null,
    guarded_from: learning ? kT0 + 42.5 * H : null,
    points: key === kPointless ? [] : points(site, name, now, 60, 15 * S, calm),
  };
}
const workerOf = (name) => (name.startsWith('payment') ? 'payments' : 'business');

function lane(site, calm) {
  const next = random(hash(`${site}lane`));
  const marks = Array.from({ length: 48 }, () => (next() < 0.05 ? 'violation' : 'none'));
  if (calm) return marks;
  if (site === 'madrid') Object.assign(marks, { 18: 'high', 47: 'critical' });
  if (site === 'lagos') marks[47] = 'high';
  if (site === 'malta') Object.assign(marks, { 46: 'low', 47: 'low' });
  if (site === 'london') marks[47] = 'violation';
  return marks;
}

export function board(now, alerts, calm) {
  const open = alerts.filter((a) => a.state === 'open');
  const here = (site, severity) =>
    open.filter((a) => a.scope.site === site && a.severity === severity).length;
  const lead = open.find((a) => !a.acknowledged_by && !a.covered_by && !a.silenced_by);
  return {
    now, lead: lead?.id ?? null, kpi_names: kKpis,
    counts: {
      open: open.length, covered: open.filter((a) => a.covered_by).length,
      silenced: open.filter((a) => a.silenced_by).length,
      kpi_series: 60, kpi_guarded: 58, kpi_outside: calm ? 0 : 7,
    },
    sites: Object.entries(kZones).map(([site, zone]) => ({
      site, zone, critical: here(site, 'critical'), high: here(site, 'high'),
      low: here(site, 'low'),
      kpis: kKpis.map((name) => kpi(site, name, now, calm)), lane: lane(site, calm),
    })),
  };
}

export function ticks(now, calm) {
  return Object.keys(kZones).flatMap((site) => kKpis.map((name) => {
    const one = kpi(site, name, now, calm);
    const [time, value, lower, upper] = one.points.at(-1) ?? [null, null, null, null];
    return [site, name, one.state, time, value, lower, upper, one.direction, one.change,
      one.severity];
  }));
}

export function status(now, extra = {}) {
  return {
    version: '0.1.0', now, started_at: kT0 - 200 * S, ready: true, progress: null,
    site_label: 'site', sites: Object.entries(kZones).map(([name, zone]) => ({ name, zone })),
    points_per_s: 12480, points_total: 9_400_000, decision_p99_ms: 3.1, fsync_ms: 1.8,
    shards: [{ id: 0, lag: 0 }, { id: 1, lag: 0 }], senders: { total: 6, silent: 1 },
    series: { total: 268, guarded: 261, learning: 7, absent: 1, open: 7 },
    memory_bytes: 148e6, memory_limit_bytes: 350e6, outbox: { pending: 0, retrying: 1 },
    config: { version: '9a41c0', loaded_at: kT0 - 200 * S, error: null },
    quick_start: [
      [60, "Madrid's payment provider fails: payments_ok falls by 60 %", 'madrid'],
      [90, 'One critical alert opens, errors-high is covered by it'],
      [120, 'A single spike in London: a violation, no alert', 'london'],
      [150, "Lagos' queue-age alert opens"],
      [240, 'Both recover; messages are updated'],
    ].map(([s, text, site = null]) => ({
      at: kT0 + s * S, text, site, done: now >= kT0 + s * S,
      link: s === 120 ? '/workers/business?series=logins%7Bsite%3D%22london%22%7D'
        : `/alerts/${id(s === 150 ? 'queue-age lagos' : 'payment-provider madrid')}`,
    })),
    ...extra,
  };
}

const momentum = (trend, distance, speed, acceleration, predicted) => ({
  trend, distance, speed, acceleration, predicted, hits: 38, predictions: 47,
});

function summary(rule, severity, site, title, subject, openedAt, now, more = {}) {
  const name = more.metric ?? 'errors';
  delete more.metric;
  return {
    id: id(`${rule} ${site}`), key: id(`key ${rule} ${site}`), rule,
    rule_place: 'rules/betting.yaml:3', severity, state: 'open', scope: { site }, title,
    title_subject: subject, opened_at: openedAt, updated_at: now, resolved_at: null,
    resolve_reason: '', acknowledged_by: '', acknowledged_at: null, silenced_by: '',
    silenced_until: null, covered_by: null, covers: [],
    told: { sent: 3, failed: 1, last_at: openedAt + 2 * S }, next: null,
    momentum: momentum('worsening', 4.1, 0.8, 0.3, 8),
    spark: points(site, name, now, 60, 15 * S),
    ...more,
  };
}

export function alerts(now) {
  const parent = id('payment-provider madrid');
  return [
    summary('payment-provider', 'critical', 'madrid',
      'payments_ok in madrid 62 % below the expected 118–151, worsening, adapter silent',
      'payments_ok in madrid 62 % below', kT0 + 86 * S, now, {
        metric: 'payments_ok', covers: [id('errors-high madrid')],
        next: { at: kT0 + 386 * S, what: 'mail ops: retry' },
      }),
    summary('errors-high', 'high', 'madrid', 'errors in madrid 4.8× above the expected 59–77',
      'errors in madrid 4.8× above', kT0 + 92 * S, now,
      { covered_by: parent, told: { sent: 0, failed: 0, last_at: null } }),
    summary('queue-age', 'high', 'lagos',
      'queue_age in lagos 3.6× above the expected 4–6, steady',
      'queue_age in lagos 3.6× above', kT0 + 151 * S, now, {
        metric: 'queue_age', acknowledged_by: 'grace', acknowledged_at: kT0 + 159 * S,
        momentum: momentum('steady', 3, 0, 0, 3),
      }),
    summary('settlement-slow', 'low', 'malta',
      'settlement_lag in malta 34 % above the expected 36–47, recovering',
      'settlement_lag in malta 34 % above', kT0 - 660 * S, now, {
        metric: 'settlement_lag', silenced_by: 'sil-1', silenced_until: kT0 + 5400 * S,
        momentum: momentum('recovering', 1.5, -0.2, 0, 0.5),
      }),
  ];
}

export function resolved(now) {
  const over = (rule, severity, site, title, subject, opened, lasted, more) =>
    summary(rule, severity, site, title, subject, opened, now, {
      id: id(`${rule} ${site} past`), state: 'resolved', resolved_at: opened + lasted,
      updated_at: opened + lasted, resolve_reason: 'recovered', ...more,
    });
  return [
    over('errors-high', 'high', 'madrid', 'errors in madrid 1.9× above the expected 40–96',
      'errors in madrid 1.9× above', kT0 - 14.6 * H, 372 * S,
      { acknowledged_by: 'ada', acknowledged_at: kT0 - 14.6 * H + 48 * S }),
    over('intake-silent', 'high', 'rome', 'all series of one sender silent in rome',
      'all series of one sender silent', kT0 - 8.9 * H, 210 * S),
  ];
}

export const silences = [{
  id: 'sil-1', matchers: ['rule="settlement-slow"', 'site="malta"'], created_at: kT0 - 600 * S,
  until: kT0 + 5400 * S, comment: 'ledger migration', by: 'ada', muted: 2,
}];

const kModels = [
  { name: 'profile −1', kind: 'profile', weight: 0.32, scale: 1.0 },
  { name: 'profile −2', kind: 'profile', weight: 0.24, scale: 0.985 },
  { name: 'profile −3', kind: 'profile', weight: 0.16, scale: 0.96 },
  { name: 'profile −4', kind: 'profile', weight: 0.08, scale: 0.93 },
  { name: 'level', kind: 'level', weight: 0.2, scale: 1.02 },
];

/** GET /api/series/band */
export function band(name, labels, worker, from, to, width, now) {
  const site = labels.site ?? 'madrid';
  const n = Math.max(2, Math.min(width, Math.floor((to - from) / (10 * S))));
  const step = (to - from) / n;
  const times = Array.from({ length: n }, (_, i) => Math.round(from + (i + 1) * step))
    .filter((t) => t <= now);
  const silent = name === 'psp_adapter_up';
  const stop = kT0 + 80 * S;
  const rows = times.map((t) => [t, ...at(site, name, t)]);
  const odd = kOdd[`${site} ${name}`];
  const open = odd && kT0 + odd.at * S < to ? kT0 + odd.at * S : null;
  const kept = silent ? rows.filter((r) => r[0] <= stop) : rows;
  return {
    series: series(name, labels), worker,
    points: kept.map(([t, v]) => [t, silent ? 1 : v]),
    band: silent ? [] : rows.map(([t, , lower, upper, middle]) => [t, middle, lower, upper]),
    models: silent ? [] : kModels.map((m) => ({
      name: m.name, kind: m.kind, weight: m.weight,
      band: rows.map(([t, , lower, upper, middle]) =>
        [t, middle * m.scale, lower * m.scale, upper * m.scale]),
    })),
    residual: silent ? [] : rows.map(([t, v, lower, upper, middle]) =>
      [t, (v - middle) / ((upper - lower) / 2)]),
    violations: open === null ? [] : [{
      from: open, to: null, direction: odd.factor > 1 ? 'above' : 'below', worst: 7.2,
    }],
    excluded: [{ from: kT0 - 205 * S, to: kT0 - 130 * S, why: 'performance test' }],
  };
}

function violation(name, labels, direction, now, calmUntil, weight) {
  const site = labels.site;
  const models = kModels.filter((m) => m.name === 'profile −1' || m.kind === 'level');
  const tail = [];
  for (let t = calmUntil - 240 * S; t <= now; t += 10 * S) {
    const [value, lower, upper, middle] = at(site, name, t);
    const far = (value - middle) / ((upper - lower) / 2);
    tail.push({
      time: t, value, expected: middle, lower, upper, score: Math.abs(far) * 1.6,
      distance: Math.abs(far) > 1 ? far - Math.sign(far) : 0, outside: Math.abs(far) > 1,
      models: models.map((m) => ({
        name: m.name, weight: m.weight, expected: middle * m.scale, lower: lower * m.scale,
        upper: upper * m.scale,
      })),
    });
  }
  const last = tail.at(-1);
  return {
    id: id(`${name} ${site}`), series: series(name, labels), worker: workerOf(name), tier: 'kpi',
    direction, state: 'open', opened: calmUntil, updated: last.time, ended: null,
    points_outside: tail.filter((p) => p.outside).length, cadence_ms: 10000, weight,
    value: last.value, expected: last.expected, lower: last.lower, upper: last.upper,
    score: last.score, distance: last.distance, speed: 0.8, acceleration: 0.3, raw_slope: -1.2,
    models: last.models.map((m) => ({ ...m, outside: true })), tail,
  };
}

function judgement(time) {
  const list = [
    violation('payments_ok', { site: 'madrid' }, 'below', time, kT0 + 65 * S, 1),
    violation('payments_fail', { site: 'madrid' }, 'above', time, kT0 + 66 * S, 0.5),
    violation('errors', { site: 'madrid' }, 'above', time, kT0 + 72 * S, 0.5),
  ];
  const adapter = violation('payments_ok', { site: 'madrid' }, 'silent', kT0 + 80 * S,
    kT0 + 80 * S, 0.5);
  Object.assign(adapter, {
    id: id('adapter'), series: series('psp_adapter_up', { site: 'madrid', provider: 'a' }),
    worker: 'silence', state: 'absent', value: 1, expected: null, lower: null, upper: null,
    distance: null, score: null, speed: null, acceleration: null, models: [], cadence_ms: 2000,
  });
  adapter.tail = adapter.tail.map((p) => ({
    ...p, value: 1, expected: null, lower: null, upper: null, distance: null, models: [],
  }));
  const leaf = (label, truth, reason) => ({ kind: 'leaf', label, truth, reason, children: [] });
  const weights = list.reduce((sum, v) => sum + v.weight, 0);
  const far = list.reduce((sum, v) => sum + v.weight * Math.abs(v.distance), 0) / weights;
  return {
    time, since_first_point_ms: 16000, wait: '2 of 3 points',
    momentum: momentum('worsening', far, 0.8, 0.3, far + 4),
    tree: [
      { kind: 'all', label: 'within 2 min, by site', truth: 'held', reason: '',
        children: [1, 2, 7] },
      leaf('payments_ok below, score ≥ 4', 'held',
        '70 under 118; score 7.2; 2 of 3 points outside, 16 s'),
      { kind: 'any', label: '', truth: 'held', reason: '', children: [3, 4, 5, 6] },
      leaf('errors above, speed > 0', 'held', '131 over 96; speed +1.9/min over 80 s'),
      leaf('silence psp_adapter_up', 'held', 'no point for 6 s, cadence 2 s'),
      leaf('payment_ms above', 'not held', '212 ms inside 140–260, then absent'),
      leaf('psp_latency_p99 above', 'unknown',
        'learning until Sat 28 Nov 09:00; unknown opens nothing'),
      { kind: 'not', label: '', truth: 'held', reason: '', children: [8] },
      leaf('event deploy, source psp', 'not held', 'none since 11:02; settled after 10 s'),
    ],
    violations: [...list, adapter],
  };
}

const kWatched = {
  'payment-provider': ['payments_ok', 'payments_fail', 'errors', 'payment_ms'],
  'errors-high': ['errors'], 'queue-age': ['queue_age'], 'settlement-slow': ['settlement_lag'],
  'deposits-low': ['deposits', 'payments_ok'],
};

export function detail(alert, now) {
  const opened = alert.opened_at;
  const delivery = (n, receiver, kind, state, ms, answer, more = {}) => ({
    id: n, alert: alert.id, receiver, kind, event: 'opened', state, attempts: 1, planned: opened,
    sent: opened + ms, next_try: null, answer, ...more,
  });
  return {
    ...alert, description: 'The provider of card payments does not answer.',
    annotations: { runbook: 'https://wiki.example/payments', team: 'payments' },
    grafana_url: 'https://grafana.example/d/payments?var-site=madrid',
    // The story begins at kT0; what is older is judged as of its beginning.
    opened: judgement(opened < kT0 ? kT0 + 90 * S : opened),
    latest: judgement(Math.max(opened, Math.min(now, kT0 + 400 * S))),
    ledger: [
      delivery(1, 'ops-hub', 'webhook', 'sent', 11, '200 in 6 ms'),
      delivery(2, '#payments', 'slack', 'failed', 13, '200 but ok:false ratelimited'),
      delivery(3, '#payments', 'slack', 'sent', 2020, '200 in 41 ms', { attempts: 2 }),
      delivery(4, 'ops', 'mail', 'failed', 180, '451 try again later',
        { next_try: kT0 + 386 * S }),
      delivery(5, 'inbox', 'inbox', 'sent', 8, 'kept'),
      ...Array.from({ length: 12 }, (_, i) => delivery(6 + i, 'inbox', 'inbox', 'sent',
        (i + 2) * 5 * S, 'kept', { event: 'updated' })),
    ],
    history: [
      { time: opened, what: 'opened', who: '', text: '2 of 3 points outside' },
      { time: opened, what: 'told', who: '', text: 'ops-hub, #payments, ops, inbox' },
      { time: opened + 6040, what: 'covered', who: '', text: 'errors-high, nobody told' },
      ...(alert.acknowledged_by
        ? [{ time: alert.acknowledged_at, what: 'acknowledged', who: alert.acknowledged_by,
          text: '' }] : []),
    ],
    notes: alert.notes ?? [],
    metrics: (kWatched[alert.rule] ?? []).map((name) =>
      ({ series: series(name, alert.scope), worker: workerOf(name) })),
  };
}

/** `answered`: id -> accept or keep. */
export function violations(now, answered = new Map()) {
  const rows = [
    [161, 'above', 'queue_age', 'lagos', 3.1, ['queue-age'], 'queue-age lagos', 'kpi', 'open'],
    [158, 'above', 'payments_fail', 'madrid', 5.6, ['payment-provider'],
      'payment-provider madrid', 'kpi', 'open'],
    [155, 'below', 'payments_ok', 'madrid', -4.1, ['payment-provider'],
      'payment-provider madrid', 'kpi', 'open'],
    [149, 'above', 'psp_connect_errors', 'madrid', 3.8, [], null, 'evidence', 'open'],
    [145, 'below', 'deposits', 'madrid', -1.7, [], null, 'kpi', 'open'],
    [133, 'silent', 'payment_ms', 'madrid', null, ['payment-provider'],
      'payment-provider madrid', 'kpi', 'absent'],
    [120, 'above', 'logins', 'london', 2.9, [], null, 'kpi', 'ended'],
    [95, 'above', 'logins', 'madrid', 2.4, ['errors-high'], 'errors-high madrid', 'kpi', 'open'],
    [84, 'silent', 'psp_adapter_up', 'madrid', null, ['payment-provider'],
      'payment-provider madrid', 'evidence', 'absent'],
  ];
  return rows.map(([s, direction, name, site, distance, rules, alert, tier, state]) => {
    const [value, lower, upper, middle] = at(site, name, kT0 + s * S);
    const own = id(`v ${name} ${site}`);
    const long = name === 'deposits';
    return {
      id: own, opened_at: long ? now - 7.5 * 3600 * S : kT0 + s * S,
      asks: long && !answered.has(own),
      answer: answered.has(own) ? { accept: 'accepted', keep: 'kept' }[answered.get(own)] : null,
      time: Math.min(now, kT0 + s * S), series: series(name, { site }),
      worker: workerOf(name), tier, direction, state,
      what: state === 'open' ? 'updated' : state, value, expected: middle, lower, upper,
      score: 5, distance, points_outside: state === 'ended' ? 1 : 4, rules,
      alert: alert === null ? null : id(alert),
    };
  });
}

export function workers() {
  return [
    { id: 'business', place: 'workers/business.yaml:1', tier: 'kpi', selects: '~.*', series: 45,
      guarded: 45, learning: 0, absent: 0, open: 4, violations_7d: 21 },
    { id: 'payments', place: 'workers/payments.yaml:12', tier: 'kpi', selects: 'payment*',
      series: 15, guarded: 12, learning: 2, absent: 1, open: 2, violations_7d: 9 },
    { id: 'evidence', place: 'workers/evidence.yaml:1', tier: 'evidence', selects: 'psp_*',
      series: 208, guarded: 203, learning: 5, absent: 0, open: 1, violations_7d: 140 },
  ];
}

export function worker(wanted, now) {
  const one = workers().find((w) => w.id === wanted);
  if (!one) return null;
  const list = Object.keys(kZones).flatMap((site) =>
    kKpis.filter((k) => workerOf(k) === wanted).map((name) => {
      const k = kpi(site, name, now);
      return {
        series: k.series, state: k.state, direction: k.direction, change: k.change,
        severity: k.severity, guarded_from: k.guarded_from,
        learned: k.state === 'learning' ? 0.86 : 1, points: k.points,
      };
    }));
  return {
    ...one, series: list, strategy: '2 of 3',
    models: [
      { name: 'profile', kind: 'profile', weight: 0.8,
        detail: 'by hour of the week, 4 past weeks, smoothed over 60 min' },
      { name: 'level', kind: 'level', weight: 0.2, detail: 'running level and spread' },
      { name: 'threshold', kind: 'threshold', weight: 1, detail: 'below 5 for 1 min' },
      { name: 'silence', kind: 'silence', weight: 1, detail: 'cadence 10 s, learned' },
    ],
    marks: [{ from: Date.UTC(2026, 10, 11, 9), to: Date.UTC(2026, 10, 11, 12),
      why: 'performance test', selects: '~.*{site="madrid"}' }],
    calendars: [{ name: 'spain', zone: null, business_days: 'mon-fri', today: '2026-11-23',
      today_class: 'business', sites: ['madrid'],
      classes: ['business', 'weekend', 'holiday', 'sale'],
      days: [
        { date: '2026-11-27', class: 'sale', name: 'Black Friday', source: 'calendars.yaml:7' },
        { date: '2026-12-08', class: 'holiday', name: 'Immaculate Conception', source: 'spain.ics' },
        { date: '2026-12-25', class: 'holiday', name: 'Christmas', source: 'calendars.yaml:4' },
      ] }],
  };
}

export function senders(now, sent) {
  const one = (n, name, protocol, more) => ({
    id: `s${n}`, name, protocol, address: '127.0.0.1', first_seen_at: kT0 - 200 * S + n,
    last_seen_at: now - 400, points: 98000, points_per_s: 620.5, rejected: 0, last_error: '',
    last_error_at: null, series: 60, recent: [], ...more,
  });
  const list = [
    one(0, 'betting house', 'simulated', {
      recent: [{ series: series('payments_ok', { site: 'madrid' }), time: now - 4000, value: 51.2,
        worker: 'payments', verdict: 'outside', reason: '51.2 under 118; score 7.2' },
      { series: series('logins', { site: 'rome' }), time: now - 4000, value: 288,
        worker: 'business', verdict: 'inside', reason: 'inside' },
      ...Array.from({ length: 10 }, (_, i) => ({ series: series('bets', { site: `s${i}` }),
        time: now - 5000, value: i, worker: 'business', verdict: 'inside',
        reason: `${i} in 0–12` }))],
    }),
    one(1, 'telegraf mad-pay-2', 'influx v1', {
      points: 4200, points_per_s: 14, rejected: 2, last_seen_at: kT0 - 150 * S,
      last_error: "partial write: unable to parse 'cpu,host=a usage=': missing field value " +
        'dropped=1', last_error_at: kT0 - 170 * S,
    }),
  ];
  if (sent.length > 0) {
    list.push(one(2, 'curl 127.0.0.1', 'influx v1', {
      points: sent.length, points_per_s: 0.1, series: sent.length, first_seen_at: now,
      recent: sent.map((line) => ({
        series: series(line.name, { site: 'here' }), time: line.time, value: line.value,
        worker: 'default', verdict: 'learning', reason: 'learning: 1 of 30 points',
      })),
    }));
  }
  return list;
}

const kHostile = '<script>document.title = "broken out"</script>' +
  '<img src="https://tracker.example/x.png">';

export function inbox(now, hostile) {
  const alert = id('payment-provider madrid');
  const title = 'payments_ok in madrid 62 % below the expected 118–151, worsening, ' +
    'adapter silent';
  const webhook = {
    version: '4', groupKey: '{}:{rule="payment-provider"}', status: 'firing', receiver: 'ops-hub',
    alerts: [{ status: 'firing', labels: { alertname: 'payment-provider', site: 'madrid',
      severity: 'critical' }, annotations: { summary: title },
    startsAt: new Date(kT0 + 86 * S).toISOString(), endsAt: '0001-01-01T00:00:00Z',
    generatorURL: `/alerts/${alert}`, fingerprint: alert.slice(0, 16) }],
  };
  const slack = {
    channel: '#payments', text: title,
    attachments: [{ color: '#c41c27', blocks: [
      { type: 'header', text: { type: 'plain_text', text: 'critical: payment-provider madrid' } },
      { type: 'section', text: { type: 'mrkdwn',
        text: `*${title}*\n<https://tocsin.example/alerts/${alert}|why> &amp; \`2 of 3\`` } },
      { type: 'section', fields: [{ type: 'mrkdwn', text: '*since*\n14:31:26' },
        { type: 'mrkdwn', text: '*momentum*\nworsening' }] },
      { type: 'context', elements: [{ type: 'mrkdwn', text: 'covers 1' }] },
    ] }],
  };
  const base = { time: kT0 + 86 * S, event: 'opened', alert, title };
  return [
    { ...base, id: 3, receiver: 'ops', kind: 'mail', url: 'smtp://mail.example:587',
      content_type: 'multipart/alternative', body: 'Subject: critical …\r\n\r\n--part…',
      headers: { Subject: `critical: ${title}`, 'Message-ID': `<${alert}@tocsin>` },
      text: `${title}\n\nOpened 14:31:26 in madrid.\n`,
      html: '<html><body style="font-family:sans-serif">' +
        `<h2 style="color:#b4141e">${title}</h2>` +
        `<p>Opened 14:31:26 in madrid.</p>${hostile ? kHostile : ''}</body></html>` },
    { ...base, id: 2, receiver: '#payments', kind: 'slack',
      url: 'https://slack.com/api/chat.postMessage', content_type: 'application/json',
      headers: { Authorization: 'Bearer …' }, body: JSON.stringify(slack) },
    { ...base, id: 1, receiver: 'ops-hub', kind: 'webhook', url: 'https://hub.example/tocsin',
      content_type: 'application/json', headers: { 'X-Tocsin-Signature': 'sha256=4be1…' },
      body: JSON.stringify(webhook) },
  ];
}

export function receivers(now) {
  const idle = { customer: null, waiting: 0, retrying: 0, in_flight: 0, oldest_at: null,
    next_try_at: null, paused_until: null, parallel: 4, pace: null };
  return [
    { name: 'ops-hub', kind: 'webhook', place: 'receivers.yaml:2', last: {
      id: 1, alert: id('payment-provider madrid'), receiver: 'ops-hub', kind: 'webhook',
      event: 'opened', state: 'sent', attempts: 1, planned: kT0 + 86 * S, sent: kT0 + 86 * S + 11,
      next_try: null, answer: '200 in 6 ms' },
    ...idle, waiting: 3, retrying: 1, in_flight: 1, oldest_at: now - 60_000,
    next_try_at: now + 40_000, paused_until: now + 25_000, pace: { burst: 10, every_ms: 1000 } },
    { name: 'ops', kind: 'mail', place: 'receivers.yaml:9', last: null, ...idle,
      customer: 'acme' },
  ];
}

/** GET /api/boards/{id}, in the order of the list. */
export function boards() {
  const panel = (more) => ({
    kind: 'chart', title: '', text: '', width: 4, unit: '', min: null, max: null, band: false,
    alerts: false, queries: [], thresholds: [], ...more,
  });
  const kpi = (name, title, more = {}) => panel({
    title, width: 3, band: true, alerts: true,
    queries: [{ expr: `${name}{site=~"$site"}`, legend: '' }], ...more,
  });
  const board = (id, title, more) => ({
    id, title, description: '', place: `boards.yaml:${title.length}`, span_ms: 15 * 60 * S,
    refresh_ms: 10 * S, variables: [], rows: [], ...more,
  });
  return [
    board('house', 'The betting house', {
      description: 'Sites and what they earn',
      variables: [{ name: 'site', label: 'site', from: 'logins', standard: '' }],
      rows: [
        { title: 'All of $site', repeat: '', height: 'small', panels: [
          panel({ kind: 'value', title: 'Bets per minute', width: 3,
            queries: [{ expr: 'sum(bets{site=~"$site"})', legend: '' }] }),
          panel({ title: 'Stakes by site', width: 6,
            queries: [{ expr: 'sum by (site) (stakes{site=~"$site"})', legend: '{{site}}' }],
            thresholds: [{ value: 9000, severity: 'high', text: 'limit' }] }),
          panel({ kind: 'text', title: 'Whom to call', width: 3, text: 'The desk: 4711' }),
        ] },
        { title: '$site', repeat: 'site', height: 'normal', panels: [
          kpi('logins', 'Logins'), kpi('payments_ok', 'Payments accepted', { min: 0 }),
          kpi('errors', 'Errors'), kpi('queue_age', 'Queue age', { unit: 's' }),
        ] },
      ],
    }),
    board('broken', 'A query that fails', {
      rows: [{ title: '', repeat: '', height: 'tall', panels: [
        panel({ title: 'Slow', width: 6, queries: [{ expr: 'slow', legend: '' }] }),
        panel({ title: 'Nothing', width: 6, queries: [{ expr: 'nothing_here', legend: '' }] }),
      ] }],
    }),
  ];
}
