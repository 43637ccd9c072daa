// The stand-in's ledger and stages: docs/http-api.md's shapes.
const kAlert = '0123456789abcdef0123456789abcdef';

function rows(now) {
  const row = (ago, more) => ({ kind: 'state', time: now - ago, alert: kAlert, rule: 'payment-provider',
    scope: 'site=madrid', what: '', who: '', text: '', ...more });
  const out = [
    row(10_000, { kind: 'delivery', what: 'opened', who: 'alice/sms', text: '500 in 20 ms', receiver_kind: 'gateway',
      state: 'failed', attempts: 2, sent: now - 9000, next_try: now + 4000 }),
    row(20_000, { kind: 'delivery', what: 'opened', who: 'ops', text: '200 in 6 ms', receiver_kind: 'webhook',
      state: 'sent', attempts: 1, sent: now - 20_000, next_try: null }),
    row(40_000_000, { kind: 'delivery', what: 'opened', who: 'carol/sms', text: '403 no such number',
      receiver_kind: 'gateway', state: 'given up', attempts: 1, sent: now - 40_000_000, next_try: null }),
    row(20_000, { what: 'told', text: 'alice/sms, ops' }),
    row(21_000, { what: 'silenced', who: 'ada', text: 'until 2026-11-23T11:00:00Z: works <b>', rule: 'queue', scope: 'site=rome' }),
    row(30_000, { what: 'opened', who: 'payment-provider', text: 'payments_ok in madrid 57 % below' }),
  ];
  for (let i = 0; i < 150; ++i) out.push(row(60_000 + i * 1000, { what: 'note', who: 'ada', text: `note ${i}` }));
  return out;
}

const stage = (name, more) => ({ stage: name, doc: `what ${name} does`, limit: '', lag: null, waiting: null,
  full: null, refused: null, failed: null, ...more });

/** The answer to a request for the ledger or the stages; null: not ours. */
export function watchAnswer(method, path, query, now) {
  const json = (value) => [200, value];
  if (method !== 'GET') return null;
  if (path === '/api/stages') {
    return json({ stages: [stage('intake', { refused: 0, limit: '503 with Retry-After' }),
      stage('shard 0', { lag: 3 }), stage('outbox', { waiting: 2, full: 0.1, failed: 1 })] });
  }
  if (path === '/api/ledger') {
    const wanted = rows(now).filter((row) => ['kind', 'rule', 'what', 'who', 'alert'].every((name) =>
      !query.get(name) || row[name] === query.get(name)));
    const from = Number(query.get('before') ?? 0);
    const page = wanted.slice(from, from + 100);
    return json({ rows: page, next: from + 100 < wanted.length ? String(from + 100) : null });
  }
  if (/^\/api\/alerts\/[0-9a-f]{32}\/why$/.test(path)) {
    const who = query.get('who');
    return json({ who, told: who === 'ops', answer: who === 'ops' ? 'ops was told: opened by ops (webhook): sent'
      : `${who} has not been told: the routes told alice/sms, ops`, reasons: [{ time: now - 20_000, text: 'told: alice/sms, ops' }] });
  }
  return null;
}
