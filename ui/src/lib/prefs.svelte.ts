// What the reader chose: theme, zone, name. The address wins over what this browser remembers.
import type { ZoneChoice } from './time';
import { address } from './url.svelte';

function remembered(name: string): string | null {
  try {
    return localStorage.getItem(`tocsin.${name}`);
  } catch {
    return null; // Storage may be forbidden; the choice then lasts as long as the page.
  }
}

function remember(name: string, value: string): void {
  try {
    localStorage.setItem(`tocsin.${name}`, value);
  } catch {
    // See above.
  }
}

const isZone = (text: string | null): text is ZoneChoice =>
  text === 'utc' || text === 'mine' || text === 'site';
const isTheme = (text: string | null): text is 'light' | 'dark' =>
  text === 'light' || text === 'dark';

class Preferences {
  #zone = $state<ZoneChoice>('site');
  #theme = $state<'light' | 'dark' | null>(null);
  #name = $state('');

  constructor() {
    const zone = address.query.get('zone') ?? remembered('zone');
    if (isZone(zone)) this.#zone = zone;
    const theme = address.query.get('theme') ?? remembered('theme');
    if (isTheme(theme)) this.#theme = theme;
    this.#name = remembered('name') ?? '';
    this.#paint();
  }

  get zone(): ZoneChoice {
    return this.#zone;
  }
  set zone(zone: ZoneChoice) {
    this.#zone = zone;
    remember('zone', zone);
    address.set({ zone });
  }
  nextZone(): void {
    this.zone = ({ utc: 'mine', mine: 'site', site: 'utc' } as const)[this.#zone];
  }

  toggleTheme(): void {
    const dark = this.#theme === null
      ? matchMedia('(prefers-color-scheme: dark)').matches
      : this.#theme === 'dark';
    this.#theme = dark ? 'light' : 'dark';
    remember('theme', this.#theme);
    address.set({ theme: this.#theme });
    this.#paint();
  }

  /** Who acts; empty until the reader has said it. */
  get name(): string {
    return this.#name;
  }
  set name(name: string) {
    this.#name = name.trim().slice(0, 60);
    remember('name', this.#name);
  }

  #paint(): void {
    if (this.#theme === null) delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = this.#theme;
  }
}

export const prefs = new Preferences();
