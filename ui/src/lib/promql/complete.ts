// What can stand at the caret: first which kind of word, then the best candidates of that kind.
import { kAggregations, kFunctions, kWords } from './functions';
import { tokens, type Token } from './tokens';

export type Wanted = {
  /** The part of the text that a candidate replaces. */
  from: number;
  to: number;
  /** What is typed of it so far. */
  prefix: string;
} & (
  | { kind: 'expression' | 'duration' | 'at' | 'nothing' }
  /** `match` is the selector so far, without the matcher at the caret. */
  | { kind: 'label'; match: string }
  | { kind: 'value'; label: string; match: string }
);

export interface Candidate {
  text: string;
  kind: 'metric' | 'function' | 'keyword' | 'label' | 'value' | 'duration';
  /** Shown quietly beside it. */
  help: string;
  /** What is put in, where it is more than the text; the caret goes `back` from its end. */
  insert: string;
  back: number;
}

const kWordLike = new Set<Token['kind']>(
  ['metric', 'function', 'keyword', 'label', 'number', 'duration']);
const isMatcher = (text: string | undefined) =>
  text === '=' || text === '!=' || text === '=~' || text === '!~' || text === '==';

/** What is wanted at `caret`. */
export function wantedAt(text: string, caret: number): Wanted {
  const all = tokens(text);
  const at = all.find((t) => t.from < caret && caret <= t.to);
  const nothing: Wanted = { kind: 'nothing', from: caret, to: caret, prefix: '' };
  if (at?.kind === 'comment') return nothing;
  const word = at !== undefined && kWordLike.has(at.kind) ? at : undefined;
  const spot = word === undefined
    ? { from: caret, to: caret, prefix: '' }
    : { from: word.from, to: word.to, prefix: text.slice(word.from, caret) };
  const solid = all.filter((t) => t.kind !== 'space' && t.kind !== 'comment');
  const before = solid.filter((t) => t.to <= spot.from);
  const inString = at?.kind === 'string' && caret > at.from && (at.open || caret < at.to);
  const open = bracketAround(inString ? solid.filter((t) => t.to <= at.from) : before);
  if (inString) return open.kind === '{' ? valueAt(at, caret, solid, open.at) ?? nothing : nothing;
  if (open.kind === '{') {
    if (isMatcher(before.at(-1)?.text)) return nothing; // a quote comes next
    return { kind: 'label', ...spot, match: selectorOf(solid, open.at, spot.from) };
  }
  if (open.kind === '[') return { kind: 'duration', ...spot };
  if (open.kind === 'labels') return { kind: 'label', ...spot, match: metricIn(solid) };
  if (before.at(-1)?.text === '@') return { kind: 'at', ...spot };
  if (before.at(-1)?.text.toLowerCase() === 'offset') return { kind: 'duration', ...spot };
  return word?.kind === 'number' || word?.kind === 'duration'
    ? nothing : { kind: 'expression', ...spot };
}

type Bracket = { kind: '' | '{' | '[' | '(' | 'labels'; at: number };

function bracketAround(before: readonly Token[]): Bracket {
  const stack: Bracket[] = [];
  before.forEach((token, i) => {
    if (token.text === '{' || token.text === '[') stack.push({ kind: token.text, at: i });
    else if (token.text === '(') {
      const word = before[i - 1]?.text.toLowerCase() ?? '';
      const grouping = /^(by|without|on|ignoring|group_left|group_right)$/.test(word);
      stack.push({ kind: grouping ? 'labels' : '(', at: i });
    } else if (/^[)}\]]$/.test(token.text)) stack.pop();
  });
  return stack.at(-1) ?? { kind: '', at: -1 };
}

function valueAt(string: Token, caret: number, solid: readonly Token[], brace: number):
  Wanted | null {
  const i = solid.indexOf(string);
  const label = solid[i - 2];
  if (!isMatcher(solid[i - 1]?.text) || label?.kind !== 'label') return null;
  const from = string.from + 1;
  return {
    kind: 'value', from, to: string.open ? string.to : string.to - 1,
    prefix: string.text.slice(1, caret - string.from), label: label.text,
    match: selectorOf(solid, brace, label.from),
  };
}

