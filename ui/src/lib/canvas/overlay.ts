// What is drawn under and over the lines: bands, violations, alerts, thresholds.
import type uPlot from 'uplot';
import { inks } from './inks.svelte';

export interface BandShape {
  /** Unix milliseconds, ascending. */
  times: readonly number[];
  lower: readonly (number | null)[];
  upper: readonly (number | null)[];
}

/** The end of the word behind `var(--…-wash)`. */
export type Tone = 'info' | 'crit' | 'high' | 'low';

export interface Wash {
  from: number;
  to: number | null;
  tone: Tone;
}

export interface Mark extends Wash {
  text: string;
  /** Somebody has it, or it is over. */
  hollow: boolean;
}

export interface Threshold {
  value: number;
  tone: Tone | '';
  text: string;
}

/** Minimum and maximum within each step, in the colour of their series. */
export interface Extent extends BandShape {
  color: string;
}

/** What somebody told of: a deployment, a holiday. */
export interface Told {
  from: number;
  to: number | null;
  text: string;
}

export interface Overlay {
  extents: readonly Extent[];
  bands: readonly BandShape[];
  washes: readonly Wash[];
  marks: readonly Mark[];
  thresholds: readonly Threshold[];
}

export const kNoOverlay: Overlay =
  { extents: [], bands: [], washes: [], marks: [], thresholds: [] };

/** Every value that must lie within the axis. */
export function overlayValues(overlay: Overlay, from: number, to: number): (number | null)[] {
  const out: (number | null)[] = overlay.thresholds.map((t) => t.value);
  for (const band of [...overlay.bands, ...overlay.extents]) {
    band.times.forEach((time, i) => {
      if (time >= from && time <= to) out.push(band.lower[i]!, band.upper[i]!);
    });
  }
  return out;
}

const fillOf = (tone: Tone) => inks.of(tone === 'info' ? 'info' : `${tone}-fill`);

/** Held to the plot, in canvas pixels. */
function columnOf(u: uPlot, from: number, to: number | null): [left: number, width: number] {
  const { left, width } = u.bbox;
  const clamp = (x: number) => Math.min(left + width, Math.max(left, x));
  const x0 = clamp(u.valToPos(from / 1000, 'x', true));
  const x1 = to === null ? left + width : clamp(u.valToPos(to / 1000, 'x', true));
  return [x0, x1 - x0];
}

const seen = (u: uPlot, wash: Wash) =>
  wash.from / 1000 <= u.scales['x']!.max! && (wash.to ?? Infinity) / 1000 >= u.scales['x']!.min!;

export function drawUnder(u: uPlot, overlay: Overlay): void {
  const { ctx } = u;
  const { top, height } = u.bbox;
  const px = devicePixelRatio;
  clipped(u, () => {
    for (const wash of overlay.washes.filter((w) => seen(u, w))) {
      const [x, width] = columnOf(u, wash.from, wash.to);
      ctx.fillStyle = inks.of(`${wash.tone}-wash`);
      ctx.fillRect(x, top, Math.max(2 * px, width), height);
      ctx.fillStyle = fillOf(wash.tone);
      ctx.fillRect(x, top, Math.max(2 * px, width), 3 * px);
    }
    ctx.fillStyle = inks.of('band');
    for (const band of overlay.bands) ctx.fill(bandPath(u, band));
    ctx.globalAlpha = 0.3;
    for (const extent of overlay.extents) {
      ctx.fillStyle = ctx.strokeStyle = inks.of(extent.color);
      const path = bandPath(u, extent);
      ctx.fill(path);
      ctx.lineWidth = px;
      ctx.stroke(path);
    }
  });
}

function bandPath(u: uPlot, band: BandShape): Path2D {
  const path = new Path2D();
  let run: [x: number, low: number, high: number][] = [];
  const close = () => {
    if (run.length > 1) {
      run.forEach(([x, , high], i) => (i === 0 ? path.moveTo(x, high) : path.lineTo(x, high)));
      for (const [x, low] of run.reverse()) path.lineTo(x, low);
      path.closePath();
    }
    run = [];
  };
  band.times.forEach((time, i) => {
    const [low, high] = [band.lower[i] ?? null, band.upper[i] ?? null];
    if (low === null || high === null) return close();
    run.push([u.valToPos(time / 1000, 'x', true), u.valToPos(low, 'y', true),
      u.valToPos(high, 'y', true)]);
  });
  close();
  return path;
}

export function drawOver(u: uPlot, overlay: Overlay, told: readonly Told[] = []): void {
  clipped(u, () => {
    drawTold(u, told);
    for (const threshold of overlay.thresholds) drawThreshold(u, threshold);
    const taken: Taken[] = [];
    for (const mark of overlay.marks.filter((m) => seen(u, m))) drawMark(u, mark, taken);
  });
}

