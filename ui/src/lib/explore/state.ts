// Everything that Explore shows, as an address: a link of it shows the same to somebody else.
import { kStandardSpan, type Span } from './range';

export interface Query {
  expr: string;
  /** Kept, but not asked. */
  off: boolean;
}

export interface ExploreState {
  queries: Query[];
  span: Span;
  /** Empty: by the width of the chart. */
  step: string;
  view: 'chart' | 'table';
  bands: boolean;
  alerts: boolean;
  live: boolean;
  /** Only series whose text holds it are drawn. */
  filter: string;
  /** Only this series is drawn. */
  only: string;
  /** Of the table: label or "value", "-" before it for descending. */
  sort: string;
}

/** More queries side by side than anybody can read, and each is work for the server. */
export const kQueriesMax = 12;

export const kEmpty: ExploreState = {
  queries: [{ expr: '', off: false }], span: kStandardSpan, step: '', view: 'chart', bands: false,
  alerts: false, live: false, filter: '', only: '', sort: '',
};

export const letterOf = (index: number) => String.fromCharCode(65 + index);

export function readState(query: URLSearchParams): ExploreState {
  const off = query.get('off') ?? '';
  const exprs = query.getAll('q').slice(0, kQueriesMax);
  const read = (name: string) => query.get(name) ?? '';
  return {
    queries: (exprs.length === 0 ? [''] : exprs)
      .map((expr, i) => ({ expr, off: off.includes(letterOf(i)) })),
    span: {
      from: read('from') || kStandardSpan.from, to: read('to') || kStandardSpan.to,
    },
    step: read('step'), view: read('view') === 'table' ? 'table' : 'chart',
    bands: read('bands') === '1', alerts: read('alerts') === '1', live: read('live') === '1',
    filter: read('filter'), only: read('only'), sort: read('sort'),
  };
}

/** The address of the state; what is standard is left out. */
export function hrefOf(state: ExploreState): string {
  const query = new URLSearchParams();
  const kept = state.queries.filter((q) => q.expr !== '');
  for (const { expr } of kept) query.append('q', expr);
  const off = kept.map((q, i) => (q.off ? letterOf(i) : '')).join('');
  const set = (name: string, value: string, standard = '') => {
    if (value !== standard) query.set(name, value);
  };
  set('off', off);
  set('from', state.span.from, kStandardSpan.from);
  set('to', state.span.to, kStandardSpan.to);
  set('step', state.step);
  set('view', state.view, 'chart');
  for (const name of ['bands', 'alerts', 'live'] as const) set(name, state[name] ? '1' : '');
  for (const name of ['filter', 'only', 'sort'] as const) set(name, state[name]);
  const text = query.toString();
  return text === '' ? '/explore' : `/explore?${text}`;
}

/** Explore with these queries: where charts elsewhere lead. */
export function exploreHref(exprs: readonly string[], more: Partial<ExploreState> = {}): string {
  return hrefOf({ ...kEmpty, queries: exprs.map((expr) => ({ expr, off: false })), ...more });
}

/** Queries asked lately, newest first, each once. */
export function remembered(history: readonly string[], exprs: readonly string[], most = 50):
  string[] {
  const asked = exprs.map((expr) => expr.trim()).filter((expr) => expr !== '');
  return [...new Set([...asked, ...history])].slice(0, most);
}
