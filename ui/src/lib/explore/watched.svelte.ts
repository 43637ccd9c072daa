// Which series an alert is about. The list of alerts does not say; each alert's own page does, and
// what its rule watches in its scope does not change.
import { api } from '../api';
import { inTurn } from '../turn';
import type { Alert, AlertDetail } from '../types';

/** Alerts asked for at most; older ones of a long span are drawn by their scope alone. */
const kAskedMax = 60;

class Watched {
  /** By the alert's id: series as text; null where the server does not say; nothing while it is
      being asked. */
  known = $state.raw<ReadonlyMap<string, ReadonlySet<string> | null>>(new Map());
  readonly #asked = new Set<string>();

  /** Asks about alerts that were not asked about yet, the newest first. */
  learn(alerts: readonly Alert[]): void {
    const fresh = [...alerts].sort((a, b) => b.opened_at - a.opened_at)
      .filter((alert) => !this.#asked.has(alert.id));
    for (const { id } of fresh) this.#asked.add(id);
    for (const { id } of fresh.slice(0, kAskedMax)) {
      inTurn(() => api.alert(id))
        .then((detail) => this.#take([id], seriesOf(detail)))
        .catch(() => this.#take([id], null));
    }
    if (fresh.length > kAskedMax) this.#take(fresh.slice(kAskedMax).map((a) => a.id), null);
  }

  #take(ids: readonly string[], series: ReadonlySet<string> | null): void {
    this.known = new Map([...this.known, ...ids.map((id) => [id, series] as const)]);
  }
}

/** What the rule watches; where that is not said, what lit it. */
export function seriesOf({ metrics, opened, latest }: AlertDetail): ReadonlySet<string> | null {
  const lit = [...opened.violations, ...latest.violations];
  const series = new Set([...(metrics ?? []), ...lit].map((one) => one.series.text));
  return series.size > 0 ? series : null;
}

export const watched = new Watched();
