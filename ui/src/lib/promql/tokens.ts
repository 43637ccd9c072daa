// PromQL as coloured words. Reads anything, finished or not: what it does not know is `other`.

export type TokenKind =
  | 'space' | 'comment' | 'string' | 'number' | 'duration' | 'function' | 'keyword' | 'label'
  | 'metric' | 'operator' | 'other';

export interface Token {
  kind: TokenKind;
  text: string;
  from: number;
  to: number;
  /** A string whose closing quote is missing. */
  open: boolean;
}

const kGrouping = new Set(['by', 'without', 'on', 'ignoring', 'group_left', 'group_right']);
const kKeywords = new Set([...kGrouping, 'offset', 'bool', 'and', 'or', 'unless', 'atan2']);
const kDuration = /^(\d+(ms|[smhdwy]))+$/;
const kWord = /[A-Za-z_:][A-Za-z0-9_:]*/y;
const kDigits = /(?:\d|\.\d)(?:[eE][+-]\d|[0-9A-Za-z_.])*/y;
const kSpace = /\s+/y;
const kOperator = /=~|!~|==|!=|>=|<=|[-+*/%^=<>@,]/y;

function matchAt(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
}

function stringAt(text: string, at: number): { text: string; open: boolean } {
  const quote = text[at];
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] === '\\' && quote !== '`') i++;
    else if (text[i] === quote) return { text: text.slice(at, i + 1), open: false };
  }
  return { text: text.slice(at), open: true };
}

function rawTokens(text: string): Token[] {
  const out: Token[] = [];
  let at = 0;
  const push = (kind: TokenKind, word: string, open = false) => {
    out.push({ kind, text: word, from: at, to: at + word.length, open });
    at += word.length;
  };
  while (at < text.length) {
    const c = text[at]!;
    const space = matchAt(kSpace, text, at);
    const digits = space === null ? matchAt(kDigits, text, at) : null;
    const word = matchAt(kWord, text, at);
    const operator = matchAt(kOperator, text, at);
    if (space !== null) push('space', space);
    else if (c === '#') push('comment', text.slice(at).split('\n', 1)[0]!);
    else if (c === '"' || c === "'" || c === '`') {
      const found = stringAt(text, at);
      push('string', found.text, found.open);
    } else if (digits !== null) push(kDuration.test(digits) ? 'duration' : 'number', digits);
    else if (word !== null) push('metric', word);
    else if (operator !== null) push('operator', operator);
    else push('other', c);
  }
  return out;
}

/** Words get their meaning from the brackets around them and from what follows. */
export function tokens(text: string): Token[] {
  const out = rawTokens(text);
  const brackets: ('{' | '[' | '(' | 'labels')[] = [];
  const solid = out.filter((t) => t.kind !== 'space' && t.kind !== 'comment');
  solid.forEach((token, i) => {
    const before = solid[i - 1]?.text.toLowerCase() ?? '';
    if (token.text === '{' || token.text === '[') brackets.push(token.text);
    else if (token.text === '(') brackets.push(kGrouping.has(before) ? 'labels' : '(');
    else if (token.text === '}' || token.text === ']' || token.text === ')') brackets.pop();
    else if (token.kind === 'metric') {
      token.kind = wordKind(token.text, brackets.at(-1), solid[i + 1]?.text, before);
    }
  });
  return out;
}

function wordKind(word: string, inside: string | undefined, next: string | undefined,
  before: string): TokenKind {
  const lower = word.toLowerCase();
  if (inside === '{' || inside === 'labels') return 'label';
  if (kKeywords.has(lower)) return 'keyword';
  if (inside === '[') return 'duration';
  if (lower === 'inf' || lower === 'nan') return 'number';
  if (next === '(') return 'function';
  // `sum by (site) (…)`: the aggregation stands before its grouping.
  if (next !== undefined && ['by', 'without'].includes(next.toLowerCase())) return 'function';
  return before === '@' ? 'function' : 'metric';
}
