// One short message at the foot of the page, with an undo where an act can be taken back.

export interface Toast {
  text: string;
  undo: (() => void) | null;
}

const kShownMs = 8000;

class Toaster {
  current = $state<Toast | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;

  say(text: string, undo: (() => void) | null = null): void {
    this.current = { text, undo };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.close(), kShownMs);
  }
  close(): void {
    this.current = null;
  }
}

export const toaster = new Toaster();

export function sayWhy(error: unknown): void {
  toaster.say(error instanceof Error ? error.message : String(error));
}