/** Where words stand already, so that the next ones go a line lower. */
interface Taken {
  left: number;
  right: number;
  row: number;
}

function freeRow(taken: Taken[], left: number, right: number): number {
  let row = 0;
  while (taken.some((t) => t.row === row && left < t.right && right > t.left)) row++;
  taken.push({ left, right, row });
  return row;
}

function drawThreshold(u: uPlot, { value, tone, text }: Threshold): void {
  const { ctx } = u;
  const px = devicePixelRatio;
  const y = u.valToPos(value, 'y', true);
  const color = tone === '' ? inks.of('text-2') : inks.of(tone);
  ctx.strokeStyle = ctx.fillStyle = color;
  ctx.lineWidth = px;
  ctx.setLineDash([6 * px, 4 * px]);
  ctx.beginPath();
  ctx.moveTo(u.bbox.left, y);
  ctx.lineTo(u.bbox.left + u.bbox.width, y);
  ctx.stroke();
  if (text === '') return;
  ctx.font = `500 ${11 * px}px system-ui, sans-serif`;
  ctx.textAlign = 'right';
  words(ctx, text, u.bbox.left + u.bbox.width - 4 * px, y - 4 * px);
}

/** A line with a flag where it began, its title beside it, a bar at the bottom while it lasts. */
function drawTold(u: uPlot, told: readonly Told[]): void {
  const { ctx } = u;
  const { left, top, width, height } = u.bbox;
  const px = devicePixelRatio;
  const taken: Taken[] = [];
  for (const change of told) {
    const [x, wide] = columnOf(u, change.from, change.to ?? change.from);
    ctx.strokeStyle = ctx.fillStyle = inks.of('focus');
    if (change.to !== null) ctx.fillRect(x, top + height - 3 * px, Math.max(2 * px, wide), 3 * px);
    if (change.from / 1000 < u.scales['x']!.min!) continue;
    ctx.lineWidth = px;
    ctx.setLineDash([]);
    ctx.beginPath();
    ctx.moveTo(x, top);
    ctx.lineTo(x, top + height);
    ctx.stroke();
    ctx.beginPath();
    ctx.moveTo(x, top);
    ctx.lineTo(x + 5 * px, top);
    ctx.lineTo(x, top + 7 * px);
    ctx.fill();
    ctx.font = `${10.5 * px}px system-ui, sans-serif`;
    const right = x < left + width * 0.7;
    ctx.textAlign = right ? 'left' : 'right';
    const room = ctx.measureText(change.text).width + 14 * px;
    const row = freeRow(taken, right ? x : x - room, right ? x + room : x);
    ctx.fillStyle = inks.of('text-2');
    words(ctx, change.text, x + (right ? 8 : -4) * px, top + height - (8 + 13 * row) * px);
  }
}

/** Over lines: with a rim in the colour of the sheet. */
function words(ctx: CanvasRenderingContext2D, text: string, x: number, y: number): void {
  ctx.setLineDash([]);
  ctx.strokeStyle = inks.of('surface');
  ctx.lineJoin = 'round';
  ctx.lineWidth = 3 * devicePixelRatio;
  ctx.strokeText(text, x, y);
  ctx.fillText(text, x, y);
}

/** A dashed line where the alert opened, a bar on top for as long as it was open. */
function drawMark(u: uPlot, mark: Mark, taken: Taken[]): void {
  const { ctx } = u;
  const { top, height } = u.bbox;
  const px = devicePixelRatio;
  const [x, width] = columnOf(u, mark.from, mark.to);
  ctx.fillStyle = ctx.strokeStyle = fillOf(mark.tone);
  ctx.lineWidth = px;
  ctx.setLineDash([]);
  if (mark.hollow) ctx.strokeRect(x + px / 2, top + px / 2, Math.max(3 * px, width), 5 * px);
  else ctx.fillRect(x, top, Math.max(3 * px, width), 6 * px);
  if (mark.from / 1000 < u.scales['x']!.min!) return;
  ctx.setLineDash([3 * px, 3 * px]);
  ctx.beginPath();
  ctx.moveTo(x, top);
  ctx.lineTo(x, top + height);
  ctx.stroke();
  ctx.fillStyle = inks.of(mark.tone);
  ctx.font = `500 ${11 * px}px system-ui, sans-serif`;
  const right = x < u.bbox.left + u.bbox.width * 0.7;
  ctx.textAlign = right ? 'left' : 'right';
  const wide = ctx.measureText(mark.text).width + 12 * px;
  const row = freeRow(taken, right ? x : x - wide, right ? x + wide : x);
  words(ctx, mark.text, x + (right ? 4 : -4) * px, top + (17 + 13 * row) * px);
}

function clipped(u: uPlot, draw: () => void): void {
  const { ctx } = u;
  const { left, top, width, height } = u.bbox;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, width, height);
  ctx.clip();
  draw();
  ctx.restore();
}
