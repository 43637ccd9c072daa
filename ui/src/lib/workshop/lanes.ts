// Where the two runs' alerts stand on one axis of time.
import type { Change, ChangeKind, Side } from './types';

export interface Bar {
  x: number;
  width: number;
  kind: ChangeKind;
  change: Change;
}

/** Thinner than this nobody finds it. */
const kWidthMin = 3;

function barOf(change: Change, side: Side, from: number, to: number, width: number): Bar {
  const scale = width / Math.max(1, to - from);
  const begin = Math.min(Math.max(side.opened_at, from), to);
  const end = Math.min(Math.max(side.resolved_at ?? to, begin), to);
  const wide = Math.max(kWidthMin, (end - begin) * scale);
  const x = Math.min((begin - from) * scale, width - wide);
  return { x, width: wide, kind: change.kind, change };
}

/** What did not change is drawn first, so that what did lies on top. */
export function barsOf(
  changes: readonly Change[], which: 'base' | 'tried', from: number, to: number, width: number,
): Bar[] {
  return changes
    .flatMap((change) => {
      const side = change[which];
      return side === null ? [] : [barOf(change, side, from, to, width)];
    })
    .sort((a, b) => Number(a.kind !== 'same') - Number(b.kind !== 'same'));
}
