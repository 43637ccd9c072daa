// The charts of `tocsin detect --html`. Each file's rows are in a script element of type
// application/json: bins of one row or several, with their lowest and highest value (see
// replay/detect_chart.h). Nothing is fetched.
'use strict';

const about = JSON.parse(document.getElementById('about').textContent);
const time_text = new Intl.DateTimeFormat('sv-SE', { // year-month-day hour:minute:second
  timeZone: about.zone, dateStyle: 'short', timeStyle: 'medium' });
const time_of = (ms) => time_text.format(ms);
const short = (x) => x === null || x === undefined ? '–'
  : Math.abs(x) >= 1e6 || (x !== 0 && Math.abs(x) < 1e-3) ? x.toPrecision(4)
  : String(+x.toPrecision(6));
const count = (n, what) => `${n.toLocaleString('en')} ${what}${n === 1 ? '' : 's'}`;
const element = (name, properties = {}, ...inside) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...inside);
  return made;
};
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name);

// light-dark() in a custom property is resolved only where it is used as a colour.
const probe = element('i', { hidden: true });
document.body.append(probe);
function colour(name) {
  probe.style.color = css(name);
  return getComputedStyle(probe).color;
}
let ink = {};
function mix_ink() {
  for (const name of ['line', 'text-2', 'text-3', 'band', 'band-edge', 'expected', 'value', 'info',
    'info-wash', 'hatch', 'focus'])
    ink[name] = colour('--' + name);
}

const LEFT = 64, RIGHT = 12, TOP = 12, AXIS = 22, SCORE = 46, BETWEEN = 10;

class Chart {
  constructor(data, place) {
    this.data = data;
    let at = 0;
    this.from = data.from.map((step) => at += step);
    this.to = this.from.map((ms, i) => ms + data.span[i]);
    const steps = this.from.slice(1).map((ms, i) => ms - this.from[i]).sort((a, b) => a - b);
    this.step = steps[steps.length >> 1] || 1000;
    this.score_max = data.score.reduce((a, b) => Math.max(a, b), about.threshold * 1.5);
    this.cursor = null;
    this.show_all();
    this.build(place);
  }

  show_all() {
    this.left = this.from[0];
    this.right = Math.max(this.to[this.to.length - 1], this.left + 1000);
  }

  build(place) {
    const { name, violations, violation_count } = this.data;
    const found = violation_count === 0 ? 'no violation' : count(violation_count, 'violation');
    this.canvas = element('canvas', { className: 'chart', tabIndex: 0 });
    this.canvas.setAttribute('role', 'img');
    this.canvas.setAttribute('aria-label', `${name}: ${found}. Keys: question mark.`);
    this.readout = element('div', { className: 'readout' });
    this.article = element('article', {}, element('h2', { textContent: name }),
      element('p', { textContent: `${found} · ${this.facts()}` }), this.canvas, this.readout);
    if (violations.length > 0) this.article.append(this.table());
    place.append(this.article);
    this.listen();
  }

  facts() {
    const d = this.data, out = [count(d.judged, 'row') + ' judged'];
    if (d.learning) out.push(`${d.learning.toLocaleString('en')} learning`);
    if (d.gaps) out.push(count(d.gaps, 'gap'));
    if (d.late) out.push(`${d.late.toLocaleString('en')} late`);
    if (d.rows_per_bin > 1) out.push(`drawn ${d.rows_per_bin} rows at a time, lowest and highest kept`);
    if (this.from.length) out.push(`${time_of(this.from[0])} to ${time_of(this.to.at(-1))}`);
    return out.join(' · ');
  }

  table() {
    const body = element('tbody');
    for (const [from, to, score, value] of this.data.violations) {
      const go = element('button', { type: 'button', textContent: time_of(from) });
      go.onclick = () => { this.look_at(from, to); this.canvas.focus(); };
      body.append(element('tr', {}, element('td', {}, go), element('td', { textContent: time_of(to) }),
        element('td', { className: 'number', textContent: score.toFixed(1) }),
        element('td', { className: 'number', textContent: short(value) })));
    }
    const head = element('tr');
    for (const [text, number] of [['opened'], ['last row'], ['worst score', 1], ['its value', 1]])
      head.append(element('th', { textContent: text, className: number ? 'number' : '' }));
    const shown = this.data.violations.length, all = this.data.violation_count;
    return element('details', {}, element('summary', {
      textContent: shown < all ? `Violations (the first ${shown} of ${all})` : 'Violations' }),
      element('div', { className: 'table' }, element('table', {}, element('thead', {}, head), body)));
  }

