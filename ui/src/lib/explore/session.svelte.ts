// What Explore asked and was answered. One question at a time: a newer one ends the older.
import type { Fault } from '../promql/place';
import { alertsSince, bandsOf, type Known } from './context';
import type { Alert } from '../types';
import type { Columns } from './columns';
import { faultFrom, loadRange, type Loaded } from './load';
import { isAbort, prom } from './prom';
import type { Window } from './range';
import { letterOf, type ExploreState } from './state';
import { rowsOf, type Row } from './table';

export interface Values {
  rows: Row[];
  at: number;
  warnings: string[];
  tookMs: number;
}

interface Active {
  expr: string;
  index: number;
}

export class Session {
  /** Null: not asked, or nothing to ask. */
  chart = $state.raw<Loaded | null>(null);
  values = $state.raw<Values | null>(null);
  /** By the place of the query in the state that was asked. */
  faults = $state.raw<(Fault | null)[]>([]);
  busy = $state(false);
  known = $state.raw<Known | null>(null);
  alerts = $state.raw<Alert[]>([]);
  /** Bands or alerts could not be had; the lines are there all the same. */
  contextFailure = $state('');
  #abort = new AbortController();

  async ask(state: ExploreState, window: Window, stepMs: number): Promise<void> {
    this.#abort.abort();
    const abort = (this.#abort = new AbortController());
    const active = state.queries.flatMap(({ expr, off }, index) =>
      expr.trim() === '' || off ? [] : [{ expr, index }]);
    if (active.length === 0) {
      [this.chart, this.values, this.faults, this.busy] = [null, null, [], false];
      return;
    }
    this.busy = true;
    try {
      if (state.view === 'chart') await this.#askChart(active, window, stepMs, abort.signal);
      else await this.#askValues(active, window.to, abort.signal);
    } catch (error) {
      if (!isAbort(error)) throw error;
      return; // A newer question has the word.
    }
    this.busy = false;
  }

  async #askChart(active: Active[], window: Window, stepMs: number, signal: AbortSignal):
    Promise<void> {
    const queries = active.map(({ expr }) => ({ expr, legend: '' }));
    const loaded = await loadRange(queries, window, stepMs, signal);
    this.#place(active, loaded.faults);
    this.chart = { ...loaded, columns: lettered(loaded.columns, active) };
  }

  async #askValues(active: Active[], at: number, signal: AbortSignal): Promise<void> {
    const answers = await Promise.all(active.map(async ({ expr, index }) => {
      try {
        const { data, warnings, tookMs } = await prom.query(expr, at, signal);
        return { rows: rowsOf(letterOf(index), data), warnings, tookMs, fault: null };
      } catch (error) {
        return { rows: [], warnings: [], tookMs: 0, fault: faultFrom(error, expr) };
      }
    }));
    this.#place(active, answers.map((a) => a.fault));
    this.values = {
      rows: answers.flatMap((a) => a.rows), at,
      warnings: [...new Set(answers.flatMap((a) => a.warnings))],
      tookMs: Math.max(...answers.map((a) => a.tookMs)),
    };
  }

  #place(active: readonly Active[], faults: readonly (Fault | null)[]): void {
    const placed: (Fault | null)[] = [];
    active.forEach(({ index }, i) => (placed[index] = faults[i] ?? null));
    this.faults = placed;
  }

  /** Bands and alerts of what the chart shows now. */
  async askContext(state: ExploreState, chart: Loaded, width: number): Promise<void> {
    const metrics = chart.columns.series.map((s) => s.metric);
    try {
      const [known, alerts] = await Promise.all([
        state.bands ? bandsOf(metrics, chart.window, width) : null,
        state.alerts ? alertsSince(chart.window.from) : [],
      ]);
      if (this.chart !== chart) return;
      [this.known, this.alerts, this.contextFailure] = [known, alerts, ''];
    } catch (error) {
      this.contextFailure = error instanceof Error ? error.message : String(error);
    }
  }

  end(): void {
    this.#abort.abort();
  }
}

/** With several queries each series says which it answers. */
function lettered(columns: Columns, active: readonly Active[]): Columns {
  if (active.length < 2) return columns;
  return {
    ...columns,
    series: columns.series.map((one) =>
      ({ ...one, label: `${letterOf(active[one.query]!.index)} ${one.label}` })),
  };
}

