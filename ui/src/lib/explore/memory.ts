// Queries asked lately, kept by this browser alone.
import { remembered } from './state';

const kKey = 'tocsin.queries';

export function readHistory(): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(kKey) ?? '[]');
    return Array.isArray(kept) ? kept.filter((k) => typeof k === 'string') : [];
  } catch {
    return []; // Storage may be forbidden, or hold what somebody else wrote.
  }
}

export function rememberQueries(history: readonly string[], exprs: readonly string[]): string[] {
  const next = remembered(history, exprs);
  keep(next);
  return next;
}

export function forgetQueries(): string[] {
  keep([]);
  return [];
}

function keep(list: readonly string[]): void {
  try {
    localStorage.setItem(kKey, JSON.stringify(list));
  } catch {
    // See above.
  }
}