  // ---- where things are
  x(ms) { return LEFT + (ms - this.left) / (this.right - this.left) * (this.width - LEFT - RIGHT); }
  ms_at(x) { return this.left + (x - LEFT) / (this.width - LEFT - RIGHT) * (this.right - this.left); }
  bottom() { return this.height - AXIS - SCORE - BETWEEN; }
  y(value) { return TOP + (this.high - value) / (this.high - this.low) * (this.bottom() - TOP); }
  score_y(score) {
    const base = this.height - AXIS;
    return base - Math.min(1, score / this.score_max) * SCORE;
  }
  // The first bin that ends at or after this time.
  bin_at(ms) {
    let a = 0, b = this.to.length;
    while (a < b) {
      const middle = (a + b) >> 1;
      if (this.to[middle] < ms) a = middle + 1; else b = middle;
    }
    return a;
  }

  // Values are shown whole; a band far wider than they are is cut at half their range beyond them.
  fit(a, b) {
    const d = this.data;
    let low = Infinity, high = -Infinity, lower = Infinity, upper = -Infinity;
    for (let i = a; i < b; ++i) {
      low = Math.min(low, d.low[i]);
      high = Math.max(high, d.high[i]);
      if (d.lower[i] === null) continue;
      lower = Math.min(lower, d.lower[i]);
      upper = Math.max(upper, d.upper[i]);
    }
    const room = (high - low || Math.abs(high) || 1) / 2;
    low = Math.max(low - room, Math.min(low, lower));
    high = Math.min(high + room, Math.max(high, upper));
    const margin = (high - low || Math.abs(high) || 1) * 0.05;
    this.low = low - margin;
    this.high = high + margin;
  }

  // ---- drawing
  draw() {
    const dots = window.devicePixelRatio || 1;
    this.width = this.canvas.clientWidth;
    this.height = this.canvas.clientHeight;
    if (this.width === 0 || this.from.length === 0) return;
    this.canvas.width = Math.round(this.width * dots);
    this.canvas.height = Math.round(this.height * dots);
    const pen = this.pen = this.canvas.getContext('2d');
    pen.scale(dots, dots);
    pen.font = '11px system-ui, "Liberation Sans", sans-serif';
    const a = Math.max(0, this.bin_at(this.left) - 1);
    const b = Math.min(this.from.length, this.bin_at(this.right) + 1);
    this.fit(a, b);
    this.draw_axes();
    this.within(TOP - 4, this.bottom(), () => {
      this.draw_spans(a, b);
      this.draw_band(a, b);
      this.draw_values(a, b);
    });
    this.within(TOP, this.height - AXIS, () => {
      this.draw_scores(a, b);
      this.draw_cursor();
    });
    this.say();
  }

  // Draws nothing beyond these two heights.
  within(top, bottom, draw) {
    this.pen.save();
    this.pen.beginPath();
    this.pen.rect(LEFT, top, this.width - LEFT - RIGHT, bottom - top);
    this.pen.clip();
    draw();
    this.pen.restore();
  }

  breaks(i) { return i === 0 || this.from[i] - this.to[i - 1] > 3.5 * this.step; }
  // Half a step on both sides, so that one row has a width too.
  edge(i) {
    const half = Math.min(this.step, this.breaks(i) ? this.step : this.from[i] - this.to[i - 1]) / 2;
    return this.x(this.from[i] - half);
  }
  edge_after(i) {
    return i + 1 < this.from.length && !this.breaks(i + 1) ? this.edge(i + 1)
      : this.x(this.to[i] + this.step / 2);
  }

