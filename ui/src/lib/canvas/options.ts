// The options of one uPlot chart.
import uPlot from 'uplot';
import { timeTicks } from '../time';
import { inks } from './inks.svelte';
import { lookOf, valueBounds, withUnit } from './look';
import { drawOver, drawUnder, overlayValues, type Overlay, type Told } from './overlay';

export interface Drawn {
  label: string;
  /** Which of the looks; what the legend shows beside it. */
  look: number;
  show: boolean;
  alone: readonly number[];
}

/** What a chart asks anew at each drawing: it may change without a new chart. */
export interface Live {
  from: number;
  to: number;
  zone: string;
  unit: string;
  min: number | null;
  max: number | null;
  overlay: Overlay;
  told: readonly Told[];
  onzoom: ((from: number, to: number) => void) | undefined;
  /** A span was dragged with Shift held. */
  onspan: (from: number, to: number) => void;
  oncross: (index: number | null, series: number | null) => void;
}

/** From this many series on, lines are thin and the pointer's dots are one. */
const kManySeries = 12;
/** Up to this many, the others fade when one is pointed at; each change draws all of them anew. */
const kFadedMax = 60;

export function optionsOf(series: readonly Drawn[], size: { width: number; height: number },
  live: () => Live, sync: string, fontPx: number): uPlot.Options {
  const many = series.length > kManySeries;
  /** The series under the pointer. */
  let focused: number | null = null;
  let due = 0;
  let shift = false;
  /** Once a frame: a page that follows the pointer has more to do than the chart. */
  const tell = (u: uPlot) => {
    cancelAnimationFrame(due);
    due = requestAnimationFrame(() => live().oncross(u.cursor.idx ?? null, focused));
  };
  const hooks: uPlot.Hooks.Arrays = {
    drawClear: [(u) => drawUnder(u, live().overlay)],
    ready: [(u) => u.over.addEventListener('mousedown', (event) => (shift = event.shiftKey))],
    draw: [(u) => drawOver(u, live().overlay, live().told)],
    setSelect: [(u) => {
      const { left, width } = u.select;
      if (width < 4) return;
      u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
      const [from, to] = [u.posToVal(left, 'x') * 1000, u.posToVal(left + width, 'x') * 1000];
      if (shift) live().onspan(from, to);
      else live().onzoom?.(from, to);
    }],
    setCursor: [tell],
    setSeries: [(u, index, opts) => {
      if (!('focus' in opts)) return;
      focused = index === null ? null : index - 1;
      tell(u);
    }],
  };
  return {
    ...size, hooks, legend: { show: false }, padding: [8, 10, 0, 0],
    cursor: {
      drag: { x: true, y: false, setScale: false, dist: 4 },
      focus: { prox: many ? 24 : 40 },
      points: { one: true, size: 7, width: 1.5 },
      y: false,
      ...(sync === '' ? {} : { sync: { key: sync, setSeries: false } }),
    },
    focus: { alpha: series.length > 1 && series.length <= kFadedMax ? 0.25 : 1 },
    scales: {
      x: { time: false, range: () => [live().from / 1000, live().to / 1000] },
      y: { range: (_, low, high) => {
        const { from, to, min, max, overlay } = live();
        return valueBounds([low, high, ...overlayValues(overlay, from, to)], min, max);
      } },
    },
    axes: axesOf(live, fontPx),
    series: [{}, ...series.map((one) => lineOf(one, many))],
  };
}

function lineOf(one: Drawn, many: boolean): uPlot.Series {
  const look = lookOf(one.look);
  const stroke = () => inks.of(look.color);
  return {
    label: one.label, show: one.show, stroke, width: many ? 1 : 1.4, dash: [...look.dash],
    points: one.alone.length === 0 ? { show: false }
      : { show: true, filter: () => [...one.alone], size: 4, fill: stroke, stroke },
  };
}

function axesOf(live: () => Live, fontPx: number): uPlot.Axis[] {
  const ticksOf = (u: uPlot) => {
    const { from, to, zone } = live();
    return timeTicks(from, to, Math.max(2, u.width / (fontPx * 8)), zone);
  };
  const grid = { stroke: () => inks.of('line'), width: 1 };
  const stroke = () => inks.of('text-3');
  const font = `${fontPx}px system-ui, sans-serif`;
  return [
    {
      stroke, grid, font, size: fontPx + 15, gap: 4,
      ticks: { stroke: () => inks.of('line-strong'), width: 1, size: 4 },
      splits: (u) => ticksOf(u).map((tick) => tick.at / 1000),
      values: (u) => ticksOf(u).map((tick) => tick.label),
    },
    {
      stroke, grid, font, gap: 6, ticks: { show: false }, space: fontPx * 3,
      values: (_, splits) => splits.map((value) => withUnit(value, live().unit)),
      size: (_, values) => Math.max(fontPx * 4,
        ...(values ?? []).map((v) => v.length * fontPx * 0.58 + 14)),
    },
  ];
}
