// What people marked as useful or noise: of which alerts and violations, and what it comes to per
// rule, worker and model. Loaded with the rest of the world; what is marked here shows at once.
import { api } from './api';
import type { Precision } from './precision';
import { prefs } from './prefs.svelte';
import { sayWhy, toaster } from './toast.svelte';
import type { Alert, ViolationRow } from './types';

export type Verdict = 'useful' | 'noise';
type Of = 'alert' | 'violation';

export interface MarkTable {
  marks: { of: Of; id: string; mark: Verdict; by: string }[];
  rules: (Precision & { rule: string })[];
  workers: (Precision & { worker: string; models: (Precision & { model: string })[] })[];
}

const key = (of: Of, id: string) => `${of} ${id}`;

class Marks {
  table = $state.raw<MarkTable | null>(null);
  #said = $state.raw<ReadonlyMap<string, Verdict>>(new Map());

  async load(): Promise<void> {
    const table = await api.marks();
    this.table = table;
    this.#said = new Map(table.marks.map((m) => [key(m.of, m.id), m.mark]));
  }
  alert(id: string): Verdict | null {
    return this.#said.get(key('alert', id)) ?? null;
  }
  violation(id: string): Verdict | null {
    return this.#said.get(key('violation', id)) ?? null;
  }
  rule(id: string): Precision | undefined {
    return this.table?.rules.find((row) => row.rule === id);
  }
  worker(id: string): MarkTable['workers'][number] | undefined {
    return this.table?.workers.find((row) => row.worker === id);
  }
  /** Says it; what was said before is said again by the undo. */
  async say(of: Of, id: string, verdict: Verdict | null): Promise<void> {
    await api.mark(of, id, verdict ?? 'none', prefs.name);
    const next = new Map(this.#said);
    if (verdict === null) next.delete(key(of, id));
    else next.set(key(of, id), verdict);
    this.#said = next;
    await this.load();
  }
}

export const marks = new Marks();

function toggle(of: Of, id: string, name: string, verdict: Verdict): void {
  const before = of === 'alert' ? marks.alert(id) : marks.violation(id);
  const next = before === verdict ? null : verdict;
  marks.say(of, id, next)
    .then(() => {
      const undo = () => marks.say(of, id, before).catch(sayWhy);
      toaster.say(next === null ? `${name}: the mark is taken back.`
        : `${name} marked ${next === 'useful' ? 'useful' : 'as noise'}.`, undo);
    })
    .catch(sayWhy);
}

/** The same verdict again takes it back. The reader's name is known. */
export function toggleAlert(alert: Alert, verdict: Verdict): void {
  const name = [alert.rule, ...Object.values(alert.scope)].join(' ');
  toggle('alert', alert.id, name, verdict);
}
export function toggleViolation(row: ViolationRow, verdict: Verdict): void {
  toggle('violation', row.id, row.series.name, verdict);
}
