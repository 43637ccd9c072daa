// What the server knows of names, labels and values, kept for a minute so that typing asks once.
import type { Wanted } from '../promql/complete';
import { prom } from './prom';

const kKeepMs = 60_000;
/** Answers kept; a session of typing meets some dozens. */
const kKeptMax = 200;

interface Kept {
  at: number;
  answer: Promise<string[]>;
}

export class KnownNames {
  readonly #kept = new Map<string, Kept>();
  #help = new Map<string, string>();
  #helpAsked = false;

  /** The words of that kind; empty where the server has none, or does not answer. */
  of(wanted: Wanted): Promise<string[]> {
    switch (wanted.kind) {
      case 'expression':
        this.#askHelp();
        return this.#ask('names', () => prom.names());
      case 'label':
        return this.#ask(`labels ${wanted.match}`, () => prom.labels(wanted.match));
      case 'value':
        return this.#ask(`values ${wanted.label} ${wanted.match}`,
          () => prom.values(wanted.label, wanted.match));
      default: return Promise.resolve([]);
    }
  }

  helpOf = (name: string): string => this.#help.get(name) ?? '';

  #ask(key: string, ask: () => Promise<{ data: string[] }>): Promise<string[]> {
    const now = Date.now();
    const kept = this.#kept.get(key);
    if (kept !== undefined && now - kept.at < kKeepMs) return kept.answer;
    const answer = ask().then(({ data }) => data).catch(() => {
      this.#kept.delete(key); // Ask again at the next key.
      return [];
    });
    this.#kept.delete(key);
    this.#kept.set(key, { at: now, answer });
    for (const old of this.#kept.keys()) {
      if (this.#kept.size <= kKeptMax) break;
      this.#kept.delete(old);
    }
    return answer;
  }

  #askHelp(): void {
    if (this.#helpAsked) return;
    this.#helpAsked = true;
    prom.metadata().then(({ data }) => {
      this.#help = new Map(Object.entries(data).map(([name, [first]]) =>
        [name, [first?.type === 'unknown' ? '' : first?.type, first?.help]
          .filter((part) => part).join(', ')]));
    }).catch(() => (this.#helpAsked = false));
  }
}

export const known = new KnownNames();
