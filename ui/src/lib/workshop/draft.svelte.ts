// The changed files of the workshop. They stay while one looks at other pages, and are gone with
// the tab: nothing is kept until it is published.
import type { ConfigFiles, Problem } from './types';

class Draft {
  base = $state.raw<ConfigFiles | null>(null);
  /** Name -> text, of files that were touched. */
  edits = $state.raw<Record<string, string>>({});
  file = $state('');
  problems = $state.raw<Problem[]>([]);

  readonly names = $derived(
    [...new Set([...Object.keys(this.base?.files ?? {}), ...Object.keys(this.edits)])].sort());
  readonly text = $derived(this.edits[this.file] ?? this.base?.files[this.file] ?? '');
  /** What differs from what is there. */
  readonly changed = $derived(Object.fromEntries(
    Object.entries(this.edits).filter(([name, text]) => this.base?.files[name] !== text)));

  take(base: ConfigFiles): void {
    this.base = base;
    if (!this.names.includes(this.file)) this.file = this.names[0] ?? '';
  }
  edit(text: string): void {
    this.edits = { ...this.edits, [this.file]: text };
    this.problems = this.problems.filter((problem) => problem.file !== this.file);
  }
  revert(name: string): void {
    const { [name]: _, ...rest } = this.edits;
    this.edits = rest;
    this.problems = this.problems.filter((problem) => problem.file !== name);
    if (!this.names.includes(this.file)) this.file = this.names[0] ?? '';
  }
  add(name: string): void {
    if (!this.names.includes(name)) this.edits = { ...this.edits, [name]: '' };
    this.file = name;
  }
  clear(): void {
    this.edits = {};
    this.problems = [];
  }
}

export const draft = new Draft();
