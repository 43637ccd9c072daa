// Work that waits its turn: a browser holds six connections to one server, the live stream has one
// of them, and what a reader does must not wait behind forty charts.

const kAtOnce = 4;
let running = 0;
const queue: (() => void)[] = [];

/** Runs when fewer than kAtOnce others do; in order. */
export async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= kAtOnce) await new Promise<void>((go) => queue.push(go));
  running++;
  try {
    return await work();
  } finally {
    running--;
    queue.shift()?.();
  }
}
