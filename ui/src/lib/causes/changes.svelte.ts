// Changes that were told of within the window that is shown: one list for all charts of a page.
import { changesWithin, concerns, type Change } from './causes';

/** A list this old is asked for again; so long an attempt that failed is left alone. */
const kFreshMs = 30_000;

class ToldChanges {
  all = $state.raw<readonly Change[]>([]);
  #from = Infinity;
  #to = -Infinity;
  #at = -Infinity;
  #busy = false;

  /** Sees to it that `all` covers the window soon. */
  want(from: number, to: number): void {
    const covered = from >= this.#from && to <= this.#to;
    const fresh = performance.now() - this.#at < kFreshMs;
    if (this.#busy || !(to > from) || (covered && fresh)) return;
    this.#busy = true;
    const air = to - from;
    const asked = { from: Math.max(0, from - air), to: to + air };
    changesWithin(asked).then((changes) => {
      this.all = changes;
    }, () => undefined).finally(() => {
      [this.#from, this.#to, this.#at] = [asked.from, asked.to, performance.now()];
      this.#busy = false;
    });
  }

  /** Those that touch the window and concern one of the series; without series all. */
  of(from: number, to: number, series: readonly Record<string, string>[]): Change[] {
    return this.all.filter((change) => change.at <= to && (change.until ?? change.at) >= from &&
      (series.length === 0 || series.some((labels) => concerns(change, labels))));
  }
}

export const told = new ToldChanges();
