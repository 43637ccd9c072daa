// Instant answers as rows: a column for each label, the value as the server wrote it.
import { valueOf, type LabelSet, type PromData } from './prom';

export interface Row {
  /** Which query it answers, by its letter. */
  query: string;
  metric: LabelSet;
  /** As the server wrote it: nothing is rounded. */
  value: string;
  time: number;
}

export interface Table {
  /** Label names in use; the name of the metric first. */
  labels: string[];
  rows: Row[];
}

export function rowsOf(query: string, data: PromData): Row[] {
  switch (data.resultType) {
    case 'scalar':
    case 'string':
      return [{ query, metric: {}, value: data.result[1], time: data.result[0] }];
    case 'vector':
      return data.result.map(({ metric, value }) =>
        ({ query, metric, value: value[1], time: value[0] }));
    case 'matrix':
      // Of `up[5m]`: every point, as it was stored.
      return data.result.flatMap(({ metric, values }) =>
        values.map(([time, value]) => ({ query, metric, value, time })));
  }
}

export function tableOf(rows: Row[]): Table {
  const labels = new Set(rows.flatMap((row) => Object.keys(row.metric)));
  const named = labels.delete('__name__');
  return { labels: [...(named ? ['__name__'] : []), ...[...labels].sort()], rows };
}

/** By "value", "time", "query" or a label; "-" before it for descending. Stable. */
export function sorted(rows: readonly Row[], by: string): Row[] {
  if (by === '') return [...rows];
  const [key, sign] = by.startsWith('-') ? [by.slice(1), -1] as const : [by, 1] as const;
  const text = (row: Row) => key === 'query' ? row.query : (row.metric[key] ?? '');
  const compare = key === 'value'
    ? (a: Row, b: Row) => order(valueOf(a.value), valueOf(b.value), sign)
    : key === 'time' ? (a: Row, b: Row) => sign * (a.time - b.time)
    : (a: Row, b: Row) => sign * text(a).localeCompare(text(b), 'en', { numeric: true });
  return [...rows].sort(compare);
}

/** What is no number comes last, whichever way. */
function order(a: number, b: number, sign: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a < b ? -sign : a > b ? sign : 0;
}

/** The next order of a column that is clicked: ascending, descending, as answered. */
export function nextSort(now: string, key: string): string {
  return now === key ? `-${key}` : now === `-${key}` ? '' : key;
}

/** Tab-separated with a head: what spreadsheets take. */
export function asText({ labels, rows }: Table): string {
  const clean = (text: string) => text.replace(/[\t\r\n]+/g, ' ');
  const head = ['query', ...labels, 'time', 'value'];
  const body = rows.map((row) => [row.query, ...labels.map((l) => row.metric[l] ?? ''),
    new Date(row.time * 1000).toISOString(), row.value]);
  return [head, ...body].map((line) => line.map(clean).join('\t')).join('\n');
}
