// The stand-in's Prometheus API: the shapes of Prometheus 2.42, over the series of data.mjs. It
// does not evaluate PromQL: it finds the first selector, and takes `f(…)` for that selector without
// its name, `sum` for one series, or one for each label of `by (…)`.
import { at, kT0, kZones } from './data.mjs';

const kNames = ['logins', 'sessions', 'bets', 'stakes', 'payments_ok', 'payments_fail',
  'payment_ms', 'deposits', 'withdrawals', 'settlement_lag', 'errors', 'queue_age'];
const kMany = 300;

/** [name, labels] of everything that is measured. */
const kSeries = [
  ...kNames.flatMap((name) => Object.keys(kZones).map((site) => [name, { site }])),
  ...Array.from({ length: kMany }, (_, i) => ['many', { node: `n${String(i).padStart(3, '0')}` }]),
  ['spiky', { site: 'malta' }],
];

function valueOf(name, labels, time) {
  if (name === 'many') {
    const n = Number(labels.node.slice(1));
    return 100 + n + 20 * Math.sin(time / 600_000 + n);
  }
  // One value in thirty is high, between the steps of any but the shortest chart.
  if (name === 'spiky') return (time / 10_000) % 30 === 7 ? 500 : 100;
  return at(labels.site, name, time)[0];
}

function matchersOf(text) {
  return [...text.matchAll(/(\w+)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"/g)].map(
    ([, label, operator, value]) => {
      const pattern = new RegExp(`^(?:${value.replace(/\\\\/g, '\\')})$`);
      const holds = { '=': (v) => v === value, '!=': (v) => v !== value,
        '=~': (v) => pattern.test(v), '!~': (v) => !pattern.test(v) }[operator];
      return (labels) => holds(labels[label] ?? '');
    });
}

/** The series of the first selector in a text. */
function selected(text) {
  const found = new RegExp(`\\b(${[...kNames, 'many', 'spiky'].join('|')})\\b\\s*(\\{[^}]*\\})?`)
    .exec(text);
  if (found === null && !/^\s*\{/.test(text)) return [];
  const matchers = matchersOf(found?.[2] ?? (found === null ? text : ''));
  return kSeries.filter(([name, labels]) =>
    (found === null || name === found[1]) && matchers.every((holds) => holds(labels)));
}

const kPlain = /^\s*\w+\s*(\{[^}]*\})?\s*$/;

/** What the text is wrong about, as Prometheus says it; null when the stand-in takes it. */
function faultOf(text) {
  if (text.trim() === '') return [0, 'no expression found in input'];
  const unknown = /\bnope\b/.exec(text);
  if (unknown) return [unknown.index, 'unknown function with name "nope"'];
  const two = /\w+\s+(bar)\b/.exec(text);
  if (two) return [text.indexOf('bar'), 'unexpected identifier "bar"'];
  const open = [...text].filter((c) => c === '(').length;
  const closed = [...text].filter((c) => c === ')').length;
  if (open > closed) return [text.length, 'unclosed left parenthesis'];
  return null;
}

function placed(text, [offset, message]) {
  const before = text.slice(0, offset).split('\n');
  const column = Buffer.byteLength(before.at(-1)) + 1;
  return `invalid parameter "query": ${before.length}:${column}: parse error: ${message}`;
}

const wrong = (type, error, code = 400) =>
  [code, { status: 'error', errorType: type, error }];
const right = (data, warnings) =>
  [200, { status: 'success', data, ...(warnings ? { warnings } : {}) }];

/** [labels, value at a time] of what the expression gives. */
function evaluated(text) {
  const series = selected(text);
  const spread = /^\s*(min|max)_over_time\((.*)\[(\w+)\]\)\s*$/.exec(text);
  if (/\bsum\b/.test(text)) return summed(text, series);
  return series.map(([name, labels]) => [
    kPlain.test(text) ? { __name__: name, ...labels } : { ...labels },
    (time) => {
      if (spread === null) return valueOf(name, labels, time);
      const back = Number.parseInt(spread[3], 10) *
        { s: 1000, m: 60_000, h: 3_600_000 }[spread[3].at(-1)];
      const values = [];
      const each = Math.max(10_000, back / 10);
      for (let t = time; t > time - back; t -= each) values.push(valueOf(name, labels, t));
      return Math[spread[1]](...values);
    },
  ]);
}

function summed(text, series) {
  const listed = /by\s*\(([^)]*)\)/.exec(text)?.[1] ?? '';
  const by = listed.split(',').map((label) => label.trim()).filter(Boolean);
  const groups = new Map();
  for (const [name, labels] of series) {
    const kept = Object.fromEntries(by.filter((l) => l in labels).map((l) => [l, labels[l]]));
    const key = JSON.stringify(kept);
    const group = groups.get(key) ?? [kept, []];
    group[1].push((time) => valueOf(name, labels, time));
    groups.set(key, group);
  }
  return [...groups.values()].map(([labels, parts]) =>
    [labels, (time) => parts.reduce((sum, part) => sum + part(time), 0)]);
}

