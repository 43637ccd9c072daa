// Dragging a span on a chart.

/** Less than this is a click. */
const kLeastPx = 5;

export class SpanDrag {
  /** Times of the drag under way. */
  begin = $state<number | null>(null);
  end = $state<number | null>(null);
  #x = 0;
  readonly #done: (from: number, to: number) => void;

  constructor(done: (from: number, to: number) => void) {
    this.#done = done;
  }

  down(event: PointerEvent, time: number): void {
    if (event.button !== 0 || event.pointerType === 'touch') return;
    this.#x = event.clientX;
    this.begin = time;
    this.end = null;
    (event.currentTarget as Element).setPointerCapture(event.pointerId);
    event.preventDefault();
  }
  move(event: PointerEvent, time: number): void {
    if (this.begin === null) return;
    if (this.end !== null || Math.abs(event.clientX - this.#x) >= kLeastPx) this.end = time;
  }
  up(): void {
    const [begin, end] = [this.begin, this.end];
    this.drop();
    if (begin === null || end === null || begin === end) return;
    this.#done(Math.min(begin, end), Math.max(begin, end));
  }
  drop(): void {
    this.begin = this.end = null;
  }
}
