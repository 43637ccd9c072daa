// Who answers a command now. Pages and parts offer handlers while they are mounted; the one
// mounted last answers first. App offers the ones that hold everywhere.
import type { Command } from './keys';

export type Handlers = Partial<Record<Command, () => void>>;

const offered: Handlers[] = [];

/** Offers the handlers while the calling component is mounted. */
export function offer(handlers: Handlers): void {
  $effect(() => {
    offered.push(handlers);
    return () => {
      const at = offered.lastIndexOf(handlers);
      if (at >= 0) offered.splice(at, 1);
    };
  });
}

/** Runs the command; false when nobody here answers to it. */
export function run(command: Command): boolean {
  for (let i = offered.length - 1; i >= 0; i--) {
    const handler = offered[i]![command];
    if (handler !== undefined) {
      handler();
      return true;
    }
  }
  return false;
}
