// The noise budget: the shapes of docs/http-api.md, and their calls.
import { call } from '../api';
import type { Series, Severity } from '../types';

export type Verdict = 'none' | 'within' | 'over';

export interface WorkerBudget {
  id: string;
  place: string;
  tier: 'kpi' | 'evidence';
  noise: string | null;
  wanted: number | null;
  measured: number | null;
  verdict: Verdict;
  series: number;
  episodes: number;
  since: number | null;
  tail: {
    series: number;
    learning: number;
    supported: number;
    rarest: number | null;
    edge: number | null;
  };
  days: number[];
  most: { series: Series; episodes: number }[];
  spenders: number;
}

export interface PagesBudget {
  wanted: string | null;
  allowed: number | null;
  told: number;
  days_counted: number;
  verdict: Verdict;
  days: number[];
  replay_allowed: number | null;
  replayed: number | null;
  replay_verdict: Verdict;
}

export interface RuleBudget {
  id: string;
  place: string;
  severity: Severity;
  pages: PagesBudget;
}

export interface BudgetReplay {
  state: 'off' | 'waiting' | 'running' | 'done' | 'failed';
  done: number;
  from: number | null;
  to: number | null;
  at: number | null;
  version: string;
  points: number;
  series: number;
  note: string | null;
}

export interface Budget {
  now: number;
  workers: WorkerBudget[];
  rules: RuleBudget[];
  installation: { pages: PagesBudget };
  replay: BudgetReplay;
}

export const budgetApi = {
  get: () => call<Budget>('GET', '/api/v1/budget'),
  replay: () => call<{ started: boolean }>('POST', '/api/v1/budget/replay'),
};
