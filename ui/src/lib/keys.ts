// The keyboard as a table: which press means which command. `g` begins a chord.
import { kPages } from './pages';

export type Command =
  | 'filter' | 'next' | 'previous' | 'open' | 'select' | 'acknowledge' | 'silence' | 'resolve'
  | 'note' | 'pause' | 'theme' | 'zone' | 'help' | 'palette' | 'back' | 'left' | 'right'
  | 'judged' | 'full screen' | 'useful' | 'noise' | 'create' | 'escalate' | 'menu' | 'shelve'
  | `go /${string}`;

const kSingle = new Map<string, Command>(Object.entries({
  '/': 'filter', j: 'next', k: 'previous', o: 'open', Enter: 'open', x: 'select',
  a: 'acknowledge', s: 'silence', r: 'resolve', n: 'note', p: 'pause', t: 'theme', z: 'zone',
  '?': 'help', Escape: 'back', ArrowLeft: 'left', ArrowRight: 'right', v: 'judged',
  f: 'full screen', u: 'useful', d: 'noise', c: 'create', e: 'escalate', m: 'menu', h: 'shelve',
}));

const kAfterG = new Map<string, Command>(kPages.flatMap(({ key, path }) =>
  key === undefined ? [] : [[key, `go ${path}` as Command]]));

export interface Press {
  key: string;
  ctrl: boolean;
  meta: boolean;
  alt: boolean;
  /** The focus is in a field where letters are text. */
  typing: boolean;
  /** The focus is on a link or button, which Enter belongs to. */
  onControl: boolean;
}

export interface Meaning {
  command: Command | null;
  /** The press began a chord that waits for its second key. */
  chord: boolean;
}

const kNothing: Meaning = { command: null, chord: false };

export function meaning(press: Press, afterG: boolean): Meaning {
  if ((press.ctrl || press.meta) && press.key.toLowerCase() === 'k') {
    return { command: 'palette', chord: false };
  }
  if (press.ctrl || press.meta || press.alt) return kNothing;
  if (press.typing) return press.key === 'Escape' ? { command: 'back', chord: false } : kNothing;
  if (press.key === 'Enter' && press.onControl) return kNothing;
  const page = afterG ? kAfterG.get(press.key) : undefined;
  if (page !== undefined) return { command: page, chord: false };
  if (press.key === 'g') return { command: null, chord: true };
  return { command: kSingle.get(press.key) ?? null, chord: false };
}

/** The map as the help dialog shows it; every row is true on some page. */
export const kKeyMap: { keys: string[]; does: string }[] = [
  { keys: ['/'], does: 'focus filter, query' },
  { keys: ['Ctrl-Enter'], does: 'run queries' },
  { keys: ['j', 'k'], does: 'next, previous' },
  { keys: ['Enter', 'o'], does: 'open' },
  { keys: ['x'], does: 'select; on call: swap shifts' },
  { keys: ['Esc'], does: 'close, back' },
  { keys: ['a'], does: 'acknowledge' },
  { keys: ['s'], does: 'silence, prefilled' },
  { keys: ['r'], does: 'resolve' },
  { keys: ['h'], does: 'shelve, take back' },
  { keys: ['n'], does: 'note' },
  { keys: ['e'], does: 'escalate: call somebody else' },
  { keys: ['u'], does: 'mark useful' },
  { keys: ['d'], does: 'mark as noise' },
  { keys: ['v'], does: 'as judged, now' },
  { keys: ['c'], does: 'alerts: open one; on call: add an override' },
  { keys: ['←', '→'], does: 'move the crosshair' },
  { keys: ['f'], does: 'board: full screen' },
  { keys: ['p'], does: 'pause live' },
  { keys: ['t'], does: 'light, dark' },
  { keys: ['z'], does: 'UTC, mine, site' },
  { keys: ['m'], does: 'all pages' },
  { keys: ['Ctrl-K'], does: 'find or do' },
  { keys: ['?'], does: 'this map' },
  ...kPages.flatMap(({ key, name }) =>
    key === undefined ? [] : [{ keys: ['g', key], does: `go to ${name}` }]),
];
