// What the Cardinality page says: sentences and links, without a browser.
import { exploreHref } from './explore/state';
import { count, group, percent } from './format';
import type { SeriesLimit, SeriesTrouble } from './types';

/** A filter of the page as its address; what is not named stays away. */
export function cardinalityHref(filter: { label?: string; sender?: string }): string {
  const query = new URLSearchParams();
  if (filter.label) query.set('label', filter.label);
  if (filter.sender) query.set('sender', filter.sender);
  const text = query.toString();
  return text === '' ? '/cardinality' : `/cardinality?${text}`;
}

const kPlainName = /^[A-Za-z_][A-Za-z0-9_]*$/;
const quoted = (text: string) => `"${text.replace(/\\/g, '\\\\').replace(/"/g, '\\"')}"`;

/** The series of each value of a label, in Explore; null for a name that PromQL cannot say. */
export function valuesHref(label: string): string | null {
  if (!kPlainName.test(label)) return null;
  return exploreHref([`topk(20, count by (${label}) ({${label}!=""}))`], { view: 'table' });
}

/** What the series of one value are made of, by the label that makes them grow. */
export function growerHref(label: string, value: string, grew: string): string | null {
  if (!kPlainName.test(label) || !kPlainName.test(grew)) return null;
  return exploreHref([`topk(20, count by (${grew}) ({${label}=${quoted(value)}}))`],
    { view: 'table' });
}

export const limitText = (label: string, value: string) =>
  label === '' ? 'all series' : `${label}=${value}`;

export const senderName = (name: string) => (name === '' ? 'Tocsin itself' : name);

/** "10 000 of 10 000 series: full", the state in a word and not in a colour alone. */
export function fillText(used: number, most: number, warnAt: number): string {
  const state = used >= most ? ', full' : used >= warnAt * most ? ', nearly full' : '';
  return `${group(used)} of ${group(most)}, ${percent(Math.min(1, used / most))}${state}`;
}

export type Tone = 'high' | 'low' | '';
export const fillTone = (used: number, most: number, warnAt: number): Tone =>
  used >= most ? 'high' : used >= warnAt * most ? 'low' : '';

/** The sentence of one limit in trouble, behind its name. */
export function troubleText(trouble: SeriesTrouble): string {
  const parts: string[] = [];
  if (trouble.refused_series > 0) {
    parts.push(`${count(trouble.refused_series, 'new series', 'new series')} refused`);
  }
  if (trouble.refused_lately > 0) parts.push(`${group(trouble.refused_lately)} times just now`);
  if (trouble.added_lately > 0) parts.push(`${group(trouble.added_lately)} new in 15 minutes`);
  if (trouble.refused_lately === 0 && trouble.added_lately === 0) parts.push('over now');
  return parts.join(', ');
}

export function limitName(limit: SeriesLimit): string {
  return limit.label === '' ? 'all series' : `each ${limit.label}`;
}
