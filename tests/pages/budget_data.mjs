// The stand-in's noise budget: two workers, one of them over; two rules; a replay that is asked for.
const kDay = 86_400_000;

const series = (name, labels) => ({
  name, labels,
  text: `${name}{${Object.entries(labels).map(([k, v]) => `${k}="${v}"`).join(',')}}`,
});
const days = (last) => [...Array(30 - last.length).fill(0), ...last];
const pages = (more) => ({
  wanted: null, allowed: null, told: 0, days_counted: 30, verdict: 'none', days: days([0]),
  replay_allowed: null, replayed: null, replay_verdict: 'none', ...more,
});

function workers(now) {
  const common = { place: 'workers.yaml:2', since: now - 7 * kDay };
  return [
    {
      ...common, id: 'kpi', tier: 'kpi', noise: '1 per week', wanted: 1, measured: 3.25,
      verdict: 'over', series: 12, episodes: 39,
      tail: { series: 12, learning: 3, supported: 9, rarest: 0.31, edge: 0.8 },
      days: days([4, 0, 2, 9, 14, 6, 4]),
      most: [
        { series: series('payments_ok', { site: 'rome' }), episodes: 31 },
        { series: series('deposits', { site: 'madrid' }), episodes: 8 },
      ],
      spenders: 2,
    },
    {
      ...common, id: 'default', place: '', tier: 'evidence', noise: null, wanted: null,
      measured: 0.02, verdict: 'none', series: 1200, episodes: 24,
      tail: { series: 0, learning: 0, supported: 0, rarest: null, edge: null },
      days: days([3, 3]), most: [], spenders: 0,
    },
  ];
}

/** `replays`: how often a replay was asked for. */
export function budget(now, replays) {
  const done = replays > 0;
  return {
    now, workers: workers(now),
    rules: [
      {
        id: 'quiet', place: 'rules.yaml:9', severity: 'low',
        pages: pages({ replayed: done ? 0 : null }),
      },
      {
        id: 'payments-down', place: 'rules.yaml:2', severity: 'critical',
        pages: pages({
          wanted: '1 per 30d', allowed: 1, told: 3, verdict: 'over', days: days([1, 0, 0, 2]),
          replay_allowed: 0.93, replayed: done ? 1 : null, replay_verdict: done ? 'within' : 'none',
        }),
      },
    ],
    installation: {
      pages: pages({
        wanted: '4 per 30d', allowed: 4, told: 3, verdict: 'within', days: days([1, 0, 0, 2]),
        replay_allowed: 3.7, replayed: done ? 1 : null, replay_verdict: done ? 'within' : 'none',
      }),
    },
    replay: {
      state: done ? 'done' : 'waiting', done: done ? 1 : 0, from: done ? now - 28 * kDay : null,
      to: done ? now : null, at: done ? now : null, version: done ? 'v1' : '',
      points: done ? 1_234_567 : 0, series: done ? 12 : 0,
      note: done ? 'shortened to 28.0 days: 44,092 points a day, at most 100,000,000 are read' : null,
    },
  };
}

/** The stand-in's answers, or null if the path is another's. */
export function budgetAnswer(method, path, scene, now) {
  if (path === '/api/v1/budget') return [200, budget(now, scene.replays ?? 0)];
  if (path === '/api/v1/budget/replay' && method === 'POST') {
    scene.replays = (scene.replays ?? 0) + 1;
    return [200, { started: true }];
  }
  return null;
}
