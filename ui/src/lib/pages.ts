// The pages there are, in the order of the navigation.
import type { Series } from './types';

export type Group = 'Alerts' | 'People' | 'Signals' | 'Rules' | 'Tocsin';

export interface PageEntry {
  path: string;
  name: string;
  group: Group;
  /** What the menu says of it, in a few words. */
  says: string;
  /** The second key after `g`. */
  key?: string;
  /** In the bar on top: `early` also on a narrow one. All others are in the menu alone. */
  bar?: 'early' | 'late';
  /** In the bar below on a phone, by this glyph. Four fit beside the menu. */
  tab?: string;
  /** Offered to administrators only; the server refuses the others anyway. */
  admin?: true;
}

/** The order of groups in the menu; of pages within their group, and in the bars. */
export const kGroups: readonly Group[] = ['Alerts', 'People', 'Signals', 'Rules', 'Tocsin'];

export const kPages: readonly PageEntry[] = [
  { path: '/', name: 'Now', group: 'Alerts', key: 'n', bar: 'early', tab: 'now',
    says: 'what is wrong at this moment' },
  { path: '/alerts', name: 'Alerts', group: 'Alerts', key: 'a', bar: 'early', tab: 'alerts',
    says: 'open and past ones' },
  { path: '/groups', name: 'Groups', group: 'Alerts', key: 'g',
    says: 'alerts that are told together' },
  { path: '/inbox', name: 'Inbox', group: 'Alerts', key: 'i', bar: 'late', tab: 'inbox',
    says: 'messages kept here' },
  { path: '/silences', name: 'Silences', group: 'Alerts', key: 'q',
    says: 'what is kept quiet, and until when' },
  { path: '/ledger', name: 'Ledger', group: 'Alerts', key: 'l',
    says: 'what happened, who was told and why' },
  { path: '/trends', name: 'Trends', group: 'Alerts', key: 'y',
    says: 'what comes again, what stands' },
  { path: '/oncall', name: 'On call', group: 'People', key: 'o', bar: 'early', tab: 'oncall',
    says: 'who is called now and next' },
  { path: '/receivers', name: 'Receivers', group: 'People', key: 't',
    says: 'ways to tell somebody' },
  { path: '/told', name: 'Who is told', group: 'People', key: 'k',
    says: 'of an alert with these labels' },
  { path: '/profile', name: 'Profile', group: 'People', key: 'm', says: 'you, your sessions' },
  { path: '/tokens', name: 'Tokens', group: 'People', says: 'programs that may ask' },
  { path: '/users', name: 'Users', group: 'People', admin: true, says: 'who may sign in' },
  { path: '/audit', name: 'Audit', group: 'People', admin: true, says: 'who changed what' },
  { path: '/workers', name: 'Workers', group: 'Signals', key: 'w', bar: 'early',
    says: 'what is tested, by which models' },
  { path: '/boards', name: 'Boards', group: 'Signals', key: 'b', bar: 'late',
    says: 'charts side by side' },
  { path: '/explore', name: 'Explore', group: 'Signals', key: 'e', bar: 'late',
    says: 'ask in PromQL' },
  { path: '/senders', name: 'Senders', group: 'Signals', key: 's', says: 'who sends points' },
  { path: '/coverage', name: 'Coverage', group: 'Signals', key: 'v', says: 'what nobody watches' },
  { path: '/cardinality', name: 'Cardinality', group: 'Signals', key: 'c',
    says: 'how many series, from whom' },
  { path: '/rules', name: 'Rules', group: 'Rules', key: 'r', bar: 'late',
    says: 'when an alert opens' },
  { path: '/workshop', name: 'Workshop', group: 'Rules', key: 'p',
    says: 'try a change on history' },
  { path: '/budget', name: 'Budget', group: 'Rules', key: 'u', says: 'how often rules may wake' },
  { path: '/store', name: 'Store', group: 'Tocsin', key: 'd', says: 'what is kept on the disk' },
  { path: '/watch', name: 'Health', group: 'Tocsin', key: 'h', says: 'how the watchman is' },
];

/** Pages that are reached from others only. */
const kUnlisted = ['causes'] as const;

export interface Route {
  /** The address without its slash, `now`, `nowhere`, or a detail page: alert, worker, board. */
  page: string;
  id?: string;
}

const kDetails = new Map([['alerts', 'alert'], ['workers', 'worker'], ['boards', 'board']]);

export function routeOf(path: string): Route {
  const [first = '', second, ...rest] = path.split('/').slice(1);
  if (rest.length > 0) return { page: 'nowhere' };
  if (first === '' && second === undefined) return { page: 'now' };
  if (second !== undefined && second !== '') {
    const page = kDetails.get(first);
    return page === undefined ? { page: 'nowhere' } : { page, id: decode(second) };
  }
  const known = kPages.some((page) => page.path === `/${first}`) ||
    kUnlisted.some((page) => page === first);
  return { page: known ? first : 'nowhere' };
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
