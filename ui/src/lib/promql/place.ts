// Where the server says that a query is wrong: "1:5: parse error: …" as a stretch of its text.
import { tokens } from './tokens';

export interface Fault {
  message: string;
  /** Null where the message names no place. */
  place: { from: number; to: number } | null;
}

const kPlace = /(?:^|[\s"])(\d+):(\d+): (?:parse error: )?/;
const encoder = new TextEncoder();

/** The words of the server without the place; the place as UTF-16 offsets of the text. */
export function faultOf(message: string, text: string): Fault {
  const found = kPlace.exec(message);
  if (found === null) return { message, place: null };
  const said = message.slice(found.index + found[0].length);
  const line = Number(found[1]);
  const lines = text.split('\n');
  if (line < 1 || line > lines.length) return { message: said, place: null };
  const start = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  const at = start + charsOf(lines[line - 1]!, Number(found[2]) - 1);
  return { message: said, place: wordAround(text, at) };
}

/** Columns count bytes of UTF-8; a text area counts UTF-16 units. */
function charsOf(line: string, bytes: number): number {
  let seen = 0;
  let at = 0;
  for (const c of line) {
    if (seen >= bytes) break;
    seen += encoder.encode(c).length;
    at += c.length;
  }
  return at;
}

/** The whole word at `at`; at the end of the text its last word. */
function wordAround(text: string, at: number): { from: number; to: number } | null {
  const solid = tokens(text).filter((t) => t.kind !== 'space');
  const token = solid.find((t) => at >= t.from && at < t.to) ?? solid.findLast((t) => t.to <= at);
  if (token !== undefined) return { from: token.from, to: token.to };
  return text === '' ? null : { from: 0, to: text.length };
}