/** `up{job="x"}` from the metric before the brace and every finished matcher but the one at `at`.*/
function selectorOf(solid: readonly Token[], brace: number, at: number): string {
  const name = solid[brace - 1]?.kind === 'metric' ? solid[brace - 1]!.text : '';
  const matchers: string[] = [];
  for (let i = brace + 1; i + 2 < solid.length && solid[i]!.text !== '}'; i++) {
    const [label, operator, value] = [solid[i]!, solid[i + 1]!, solid[i + 2]!];
    if (label.kind !== 'label' || !isMatcher(operator.text)) continue;
    if (value.kind !== 'string' || value.open || label.from === at) continue;
    matchers.push(`${label.text}${operator.text}${value.text}`);
  }
  return matchers.length > 0 ? `${name}{${matchers.join(',')}}` : name;
}

const metricIn = (solid: readonly Token[]) => solid.find((t) => t.kind === 'metric')?.text ?? '';

const call = ([text, args, help]: readonly [string, string, string]): Candidate => ({
  text, kind: 'function', help: `(${args}) ${help}`,
  insert: `${text}()`, back: args === '' ? 0 : 1,
});
const kCalls = [...kAggregations, ...kFunctions].map(call);
const kKeywordCandidates = kWords.map(([text, , help]): Candidate =>
  ({ text, kind: 'keyword', help, insert: text, back: 0 }));
const kDurations = ['30s', '1m', '2m', '5m', '10m', '15m', '30m', '1h', '6h', '12h', '1d', '1w']
  .map((text): Candidate => ({ text, kind: 'duration', help: '', insert: text, back: 0 }));

/** What a kind of word can be, given what the server knows of names, labels or values. */
export function candidates(wanted: Wanted, known: readonly string[],
  helpOf: (name: string) => string = () => ''): Candidate[] {
  const plain = (kind: Candidate['kind']) => (text: string): Candidate =>
    ({ text, kind, help: helpOf(text), insert: text, back: 0 });
  switch (wanted.kind) {
    case 'expression': return wanted.prefix === '' ? [] : best(
      [...known.map(plain('metric')), ...kCalls, ...kKeywordCandidates], wanted.prefix);
    case 'label': return best(known.filter((n) => n !== '__name__').map(plain('label')),
      wanted.prefix);
    case 'value': return best(known.map((text): Candidate => ({
      ...plain('value')(text), insert: text.replaceAll('\\', '\\\\').replaceAll('"', '\\"'),
    })), wanted.prefix);
    case 'duration': return best(kDurations, wanted.prefix);
    case 'at': return best(['start', 'end'].map((text) => call([text, '', `${text} of the range`])),
      wanted.prefix);
    case 'nothing': return [];
  }
}

/** No list is longer: nobody reads on, and the page stays quick with 100,000 names. */
export const kCandidatesMax = 50;

/** Begins with it, then has a word that does, then has its letters in that order. */
export function fit(text: string, prefix: string): number {
  const [t, p] = [text.toLowerCase(), prefix.toLowerCase()];
  if (t.startsWith(p)) return t.length === p.length ? 0 : 1;
  const at = t.indexOf(p);
  if (at > 0) return /[_:.\-/ ]/.test(t[at - 1]!) ? 2 : 3;
  if (p.length < 2) return Infinity;
  let i = 0;
  for (const c of t) if (c === p[i]) i++;
  return i === p.length ? 4 : Infinity;
}

function best(list: readonly Candidate[], prefix: string): Candidate[] {
  const fits = list
    .map((candidate, order) => ({ candidate, order, rank: fit(candidate.text, prefix) }))
    .filter((f) => f.rank !== Infinity);
  fits.sort((a, b) => a.rank - b.rank || a.order - b.order);
  return fits.slice(0, kCandidatesMax).map((f) => f.candidate);
}
