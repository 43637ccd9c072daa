// The live stream: one EventSource for the whole page, opened again when it is lost.
import { clock } from './clock.svelte';

type Listener = (data: unknown) => void;

const kEvents = ['violation', 'alert', 'delivery', 'status', 'now', 'gap'] as const;
export type StreamEvent = (typeof kEvents)[number];

/** `status` comes each second; after this long without any word the stream counts as lost. */
const kSilentMs = 6000;
const kRetryMs = 2000;

class LiveStream {
  state = $state<'connecting' | 'live' | 'lost'>('connecting');
  /** When the last word came before the stream was lost, by the program's clock. */
  heard = $state(0);
  #source: EventSource | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  readonly #listeners = new Map<StreamEvent, Set<Listener>>();
  #lastWord = Date.now();
  #begun = false;

  /** Opens the stream; the second call does nothing. `onBack` is called after each reconnect. */
  begin(onBack: () => void): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#connect(onBack);
    setInterval(() => {
      if (this.state === 'live' && Date.now() - this.#lastWord > kSilentMs) this.#lose(onBack);
    }, 1000);
  }

  on<T>(event: StreamEvent, listener: (data: T) => void): () => void {
    const set = this.#listeners.get(event) ?? new Set<Listener>();
    this.#listeners.set(event, set);
    set.add(listener as Listener);
    return () => set.delete(listener as Listener);
  }

  #connect(onBack: () => void): void {
    const again = this.state === 'lost';
    const source = new EventSource('/api/stream');
    this.#source = source;
    source.onopen = () => {
      this.#lastWord = Date.now();
      this.state = 'live';
      if (again) onBack();
    };
    source.onerror = () => this.#lose(onBack);
    for (const event of kEvents) {
      source.addEventListener(event, (message) => this.#take(event, message));
    }
  }

  #take(event: StreamEvent, message: MessageEvent<string>): void {
    this.#lastWord = Date.now();
    let data: unknown;
    try {
      data = JSON.parse(message.data);
    } catch {
      return; // Cut short by a lost connection; the reload after it brings the rest.
    }
    for (const listener of this.#listeners.get(event) ?? []) listener(data);
  }

  #lose(onBack: () => void): void {
    if (this.state !== 'lost') this.heard = clock.at() - (Date.now() - this.#lastWord);
    this.#source?.close();
    this.#source = null;
    this.state = 'lost';
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#connect(onBack), kRetryMs);
  }
}

export const stream = new LiveStream();