function instant(text, time) {
  if (/^\s*[\d.]+\s*$/.test(text)) {
    return right({ resultType: 'scalar', result: [time, String(Number(text))] });
  }
  return right({ resultType: 'vector', result: evaluated(text).map(([metric, value]) =>
    ({ metric, value: [time, String(value(time * 1000))] })) });
}

function range(query, now) {
  const text = query.get('query');
  const [start, end, step] = ['start', 'end', 'step'].map((name) => Number(query.get(name)));
  if ((end - start) / step > 11_000) {
    return wrong('bad_data', 'exceeded maximum resolution of 11,000 points per timeseries. ' +
      'Try decreasing the query resolution (?step=XX)');
  }
  const times = [];
  for (let i = 0; start + i * step <= end; i++) times.push(start + i * step);
  const known = times.filter((t) => t * 1000 <= now);
  const lines = /^\s*[\d.]+\s*$/.test(text) ? [[{}, () => Number(text)]] : evaluated(text);
  const warnings = end - start > 2 * 86_400 ? ['1-minute rollups were read'] : undefined;
  return right({ resultType: 'matrix', result: lines.map(([metric, value]) =>
    ({ metric, values: known.map((t) => [t, String(value(t * 1000))]) })) }, warnings);
}

const matching = (query) => query.getAll('match[]').length === 0 ? kSeries
  : query.getAll('match[]').flatMap(selected);

const kAt = new Date(kT0).toISOString();
const rule = (name, query, more) => ({
  name, query, health: 'ok', evaluationTime: 0.0004, lastEvaluation: kAt, ...more,
});
const kGroups = [
  { name: 'recorded', file: 'prometheus/bets.yaml', interval: 60, limit: 0, evaluationTime: 0.002,
    lastEvaluation: kAt,
    rules: [rule('site:bets:rate5m', 'sum by (site) (rate(bets[5m]))', { type: 'recording' })] },
  { name: 'alerts', file: 'prometheus/bets.yaml', interval: 30, limit: 0, evaluationTime: 31,
    lastEvaluation: kAt,
    rules: [
      rule('QueueOld', 'queue_age > 15', {
        type: 'alerting', state: 'firing', duration: 60, keepFiringFor: 0, labels: {},
        annotations: {}, alerts: [{ labels: { alertname: 'QueueOld', site: 'lagos' },
          annotations: {}, state: 'firing', activeAt: kAt, value: '2.1e+01' }],
      }),
      rule('Joined', 'bets * on (site) stakes', {
        type: 'alerting', state: 'inactive', duration: 0, keepFiringFor: 0, labels: {},
        annotations: {}, alerts: [], health: 'err',
        lastError: 'found duplicate series for the match group {site="rome"}',
      }),
    ] },
];

/** The answer to GET /api/v1/…: [status, body], or null for what it does not know. */
export function promAnswer(path, query, now) {
  const text = query.get('query') ?? '';
  if (path === 'query' || path === 'query_range' || path === 'format_query') {
    const fault = faultOf(text);
    if (fault) return wrong('bad_data', placed(text, fault));
    if (/\bslow\b/.test(text)) return wrong('timeout', 'query timed out in query execution', 503);
    if (path === 'format_query') return right(text.replace(/\s+/g, ' ').replace(/ ?\( ?/g, '('));
    return path === 'query' ? instant(text, Number(query.get('time'))) : range(query, now);
  }
  if (path === 'labels') {
    return right([...new Set(matching(query).flatMap(([, labels]) => Object.keys(labels)))]
      .concat('__name__').sort());
  }
  if (path === 'series') {
    return right(matching(query).map(([name, labels]) => ({ __name__: name, ...labels })));
  }
  if (path === 'rules') return right({ groups: kGroups });
  if (path === 'metadata') {
    const help = 'payments accepted per minute';
    return right({ payments_ok: [{ type: 'gauge', help, unit: '' }] });
  }
  const label = /^label\/(\w+)\/values$/.exec(path)?.[1];
  if (label === undefined) return null;
  const values = matching(query).map(
    ([name, labels]) => (label === '__name__' ? name : labels[label]));
  return right([...new Set(values.filter(Boolean))].sort());
}