  draw_spans(a, b) {
    const pen = this.pen, d = this.data;
    for (let i = a; i < b; ++i) {
      const from = this.edge(i), to = Math.max(this.edge_after(i), from + 1);
      if (d.violation[i]) {
        pen.fillStyle = ink['info-wash'];
        pen.fillRect(from, TOP, to - from, this.bottom() - TOP);
        pen.fillStyle = ink.info;
        pen.fillRect(from, TOP - 4, Math.max(to - from, 2), 4);
      }
    }
    for (let i = a; i < b;) {
      if (d.lower[i] !== null) { ++i; continue; }
      const first = i;
      while (i < b && d.lower[i] === null) ++i;
      this.draw_learning(this.edge(first), this.edge_after(i - 1));
    }
  }

  draw_learning(from, to) {
    const pen = this.pen, bottom = this.bottom(), high = bottom - TOP;
    pen.save();
    pen.beginPath();
    pen.rect(from, TOP, to - from, high);
    pen.clip();
    pen.strokeStyle = ink.hatch;
    pen.lineWidth = 3;
    pen.beginPath();
    for (let x = Math.max(from, LEFT) - high; x < Math.min(to, this.width); x += 8) {
      pen.moveTo(x, bottom);
      pen.lineTo(x + high, TOP);
    }
    pen.stroke();
    pen.restore();
  }

  // Runs of bins with a band and without a gap.
  *runs(a, b) {
    for (let i = a; i < b;) {
      if (this.data.lower[i] === null) { ++i; continue; }
      const first = i++;
      while (i < b && this.data.lower[i] !== null && !this.breaks(i)) ++i;
      yield [first, i];
    }
  }

  draw_band(a, b) {
    const pen = this.pen, d = this.data;
    const middle = (i) => this.x((this.from[i] + this.to[i]) / 2);
    const line = (numbers, first, end) => {
      pen.beginPath();
      for (let i = first; i < end; ++i) pen.lineTo(middle(i), this.y(numbers[i]));
      pen.stroke();
    };
    for (const [first, end] of this.runs(a, b)) {
      pen.beginPath();
      for (let i = first; i < end; ++i) pen.lineTo(middle(i), this.y(d.upper[i]));
      for (let i = end - 1; i >= first; --i) pen.lineTo(middle(i), this.y(d.lower[i]));
      pen.fillStyle = ink.band;
      pen.fill();
      pen.strokeStyle = ink['band-edge'];
      pen.lineWidth = b - a > 3 * this.width ? 0.5 : 1;
      line(d.upper, first, end);
      line(d.lower, first, end);
      pen.strokeStyle = ink.expected;
      pen.setLineDash([5, 4]);
      line(d.expected, first, end);
      pen.setLineDash([]);
    }
  }

  draw_values(a, b) {
    const pen = this.pen, d = this.data;
    const wide = b - a < (this.width - LEFT) / 8;
    pen.strokeStyle = pen.fillStyle = ink.value;
    pen.lineWidth = 1.25;
    pen.beginPath();
    for (let i = a; i < b; ++i) {
      const x = this.x((this.from[i] + this.to[i]) / 2);
      if (this.breaks(i)) pen.moveTo(x, this.y(d.low[i]));
      pen.lineTo(x, this.y(d.low[i]));
      if (d.high[i] !== d.low[i]) pen.lineTo(x, this.y(d.high[i]));
    }
    pen.stroke();
    for (let i = a; i < b; ++i) {
      const alone = this.breaks(i) && (i + 1 === this.from.length || this.breaks(i + 1));
      if (!wide && !alone && !d.violation[i]) continue;
      if (!wide && !alone && b - a > this.width) continue;
      pen.fillStyle = d.violation[i] ? ink.info : ink.value;
      pen.beginPath();
      pen.arc(this.x((this.from[i] + this.to[i]) / 2), this.y(d.high[i]), 2.2, 0, 7);
      pen.fill();
    }
  }

