// What one panel asked and was answered.
import { bandsOf, type Known } from '../explore/context';
import { isPlain, legendText } from '../explore/columns';
import { loadRange, type Asked, type Loaded } from '../explore/load';
import { isAbort, prom, type LabelSet } from '../explore/prom';
import type { Window } from '../explore/range';
import type { BoardPanel } from './types';

export interface PanelValue {
  metric: LabelSet;
  /** Empty where the query has no legend. */
  label: string;
  value: string;
}

/** A band is a run of models over weeks; it moves slowly and is asked for this often at most. */
const kBandsMs = 60_000;

export class PanelData {
  /** The newest answer; null before the first. */
  chart = $state.raw<Loaded | null>(null);
  values = $state.raw<PanelValue[] | null>(null);
  known = $state.raw<Known | null>(null);
  warnings = $state.raw<string[]>([]);
  /** Why the newest question was not answered; what is shown is older then. */
  failure = $state('');
  /** Of what is shown, in unix milliseconds; 0 before the first. */
  answeredAt = $state(0);
  busy = $state(false);
  #abort = new AbortController();
  #bandsAt = 0;
  #bandsOf = '';
  #asking = '';
  #askedAt = 0;

  /** The same question at the next tick waits for its answer: a slow board would show nothing.
      Scrolled back into sight, nothing is asked that was answered. */
  async ask(panel: BoardPanel, queries: readonly Asked[], window: Window, stepMs: number,
    width: number): Promise<void> {
    const key = JSON.stringify([queries, Math.round((window.to - window.from) / 1000)]);
    const same = key === this.#asking && (this.busy || window.to === this.#askedAt);
    if (same && this.failure === '') return;
    [this.#asking, this.#askedAt] = [key, window.to];
    this.#abort.abort();
    const abort = (this.#abort = new AbortController());
    this.busy = true;
    try {
      if (panel.kind === 'value') await this.#askValues(queries[0]!, window.to, abort.signal);
      else await this.#askChart(panel, queries, window, stepMs, width, abort.signal);
    } catch (error) {
      if (isAbort(error)) return;
      this.failure = error instanceof Error ? error.message : String(error);
    }
    this.busy = false;
  }

  async #askChart(panel: BoardPanel, queries: readonly Asked[], window: Window, stepMs: number,
    width: number, signal: AbortSignal): Promise<void> {
    const loaded = await loadRange(queries, window, stepMs, signal);
    const faults = loaded.faults.flatMap((f) => (f === null ? [] : [f.message]));
    this.failure = faults.join('; ');
    if (faults.length === queries.length && this.chart !== null) return;
    this.chart = loaded;
    this.warnings = loaded.warnings;
    if (faults.length < queries.length) this.answeredAt = window.to;
    if (panel.band) await this.#askBands(queries, loaded, width);
  }

  async #askBands(queries: readonly Asked[], loaded: Loaded, width: number): Promise<void> {
    const metrics = loaded.columns.series
      .filter((s) => isPlain(queries[s.query]?.expr ?? '')).map((s) => s.metric);
    const what = JSON.stringify([metrics, loaded.window.to - loaded.window.from]);
    const age = loaded.window.to - this.#bandsAt;
    if (what === this.#bandsOf && age >= 0 && age < kBandsMs) return;
    const known = await bandsOf(metrics, loaded.window, width);
    if (this.chart !== loaded) return;
    [this.known, this.#bandsOf, this.#bandsAt] = [known, what, loaded.window.to];
  }

  async #askValues({ expr, legend }: Asked, at: number, signal: AbortSignal): Promise<void> {
    const { data, warnings } = await prom.query(expr, at, signal);
    const label = (metric: LabelSet) => (legend === '' ? '' : legendText(legend, metric));
    this.values = data.resultType === 'vector'
      ? data.result.map(({ metric, value }) =>
        ({ metric, label: label(metric), value: value[1] }))
      : data.resultType === 'scalar'
        ? [{ metric: {}, label: legend, value: data.result[1] }] : [];
    [this.failure, this.warnings, this.answeredAt] = ['', warnings, at];
  }

  end(): void {
    this.#abort.abort();
  }
}
