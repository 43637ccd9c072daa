// The pages there are, in the order of the navigation.
import type { Series } from './types';

export interface PageEntry {
  path: string;
  name: string;
  tab: string;
}

export const kPages: readonly PageEntry[] = [
  { path: '/', name: 'Now', tab: 'now' },
  { path: '/alerts', name: 'Alerts', tab: 'alerts' },
  { path: '/oncall', name: 'On call', tab: 'oncall' },
  { path: '/workers', name: 'Workers', tab: 'workers' },
  { path: '/boards', name: 'Boards', tab: 'boards' },
  { path: '/explore', name: 'Explore', tab: 'explore' },
  { path: '/rules', name: 'Rules', tab: 'rules' },
  { path: '/workshop', name: 'Workshop', tab: 'workshop' },
  { path: '/budget', name: 'Budget', tab: 'budget' },
  { path: '/inbox', name: 'Inbox', tab: 'inbox' },
  { path: '/receivers', name: 'Receivers', tab: 'receivers' },
  { path: '/senders', name: 'Senders', tab: 'senders' },
  { path: '/cardinality', name: 'Cardinality', tab: 'cardinality' },
];

const kLists = ['alerts', 'workers', 'boards', 'explore', 'rules', 'inbox', 'receivers', 'senders',
  'cardinality', 'coverage', 'causes', 'workshop', 'budget', 'health', 'ledger',
  'oncall', 'profile', 'users', 'tokens', 'audit'] as const;
type ListPage = (typeof kLists)[number];

export type Route =
  | { page: ListPage | 'now' | 'nowhere' }
  | { page: 'alert' | 'worker' | 'board'; id: string };

export function routeOf(path: string): Route {
  const [first = '', second, ...rest] = path.split('/').slice(1);
  if (rest.length > 0) return { page: 'nowhere' };
  if (first === '' && second === undefined) return { page: 'now' };
  if (second !== undefined && second !== '') {
    const id = decode(second);
    if (first === 'alerts') return { page: 'alert', id };
    if (first === 'workers') return { page: 'worker', id };
    if (first === 'boards') return { page: 'board', id };
    return { page: 'nowhere' };
  }
  const list = kLists.find((page) => page === first);
  return { page: list ?? 'nowhere' };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // A stray % sign: such an id is simply not found.
  }
}

/** Whether the entry's page is shown, its detail pages included. */
export function isCurrent(entry: PageEntry, path: string): boolean {
  return entry.path === '/' ? path === '/' : path === entry.path ||
    path.startsWith(`${entry.path}/`);
}

/** The worker's page with this series chosen. */
export function seriesHref(worker: string, series: Series): string {
  return `/workers/${encodeURIComponent(worker)}?series=${encodeURIComponent(series.text)}`;
}
