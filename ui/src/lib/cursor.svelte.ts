// The keyboard's place in a list of rows: j, k move it, x collects, Enter opens.
import { tick } from 'svelte';

export class Cursor {
  id = $state<string | null>(null);
  chosen = $state.raw<ReadonlySet<string>>(new Set());

  /** Moves by `step` in `ids`; from nowhere to the first. Keeps the row in sight. */
  move(ids: readonly string[], step: 1 | -1): void {
    if (ids.length === 0) return;
    const at = this.id === null ? -1 : ids.indexOf(this.id);
    const next = at < 0 ? 0 : Math.min(ids.length - 1, Math.max(0, at + step));
    this.id = ids[next]!;
    void this.#show(this.id);
  }

  /** The row under the cursor, else the first. */
  current(ids: readonly string[]): string | null {
    return this.id !== null && ids.includes(this.id) ? this.id : (ids[0] ?? null);
  }

  toggle(id: string): void {
    const next = new Set(this.chosen);
    if (!next.delete(id)) next.add(id);
    this.chosen = next;
  }
  clear(): void {
    this.chosen = new Set();
  }

  async #show(id: string): Promise<void> {
    await tick();
    document.querySelector(`[data-id="${CSS.escape(id)}"]`)?.scrollIntoView({ block: 'nearest' });
  }
}