  draw_scores(a, b) {
    const pen = this.pen, d = this.data;
    for (let i = a; i < b; ++i) {
      if (d.score[i] <= 0) continue;
      pen.fillStyle = d.score[i] >= about.threshold ? ink.info : ink['text-3'];
      const top = this.score_y(d.score[i]), from = this.edge(i);
      pen.fillRect(from, top, Math.max(this.edge_after(i) - from, 1), this.height - AXIS - top);
    }
    pen.strokeStyle = ink.info;
    pen.setLineDash([2, 3]);
    const y = Math.round(this.score_y(about.threshold)) + 0.5;
    pen.beginPath();
    pen.moveTo(LEFT, y);
    pen.lineTo(this.width - RIGHT, y);
    pen.stroke();
    pen.setLineDash([]);
  }

  draw_axes() {
    const pen = this.pen, bottom = this.bottom();
    pen.strokeStyle = ink.line;
    pen.fillStyle = ink['text-3'];
    pen.lineWidth = 1;
    pen.textAlign = 'right';
    pen.textBaseline = 'middle';
    const step = nice_step((this.high - this.low) / Math.max(2, (bottom - TOP) / 45));
    for (let v = Math.ceil(this.low / step) * step; v <= this.high; v += step) {
      const y = Math.round(this.y(v)) + 0.5;
      pen.beginPath();
      pen.moveTo(LEFT, y);
      pen.lineTo(this.width - RIGHT, y);
      pen.stroke();
      pen.fillText(axis_text(v, step), LEFT - 8, y);
    }
    pen.fillText('score', LEFT - 8, this.height - AXIS - SCORE / 2);
    pen.textAlign = 'center';
    pen.textBaseline = 'top';
    const ticks = time_ticks(this.left, this.right, (this.width - LEFT) / 95);
    for (const [ms, text] of ticks) {
      const x = Math.round(this.x(ms)) + 0.5;
      pen.beginPath();
      pen.moveTo(x, TOP);
      pen.lineTo(x, this.height - AXIS + 4);
      pen.stroke();
      const half = pen.measureText(text).width / 2;
      pen.fillText(text, Math.min(x, this.width - half - 1), this.height - AXIS + 7);
    }
  }

  draw_cursor() {
    const pen = this.pen;
    if (this.dragged) {
      pen.fillStyle = ink.band;
      pen.fillRect(this.dragged[0], TOP, this.dragged[1] - this.dragged[0], this.bottom() - TOP);
    }
    if (this.cursor === null) return;
    const x = Math.round(this.x((this.from[this.cursor] + this.to[this.cursor]) / 2)) + 0.5;
    pen.strokeStyle = ink.focus;
    pen.lineWidth = 1;
    pen.beginPath();
    pen.moveTo(x, TOP);
    pen.lineTo(x, this.height - AXIS);
    pen.stroke();
  }

  say() {
    this.readout.replaceChildren();
    if (this.cursor === null) return;
    const i = this.cursor, d = this.data;
    const value = d.low[i] === d.high[i] ? short(d.low[i]) : `${short(d.low[i])} to ${short(d.high[i])}`;
    const band = d.lower[i] === null ? 'learning, no band yet'
      : `expected ${short(d.expected[i])}, band ${short(d.lower[i])} to ${short(d.upper[i])}, score ${d.score[i].toFixed(2)}`;
    this.readout.append(time_of(this.from[i]), ' · ', element('b', { textContent: value }), ` · ${band}`);
    if (d.violation[i]) this.readout.append(' · ', element('span', { className: 'out', textContent: 'violation' }));
  }

  // ---- moving about
  look(left, right) {
    const all = this.to.at(-1) - this.from[0], least = Math.min(all, this.step * 8);
    const wide = Math.min(Math.max(right - left, least, 1000), Math.max(all, 1000));
    left = Math.min(Math.max((left + right - wide) / 2, this.from[0]), this.from[0] + Math.max(all, 1000) - wide);
    [this.left, this.right] = [left, left + wide];
    this.draw();
  }
  look_at(from, to) {
    const wide = Math.max((to - from) * 4, this.step * 120);
    this.cursor = this.bin_at(from);
    this.look((from + to - wide) / 2, (from + to + wide) / 2);
  }
  zoom(factor, x) {
    const at = x === undefined ? (this.left + this.right) / 2 : this.ms_at(x);
    this.look(at - (at - this.left) * factor, at + (this.right - at) * factor);
  }
  pan(share) {
    const by = (this.right - this.left) * share;
    this.look(this.left + by, this.right + by);
  }
  move_cursor(by) {
    const last = this.from.length - 1;
    this.cursor = this.cursor === null ? this.bin_at((this.left + this.right) / 2) : this.cursor + by;
    this.cursor = Math.min(Math.max(this.cursor, 0), last);
    const at = this.from[this.cursor];
    if (at < this.left || at > this.right) this.look(at - (this.right - this.left) / 2, at + (this.right - this.left) / 2);
    else this.draw();
  }
  next_violation(way) {
    const all = this.data.violations;
    const at = this.cursor === null ? (way > 0 ? -Infinity : Infinity) : this.from[this.cursor];
    const next = way > 0 ? all.find(([from]) => from > at) : all.findLast(([, to]) => to < at);
    if (next) this.look_at(next[0], next[1]);
  }

