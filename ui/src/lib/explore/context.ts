// What the house knows about a queried series: the band of the worker that tests it, its
// violations, and the alerts of its scope.
import { api, Refused } from '../api';
import type { BandShape, Mark, Wash } from '../canvas/overlay';
import { tone } from '../format';
import { inTurn } from '../turn';
import type { Alert } from '../types';
import { seriesText } from './columns';
import type { LabelSet } from './prom';
import type { Window } from './range';

export interface Known {
  bands: BandShape[];
  washes: Wash[];
  /** Series that a worker tests. */
  tested: number;
}

/** A band is a run of models over weeks of history: work, and unreadable when many overlap. */
export const kBandsMax = 8;

/** Bands of the series that a worker tests; the others have none, which is no failure. */
export async function bandsOf(metrics: readonly LabelSet[], window: Window, width: number):
  Promise<Known> {
  const named = metrics.filter((metric) => metric['__name__'] !== undefined).slice(0, kBandsMax);
  const known: Known = { bands: [], washes: [], tested: 0 };
  for (const metric of named) {
    try {
      const one = await inTurn(() => api.band(seriesText(metric), '', Math.round(window.from),
        Math.round(window.to), Math.max(100, Math.round(width))));
      known.tested++;
      known.bands.push({
        times: one.band.map((b) => b[0]), lower: one.band.map((b) => b[2]),
        upper: one.band.map((b) => b[3]),
      });
      known.washes.push(...one.violations.map((v): Wash =>
        ({ from: v.from, to: v.to, tone: 'info' })));
    } catch (error) {
      if (!(error instanceof Refused && error.status === 404)) throw error;
    }
  }
  return known;
}

/** Of each alert the series that its rule watches; null where nobody can say. */
export type WatchedBy = ReadonlyMap<string, ReadonlySet<string> | null>;

/**
 * An alert concerns a series when each label of its scope says the same in the series, and, for a
 * series as it is stored, when its rule watches it.
 */
export function concerns(alert: Pick<Alert, 'id' | 'scope'>, metric: LabelSet, by: WatchedBy):
  boolean {
  if (!Object.entries(alert.scope).every(([label, value]) => metric[label] === value)) return false;
  if (metric['__name__'] === undefined) return true;
  const series = by.get(alert.id);
  return series === null || series?.has(seriesText(metric)) === true;
}

const isOver = (alert: Alert) => alert.state !== 'open';

/** Alerts that concern the series and were open within the window, oldest first. */
export function alertsWithin(alerts: readonly Alert[], metrics: readonly LabelSet[],
  window: Window, by: WatchedBy): Alert[] {
  return alerts
    .filter((a) => a.opened_at <= window.to && (!isOver(a) || endOf(a) >= window.from) &&
      metrics.some((metric) => concerns(a, metric, by)))
    .sort((a, b) => a.opened_at - b.opened_at);
}

const endOf = (alert: Alert) => alert.resolved_at ?? alert.updated_at;

export function markOf(alert: Alert): Mark {
  const toned = tone(alert.severity);
  return {
    from: alert.opened_at, to: isOver(alert) ? endOf(alert) : null,
    tone: toned === 'crit' || toned === 'high' || toned === 'low' ? toned : 'info',
    text: alert.rule,
    hollow: isOver(alert) || alert.acknowledged_by !== '' || alert.covered_by !== null ||
      alert.silenced_by !== '',
  };
}

export const alertsSince = (from: number) =>
  api.alerts({ state: 'all', since: Math.round(from), limit: 500 });
