// A board with its variables put in: rows repeated, queries ready to be asked.
import { durationText } from '../explore/range';
import { tokens } from '../promql/tokens';
import type { BoardPanel, BoardRow, BoardSpec, BoardVariable } from './types';

/** What is chosen of each variable; null: all of its values. */
export type Chosen = Record<string, readonly string[] | null>;

const kVariable = /\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))/g;
const kShortestIntervalMs = 60_000;

/** `v.site=madrid` in the address, several times for several; `*` for all. */
export function chosenOf(variables: readonly BoardVariable[], query: URLSearchParams): Chosen {
  return Object.fromEntries(variables.map(({ name, standard }) => {
    const said = query.getAll(`v.${name}`);
    if (said.length === 0) return [name, standard === '' ? null : [standard]];
    return [name, said.includes('*') ? null : said];
  }));
}

/** The address with another choice; the standard one is left out. */
export function withChoice(href: string, variable: BoardVariable,
  values: readonly string[] | null): string {
  const url = new URL(href);
  const name = `v.${variable.name}`;
  url.searchParams.delete(name);
  if (values === null || values.length === 0) {
    if (variable.standard !== '') url.searchParams.set(name, '*');
  } else if (values.length !== 1 || values[0] !== variable.standard) {
    for (const value of values) url.searchParams.append(name, value);
  }
  return url.toString();
}

const regexQuoted = (text: string) => text.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&');
const stringQuoted = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"');

/** Variables in strings become regular expressions after =~ and !~, plain values elsewhere;
    $interval is the longer of a minute and the step. */
export function asked(expr: string, chosen: Chosen, stepMs: number): string {
  const interval = durationText(Math.max(kShortestIntervalMs, stepMs));
  let before = '';
  return tokens(expr.replace(/\$(\{interval\}|interval\b)/g, interval)).map((token) => {
    if (token.kind === 'string') {
      const regex = before === '=~' || before === '!~';
      return token.text.replace(kVariable, (whole, braced?: string, bare?: string) => {
        const name = braced ?? bare!;
        return name in chosen ? stringQuoted(valueText(chosen[name]!, regex)) : whole;
      });
    }
    if (token.kind !== 'space') before = token.text;
    return token.text;
  }).join('');
}

function valueText(values: readonly string[] | null, regex: boolean): string {
  if (values === null) return '.+';
  return regex ? values.map(regexQuoted).join('|') : values.join('|');
}

/** A title with the values themselves. */
export function titled(text: string, chosen: Chosen): string {
  return text.replace(kVariable, (whole, braced?: string, bare?: string) => {
    const name = braced ?? bare!;
    return name in chosen ? (chosen[name]?.join(', ') ?? 'all') : whole;
  });
}

export interface ShownRow {
  key: string;
  row: BoardRow;
  chosen: Chosen;
}

/** More rows than this are no board but a list; the rest is left out and said. */
export const kRepeatMax = 30;

/** Rows with `repeat` stand once for each value. `known`: all values of each variable. */
export function rowsOf(board: BoardSpec, chosen: Chosen, known: Record<string, readonly string[]>):
  ShownRow[] {
  return board.rows.flatMap((row, i) => {
    if (row.repeat === '') return [{ key: String(i), row, chosen }];
    const values = chosen[row.repeat] ?? known[row.repeat] ?? [];
    return values.slice(0, kRepeatMax).map((value) => ({
      key: `${i} ${value}`, row, chosen: { ...chosen, [row.repeat]: [value] },
    }));
  });
}

/** How often a board of this span is asked again: a chart's pixel of time, 5 s to 5 min. */
export function refreshFor(board: Pick<BoardSpec, 'refresh_ms'>, spanMs: number): number {
  return board.refresh_ms ?? Math.min(300_000, Math.max(5000, Math.round(spanMs / 2160)));
}

/** Lines of panels, 12 columns each: what has to share the height of a wall. */
export function linesOf(panels: readonly BoardPanel[]): number {
  let [lines, left] = [0, 0];
  for (const { width } of panels) {
    if (width > left) [lines, left] = [lines + 1, 12];
    left -= width;
  }
  return lines;
}
