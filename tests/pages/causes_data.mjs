// What the stand-in answers for likely causes and told changes.
import { kT0, series } from './data.mjs';

const kMinute = 60_000;

export function changes() {
  return [
    { id: 'build-7', kind: 'deploy', title: 'payments 4.2', at: kT0 + 30_000, until: null,
      labels: { site: 'madrid' }, link: 'https://ci.example.com/7', by: 'ci',
      made_at: kT0 + 30_000 },
    { id: 'match-1', kind: 'fixture', title: 'Cup final', at: kT0 - 20 * kMinute,
      until: kT0 + 90 * kMinute, labels: {}, link: null, by: '', made_at: kT0 - 60 * kMinute },
    { id: 'build-8', kind: 'deploy', title: 'only Oslo', at: kT0 + 40_000, until: null,
      labels: { site: 'oslo' }, link: null, by: 'ci', made_at: kT0 + 40_000 },
  ];
}

export function causes(from, to) {
  const reference = kT0 + 60_000;
  const moved = (name, labels, fields) => ({
    type: 'series', score: 0.9, why: '46 times its usual spread away from what is usual; began 20s '
      + 'before it; the same site madrid', began: reference - 20_000, lead_ms: 20_000, group: 0,
    series: series(name, { ...labels, site: 'madrid' }), kind: 'latency', strength: 0.82,
    deviations: 46, usual: 0.012, now: 1.4, per_second: false, common: 0.1, alike: 2,
    related: { site: 'madrid' },
    points: Array.from({ length: 60 }, (_, i) => [to - (59 - i) * 15_000,
      i < 40 ? 0.012 + (i % 5) / 1000 : 1.4 - (i % 3) / 10]),
    ...fields,
  });
  const told = changes()[0];
  return {
    computed_at: to, before_from: from - 120 * kMinute, from, to, reference, seconds: 0.412,
    series: 200_000, scored: 187_410, without_points: 11_590, not_reached: 1_000, partial: true,
    moved: 31,
    groups: [{ label: 'service', value: 'payment-gateway', score: 1.02, series: 640, moved: 7 },
      { label: 'service', value: 'wallet', score: 0.6, series: 320, moved: 2 }],
    causes: [
      moved('gateway_request_duration_p99', { service: 'payment-gateway' }, {}),
      { type: 'change', score: 0.88, why: 'a deploy; began 30s before it', began: told.at,
        lead_ms: 30_000, group: null, change: told },
      moved('wallet_errors_total', { service: 'wallet', host: 'w-3' }, { per_second: true,
        kind: 'errors', score: 0.6, group: 1, began: null, lead_ms: null, alike: 0 }),
    ],
  };
}

/** null: not ours. */
export function causesAnswer(path, query, scene, now) {
  if (path === '/api/v1/changes') return [200, { changes: changes() }];
  const alert = /^\/api\/alerts\/([^/]+)\/causes$/.exec(path);
  if (path !== '/api/causes' && alert === null) return null;
  if (query.get('from') === null) {
    return [200, { causes: scene.unranked ? null : causes(kT0 - kMinute, now) }];
  }
  return [200, causes(Number(query.get('from')), Number(query.get('to')))];
}
