// GET /api/cardinality of the stand-in: checkout's request ids have filled its limit.
import { series } from './data.mjs';

const kHour = 3_600_000;
const kSender = 'telegraf 10.0.0.7';
const text = (id) => series('requests', { service: 'checkout', request_id: `r-${id}` });

function growth(now, counts, began) {
  const hours = [...Array(24 - counts.length).fill(0), ...counts];
  return {
    last_hour: hours[23], last_day: hours.reduce((a, b) => a + b, 0), hours,
    began: began === null ? null : now - began, last: began === null ? null : now - 4000,
    growing: began !== null && hours[23] > 0,
  };
}

export function cardinality(now, query, calm) {
  const label = query.get('label') ?? '';
  const sender = query.get('sender') ?? '';
  const limit = (name, most, values, fullest, refused) =>
    ({ label: name, most, values, fullest, refused });
  const labels = [
    { name: 'request_id', values: 9804, series: 9804, exact: false, followed: false,
      growth: growth(now, [800, 4200, 4804], 2.6 * kHour) },
    { name: 'host', values: 240, series: 11_900, exact: true, followed: true,
      growth: growth(now, [], null) },
    { name: 'service', values: 31, series: 12_010, exact: true, followed: true,
      growth: growth(now, [1], null) },
    { name: 'a name-that PromQL cannot say', values: 2, series: 2, exact: true, followed: true,
      growth: growth(now, [], null) },
  ];
  const values = [
    { label: 'service', value: 'checkout', series: 10_000, grew: 'request_id',
      growth: growth(now, [800, 4200, 4804], 2.6 * kHour) },
    { label: 'host', value: 'web-3', series: 310, grew: 'request_id',
      growth: growth(now, [30, 120, 12, 0, 0], 5 * kHour) },
    { label: 'service', value: 'payments', series: 412, grew: '', growth: growth(now, [], null) },
  ];
  const senders = [
    { name: kSender, series: 9804, grew: 'request_id',
      growth: growth(now, [800, 4200, 4804], 2.6 * kHour) },
    { name: '', series: 12, grew: '', growth: growth(now, [12], null) },
  ];
  const keep = (rows, wanted, of) => (wanted === '' ? rows : rows.filter((r) => of(r) === wanted));
  const hours = Array.from({ length: 168 }, (_, i) =>
    (i > 164 ? [800, 4200, 4804][i - 165] : Math.round(6 + 5 * Math.sin(i / 4))));
  return {
    now, since: now - 9 * 24 * kHour, series: 22_318, last_hour: 4804, last_day: 9930, hours,
    labels_total: 23, labels_left_out: 0, warn_at: 0.8,
    limits: [limit('', 2_000_000, 0, 22_318, 0),
      limit('service', 10_000, 31, calm ? 412 : 10_000, calm ? 0 : 41_210)],
    troubles: calm ? [] : [{
      label: 'service', value: 'checkout', most: 10_000, used: 10_000, refused: 41_210,
      refused_series: 5150, refused_lately: 5150, added_lately: 0, grew: 'request_id',
      owner_label: 'service', owner_value: 'checkout', began: now - 0.4 * kHour, last: now - 2000,
      example: text('0f9c4e').text, example_sender: kSender, example_at: now - 2000,
    }],
    labels: keep(labels, label, (r) => r.name), values: keep(values, label, (r) => r.label),
    senders: keep(senders, sender, (r) => r.name),
    recent: Array.from({ length: 6 }, (_, i) =>
      ({ series: text(`${i}af31`), at: now - i * 700, sender: kSender })),
  };
}
