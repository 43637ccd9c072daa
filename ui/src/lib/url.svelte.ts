// The address is the state of the page: path, filters, range, zone, theme. No other router.

class Address {
  path = $state(location.pathname);
  search = $state(location.search);
  readonly query = $derived(new URLSearchParams(this.search));

  constructor() {
    window.addEventListener('popstate', () => this.#read());
  }

  /** Goes to a page of ours. Zone and theme, when they are in the address, come along. */
  go(href: string, replace = false): void {
    const next = new URL(href, location.href);
    for (const name of ['zone', 'theme']) {
      const value = this.query.get(name);
      if (value !== null && !next.searchParams.has(name)) next.searchParams.set(name, value);
    }
    if (replace) history.replaceState(null, '', next);
    else history.pushState(null, '', next);
    this.#read();
  }

  /** Sets members of the query; null or an empty text removes one. No new history entry. */
  set(values: Record<string, string | null>): void {
    const next = new URL(location.href);
    for (const [name, value] of Object.entries(values)) {
      if (value === null || value === '') next.searchParams.delete(name);
      else next.searchParams.set(name, value);
    }
    history.replaceState(null, '', next);
    this.#read();
  }

  #read(): void {
    this.path = location.pathname;
    this.search = location.search;
  }
}

export const address = new Address();
