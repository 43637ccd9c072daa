// Prometheus' rule groups as /api/v1/rules tells them, as rows of a page.
import type { LabelSet } from './prom';

export interface PromAlert {
  labels: LabelSet;
  state: 'pending' | 'firing' | string;
  activeAt: string;
  value: string;
}

export interface PromRule {
  type: 'alerting' | 'recording';
  name: string;
  query: string;
  /** Of alerting rules: the worst of its alerts. */
  state?: 'inactive' | 'pending' | 'firing' | string;
  duration?: number;
  alerts?: PromAlert[];
  health: 'ok' | 'err' | 'unknown' | string;
  lastError?: string;
  evaluationTime: number;
  lastEvaluation: string;
  place?: string;
}

export interface PromGroup {
  name: string;
  file: string;
  interval: number;
  evaluationTime: number;
  lastEvaluation: string;
  rules: PromRule[];
}

/** In unix milliseconds; null for what never happened (Go's year 1). */
export function instantOfGo(text: string): number | null {
  const at = Date.parse(text);
  return Number.isNaN(at) || at <= 0 ? null : at;
}

/** A group whose evaluation takes longer than its interval leaves evaluations out. */
export const isSlow = (group: PromGroup) => group.evaluationTime > group.interval;

const rank = (rule: PromRule) => rule.health === 'err' ? 0
  : rule.state === 'firing' ? 1 : rule.state === 'pending' ? 2 : 3;

export const worstOf = (group: PromGroup) => Math.min(4, ...group.rules.map(rank));

/** Groups in which something is wrong first; within each the order of its file. */
export function groupsOf(groups: readonly PromGroup[], filter: string): PromGroup[] {
  const wanted = filter.toLowerCase();
  return groups
    .map((group) => ({
      ...group,
      rules: group.rules.filter((rule) =>
        `${group.name} ${group.file} ${rule.name} ${rule.query} ${rule.state ?? ''} ${rule.health}`
          .toLowerCase().includes(wanted)),
    }))
    .filter((group) => group.rules.length > 0)
    .sort((a, b) => worstOf(a) - worstOf(b) || (a.file + a.name < b.file + b.name ? -1 : 1));
}

export interface RuleCounts {
  rules: number;
  firing: number;
  pending: number;
  failing: number;
}

export function countsOf(groups: readonly PromGroup[]): RuleCounts {
  const rules = groups.flatMap((group) => group.rules);
  const of = (fits: (rule: PromRule) => boolean) => rules.filter(fits).length;
  return {
    rules: rules.length, firing: of((r) => r.state === 'firing'),
    pending: of((r) => r.state === 'pending'), failing: of((r) => r.health === 'err'),
  };
}
