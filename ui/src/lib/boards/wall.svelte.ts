// Full screen for a wall: no chrome, big type, perhaps the next board after a while. The address
// holds it, so that a kiosk browser starts with it.
import { address } from '../url.svelte';

class Wall {
  readonly on = $derived(address.query.get('wall') === '1');

  /** Seconds until the next board; 0: this one stays. */
  readonly rotateS = $derived(
    Math.max(0, Math.min(3600, Number(address.query.get('rotate') ?? 0) || 0)));

  enter(): void {
    address.set({ wall: '1' });
    // Refused where no key or click asked for it: the page is a wall all the same.
    void document.documentElement.requestFullscreen?.().catch(() => undefined);
  }

  leave(): void {
    address.set({ wall: null });
    if (document.fullscreenElement !== null) void document.exitFullscreen();
  }

  toggle(): void {
    if (this.on) this.leave();
    else this.enter();
  }
}

export const wall = new Wall();
