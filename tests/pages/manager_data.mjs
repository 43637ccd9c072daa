// What the stand-in answers for the Worker Manager, the configuration's history and Coverage.
import { band, kT0, series } from './data.mjs';

const kWeekMs = 7 * 86_400_000;
const kDiff = '@@ -4,3 +4,3 @@\n     tier: kpi\n-    models: [{kind: level, weight: 1}]\n' +
  '+    models: [{kind: level, weight: 2}]\n';

/** GET /api/v1/workers/ID: as the band's curves are named in data.mjs. */
function definition(id) {
  return {
    id, place: `workers/${id}.yaml:1`, why_not: null, strategy: 'weighted', opens: '2 of 3',
    score: 4, deviation_absolute: 0, deviation_relative: 0.01, select: ['payment*'],
    models: [
      { kind: 'profile', name: 'profile', weight: 0.8, draws_band: true,
        detail: 'by position in the week, smoothed over 1h', periods: [4, 3, 2, 1],
        curves: ['profile −1', 'profile −2', 'profile −3', 'profile −4'] },
      { kind: 'level', name: 'level', weight: 0.2, draws_band: true, detail: 'running level',
        periods: [], curves: ['level'] },
      { kind: 'threshold', name: 'threshold', weight: 1, draws_band: false,
        detail: 'votes on its own: below 5', periods: [], curves: ['threshold'] },
    ],
  };
}

const kQuality = (name, kind, first, words, white) => ({
  name, kind, points: 4000, known: true, words, white, stationary: true, left_over: 0.02,
  ljung_box: 31.2, ljung_box_p: 0.84, kpss: 0.11, spread_ratio: 1.2, outside: 0.0004,
  log_likelihood: -1.2,
  autocorrelation: Array.from({ length: 40 }, (_, i) => first * 0.8 ** i * (i % 3 ? 1 : -1)),
  histogram: Array.from({ length: 40 }, (_, i) => {
    const [from, to] = [-1.5 + i * 0.075, -1.5 + (i + 1) * 0.075];
    const share = 0.35 * Math.exp(-9.2 * Math.abs((from + to) / 2));
    return [from, to, Math.round(share * 4000 * (0.9 + (i % 3) / 10)), share];
  }),
});

function coverage(now, calm) {
  const yaml = 'workers:\n  - id: "rain"\n    tier: kpi\n    select: ["rain"]\n';
  return {
    at: now, series_total: 268, series_looked: 268, more_series: false, all_leaves: true,
    names_more: 0,
    series: calm ? [] : [{ name: 'rain', series: 2, example: 'rain{site="rome"}',
      tested_by: 'default', mend: 'A worker of their own guards them.', yaml }],
    leaves: calm ? [] : [{ rule: 'typo', place: 'rules.yaml:6', leaf: 'heet above',
      why: 'no series heet has had a point in the last day',
      mend: 'heat arrives. In rules.yaml:6 write:', yaml: 'violation: "heat"\n' }],
    workers: calm ? [] : [{ id: 'evidence', place: 'workers/evidence.yaml:1', series: 3,
      learned: 0.4, guarded_from: now + 3_600_000, why: 'all of its series are learning',
      mend: 'It takes time, or history: import what you have.', yaml: null }],
    alerts: calm ? [] : [{ rule: 'deposits-low', place: 'rules.yaml:9', severity: 'high',
      scope: '{site="rome"}', scopes: 1, of: 5, told: ['inbox'],
      why: 'only the inbox hears of it: nobody is woken', mend: 'A route for it:',
      yaml: 'routes:\n  - match: ["rule=deposits-low"]\n    receivers: ["ops"]\n' }],
  };
}

export function makeManager() {
  const scene = { previews: [], reverted: [], delay: 0 };

  function preview(id, body, now) {
    scene.previews.push(body);
    const name = /^[^{]*/.exec(body.series[0])[0];
    const site = /site="([^"]*)"/.exec(body.series[0])?.[1] ?? 'madrid';
    const drawn = band(name, { site }, id, body.from, body.to, body.width, now);
    const wider = drawn.band.map(([t, middle, lower, upper]) =>
      [t, middle, middle - 2 * (middle - lower), middle + 2 * (upper - middle)]);
    return {
      file: `workers/${id}.yaml`, text: 'workers: []\n', diff: kDiff, base_hash: 'h1',
      before: drawn, after: { ...drawn, band: wider, violations: [] },
      weeks: [3, 2, 1, 0].map((w) => ({ from: body.to - (w + 1) * kWeekMs,
        to: body.to - w * kWeekMs, before: w + 1, after: w === 0 ? 1 : 0 })),
      series: body.series.map((text) => ({ series: series(name, { site }), text, points: 4000,
        before: 10, after: 1 })).slice(0, 1),
    };
  }
  function proposals() {
    const one = (name, models, more) => ({ name, models, current: false, learned: true,
      guarded: 1, rank: -1, left_over: 0.01, log_likelihood: -1, violations_per_week: 0.5,
      white: true, stationary: true, why: 'white: what is left is noise; stationary', ...more });
    return {
      points: 4000, from: kT0, scored_from: kT0,
      words: 'profile of the day fits best: white: what is left is noise; stationary',
      proposals: [
        one('profile of the day', ['{kind: profile, season: day}'], {}),
        one('the models of now', [], { current: true, violations_per_week: 2.5 }),
        one('profile of the week', ['{kind: profile}'], { learned: false, rank: null,
          why: 'learning: it guards 12 % of the points so far' }),
      ],
    };
  }
  const versions = (now) => [
    { id: 2, at: now - 3_600_000, kind: 'published', author: 'ana', hash: 'b0', of: null,
      reason: 'too loud at night', current: true,
      changes: [{ file: 'workers/payments.yaml', what: 'changed', lines_added: 1,
        lines_removed: 1, diff: kDiff }] },
    { id: 1, at: now - 7_200_000, kind: 'found', author: '', hash: 'a0', of: null,
      reason: 'as the folder was before the first change from here', current: false, changes: [] },
  ];

  /** [status, value], or null for what is not this file's. */
  async function answer(method, path, body, now, calm) {
    if (path === '/api/v1/coverage') return [200, coverage(now, calm)];
    const parts = path.split('/').slice(3).map(decodeURIComponent);
    if (parts[0] === 'config' && parts[1] === 'history') {
      if (parts[3] === 'revert') {
        scene.reverted.push([Number(parts[2]), body]);
        return [200, { version: 3, hash: 'a0', running: '9a', rebuilding: [] }];
      }
      const list = versions(now);
      if (parts.length === 2) return [200, { versions: list }];
      const found = list.find((one) => one.id === Number(parts[2]));
      return found ? [200, found] : [404, { error: `there is no version ${parts[2]}` }];
    }
    if (parts[0] !== 'workers') return null;
    if (parts.length === 2) return [200, definition(parts[1])];
    if (parts[2] === 'preview') {
      if (body.score > 12) return [400, { error: 'score: must be between 1 and 12' }];
      return [200, preview(parts[1], body, now)];
    }
    if (parts[2] === 'proposals') return [200, proposals()];
    if (parts[2] !== 'quality') return null;
    return [200, { series: series('payments_ok', { site: 'madrid' }), score: 4, cadence_s: 10,
      parts: [
        kQuality('band', '', 0.03, 'white: what is left is noise (autocorrelation at most 0.03); ' +
          'stationary', true),
        kQuality('level', 'level', 0.6, 'not white: something that repeats is left ' +
          '(autocorrelation −0.60 at lag 1); stationary', false),
      ] }];
  }
  return { scene, answer };
}
