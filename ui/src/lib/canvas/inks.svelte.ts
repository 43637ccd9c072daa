// Tokens of the style sheet as colours that a canvas takes; a change of theme changes `version`.

class Inks {
  version = $state(0);
  readonly #known = new Map<string, string>();
  #probe: HTMLElement | null = null;

  constructor() {
    const again = () => {
      this.#known.clear();
      this.version++;
    };
    new MutationObserver(again)
      .observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', again);
    // Paper is always light.
    matchMedia('print').addEventListener('change', again);
  }

  /** The colour of `--name` now. */
  of(name: string): string {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    if (this.#probe === null) {
      this.#probe = document.createElement('i');
      this.#probe.hidden = true;
      document.body.append(this.#probe);
    }
    this.#probe.style.color = `var(--${name})`;
    const color = getComputedStyle(this.#probe).color;
    this.#known.set(name, color);
    return color;
  }
}

export const inks = new Inks();