  listen() {
    const canvas = this.canvas, x_of = (event) => event.clientX - canvas.getBoundingClientRect().left;
    let down = null;
    canvas.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return;
      down = x_of(event);
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener('pointermove', (event) => {
      const x = x_of(event);
      this.cursor = Math.min(this.bin_at(this.ms_at(x) - this.step / 2), this.from.length - 1);
      this.dragged = down !== null && Math.abs(x - down) > 4 ? [Math.min(down, x), Math.max(down, x)] : null;
      this.draw();
    });
    canvas.addEventListener('pointerup', () => {
      const span = this.dragged;
      down = this.dragged = null;
      if (span) this.look(this.ms_at(span[0]), this.ms_at(span[1]));
    });
    canvas.addEventListener('pointercancel', () => { down = this.dragged = null; this.draw(); });
    canvas.addEventListener('pointerleave', () => { if (down === null) { this.cursor = null; this.draw(); } });
    canvas.addEventListener('dblclick', () => { this.show_all(); this.draw(); });
    canvas.addEventListener('wheel', (event) => {
      if (!event.ctrlKey && !event.shiftKey) return; // the page scrolls
      event.preventDefault();
      const by = event.deltaY || event.deltaX;
      if (event.ctrlKey) this.zoom(by > 0 ? 1.25 : 0.8, x_of(event)); else this.pan(by > 0 ? 0.1 : -0.1);
    }, { passive: false });
  }
}

function nice_step(rough) {
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].find((n) => n * power >= rough) * power;
}
function axis_text(value, step) {
  const size = Math.abs(value);
  for (const [unit, name] of [[1e12, ' T'], [1e9, ' G'], [1e6, ' M'], [1e4, ' k', 1e3]])
    if (size >= unit) {
      const by = name === ' k' ? 1e3 : unit;
      return (value / by).toFixed(Math.max(0, Math.min(6, Math.ceil(-Math.log10(step / by))))) + name;
    }
  if (size !== 0 && size < 1e-4) return value.toExponential(1);
  return value.toFixed(Math.max(0, Math.min(8, Math.ceil(-Math.log10(step) - 1e-9))));
}

const MINUTE = 60e3, HOUR = 36e5, DAY = 864e5;
const TICKS = [1e3, 5e3, 15e3, 30e3, MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 3 * HOUR,
  6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 14 * DAY, 28 * DAY, 91 * DAY, 182 * DAY, 364 * DAY, 1820 * DAY];
// Round times of the zone's wall clock. Its offset at the left edge is taken for all of the view: over a
// change of summer time ticks are an hour off, and say so.
function time_ticks(left, right, most) {
  const step = TICKS.find((one) => (right - left) / one <= most) || TICKS.at(-1);
  const shown = time_of(left), wall = Date.parse(shown.replace(' ', 'T') + 'Z');
  const offset = wall - Math.floor(left / 1000) * 1000;
  const out = [];
  for (let at = Math.ceil((left + offset) / step) * step; at <= right + offset; at += step) {
    const text = time_of(at - offset);
    const midnight = text.endsWith('00:00:00');
    out.push([at - offset, midnight ? text.slice(0, 10) : step < MINUTE ? text.slice(11) : text.slice(11, 16)]);
  }
  return out;
}
