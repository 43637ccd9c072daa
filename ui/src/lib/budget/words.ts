// What the Budget page says, as text.
import { count, group, number, percent } from '../format';
import type { BudgetReplay, PagesBudget, RuleBudget, Verdict, WorkerBudget } from './types';

const kDayMs = 86_400_000;

/** "1.4": two digits below ten, whole numbers above. */
export function rate(value: number | null): string {
  if (value === null) return '–';
  return value >= 10 ? group(Math.round(value)) : number(Number(value.toPrecision(2)));
}

export function verdictText(verdict: Verdict): string {
  return { none: 'no budget', within: 'within', over: 'over' }[verdict];
}

/** A worker with a budget whose series are too young to have a rate. */
export function workerVerdict(worker: WorkerBudget): string {
  if (worker.noise !== null && worker.verdict === 'none') return 'not measured yet';
  return verdictText(worker.verdict);
}

/** Whether the tails can carry what is wanted; empty without a budget. */
export function tailText(worker: WorkerBudget): string {
  const { series, learning, supported, rarest } = worker.tail;
  if (worker.noise === null) return '';
  if (series === 0) return 'no tail yet';
  if (supported === series) return learning > 0 ? `supported, ${percent(learning / series)} learn`
    : 'supported';
  const share = percent(supported / series);
  return `supported for ${share}; ${rate(rarest)} per week is the rarest there is data for`;
}

/** "2 of 1", or what was told without a budget. */
export function toldText(pages: PagesBudget): string {
  if (pages.allowed === null) return group(pages.told);
  return `${group(pages.told)} of ${rate(pages.allowed)}`;
}

export function replayedText(pages: PagesBudget): string {
  if (pages.replayed === null) return '–';
  if (pages.replay_allowed === null) return group(pages.replayed);
  return `${group(pages.replayed)} of ${rate(pages.replay_allowed)}`;
}

export function replayText(replay: BudgetReplay): string {
  if (replay.state === 'off') return 'Replays are switched off by the configuration.';
  if (replay.state === 'running') return `Replaying the last weeks: ${percent(replay.done)} done.`;
  if (replay.state === 'failed') return 'The last replay failed.';
  if (replay.state === 'waiting' || replay.from === null || replay.to === null) {
    return 'The last weeks were not replayed yet; that begins five minutes after a start or a change.';
  }
  const days = Number(((replay.to - replay.from) / kDayMs).toPrecision(3));
  return `The last ${count(days, 'day')} replayed under the configuration that runs: ` +
    `${group(replay.points)} points of ${count(replay.series, 'series', 'series')}.`;
}

/** Who spends first: told, then replayed, then by name. */
export function bySpending(rules: readonly RuleBudget[]): RuleBudget[] {
  return [...rules].sort((a, b) => b.pages.told - a.pages.told ||
    (b.pages.replayed ?? 0) - (a.pages.replayed ?? 0) || a.id.localeCompare(b.id));
}
