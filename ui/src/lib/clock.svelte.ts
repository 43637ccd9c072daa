// The program's clock as the page sees it: this machine's, corrected by what /api/status said.

class PageClock {
  #offset = 0;
  /** Unix milliseconds, moved on once a second. */
  now = $state(Date.now());
  /** Moved on once a minute, for what only depends on the day or the minute. */
  minute = $state(Math.floor(Date.now() / 60_000));

  constructor() {
    setInterval(() => this.#tick(), 1000);
  }

  /** Takes the program's time. Small differences are the way's, and are ignored. */
  set(server: number): void {
    const offset = server - Date.now();
    if (Math.abs(offset - this.#offset) > 500) {
      this.#offset = offset;
      this.#tick();
    }
  }

  /** The program's time at this very moment; does not move the page. */
  at(): number {
    return Date.now() + this.#offset;
  }

  #tick(): void {
    this.now = this.at();
    const minute = Math.floor(this.now / 60_000);
    if (minute !== this.minute) this.minute = minute;
  }
}

export const clock = new PageClock();
