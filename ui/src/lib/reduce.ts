// How answers and stream events change what the pages show. Pure, so that they can be tested.
import type { Alert, Board, BandPoint, KpiTick, Severity, ViolationRow } from './types';

/** Rows of the violation stream that are kept; older ones fall off the end. */
export const kStreamRowsMax = 200;
/** Points of a micro chart that are kept while ticks arrive. */
export const kSparkPointsMax = 90;

const kRank: Record<Severity, number> = { critical: 0, high: 1, low: 2 };

/** Nobody has it: open, and neither acknowledged, silenced, covered nor shelved. */
export function unanswered(alert: Alert): boolean {
  return alert.state === 'open' && alert.acknowledged_by === '' && alert.silenced_by === '' &&
    alert.covered_by === null && !alert.shelf;
}

/** Unanswered first, then severity, then age (oldest first), then id so that the order is total. */
export function byUrgency(a: Alert, b: Alert): number {
  return Number(unanswered(b)) - Number(unanswered(a)) ||
    kRank[a.severity] - kRank[b.severity] ||
    a.opened_at - b.opened_at ||
    (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

export interface AlertLine {
  alert: Alert;
  /** Stands under its parent, which is open too. */
  nested: boolean;
}

/** Open alerts as rows: each covered one under its parent. */
export function nest(alerts: readonly Alert[]): AlertLine[] {
  const open = alerts.filter((a) => a.state === 'open').sort(byUrgency);
  const ids = new Set(open.map((a) => a.id));
  const isChild = (a: Alert) => a.covered_by !== null && ids.has(a.covered_by);
  const lines: AlertLine[] = [];
  for (const alert of open.filter((a) => !isChild(a))) {
    lines.push({ alert, nested: false });
    for (const child of open) {
      if (isChild(child) && child.covered_by === alert.id) {
        lines.push({ alert: child, nested: true });
      }
    }
  }
  // A chain of covers, or two that name each other: shown all the same, never lost.
  const shown = new Set(lines.map((l) => l.alert.id));
  for (const alert of open) if (!shown.has(alert.id)) lines.push({ alert, nested: true });
  return lines;
}

/** Rows under the pointer stay where they are: known ids keep their order, new ones follow. */
export function keepOrder(lines: readonly AlertLine[], order: readonly string[]): AlertLine[] {
  const place = new Map(order.map((id, i) => [id, i]));
  const at = (l: AlertLine) => place.get(l.alert.id) ?? Infinity;
  return lines
    .map((l, i) => ({ l, i }))
    .sort((a, b) => (at(a.l) === at(b.l) ? a.i - b.i : at(a.l) - at(b.l)))
    .map(({ l }) => l);
}

/** The alert the page leads with: the most urgent that nobody has. */
export function leadOf(alerts: readonly Alert[]): Alert | null {
  return alerts.filter(unanswered).sort(byUrgency)[0] ?? null;
}

/** Puts a newer summary in place of the one with its id; an older one changes nothing. */
export function upsert(alerts: readonly Alert[], alert: Alert): Alert[] {
  const at = alerts.findIndex((a) => a.id === alert.id);
  if (at < 0) return [...alerts, alert];
  if (alerts[at]!.updated_at > alert.updated_at) return [...alerts];
  const next = [...alerts];
  next[at] = alert;
  return next;
}

/** What is worth keeping of the alerts at hand: open ones, and those resolved since `since`. */
export function recent(alerts: readonly Alert[], since: number): Alert[] {
  return alerts.filter((a) => a.state === 'open' || (a.resolved_at ?? a.updated_at) >= since);
}

/** A violation is updated in place; an older word changes nothing. */
export function addViolation(rows: readonly ViolationRow[], row: ViolationRow): ViolationRow[] {
  if (rows.some((r) => r.id === row.id && r.time > row.time)) return violationRows(rows);
  return violationRows([row, ...rows.filter((r) => r.id !== row.id)]);
}

/** Each key once: its newest row, at the place of its first. A server may repeat itself, and two
    rows of one key would stop the page. Without `age` the last one said counts as newest. */
export function onePer<T>(
  rows: readonly T[], keyOf: (row: T) => string | number, age: (row: T) => number = () => 0,
): T[] {
  const byKey = new Map<string | number, T>();
  for (const row of rows) {
    const known = byKey.get(keyOf(row));
    if (known === undefined || age(known) <= age(row)) byKey.set(keyOf(row), row);
  }
  return [...byKey.values()];
}

/** What is shown of the stream: one row per violation, the one that changed last on top. */
export function violationRows(rows: readonly ViolationRow[]): ViolationRow[] {
  return onePer(rows, (r) => r.id, (r) => r.time)
    .sort((a, b) => b.time - a.time)
    .slice(0, kStreamRowsMax);
}

export function appendPoint(points: readonly BandPoint[], point: BandPoint): BandPoint[] {
  const last = points.at(-1);
  if (last !== undefined && point[0] < last[0]) return [...points];
  const kept = last !== undefined && last[0] === point[0] ? points.slice(0, -1) : points;
  return [...kept, point].slice(-kSparkPointsMax);
}

/** Applies the `now` event to the board; a KPI the board does not know is left for a reload. */
export function applyTicks(board: Board, ticks: readonly KpiTick[]): Board {
  const byKey = new Map(ticks.map((t) => [`${t[0]}\n${t[1]}`, t]));
  const sites = board.sites.map((site) => ({
    ...site,
    kpis: site.kpis.map((kpi) => {
      const tick = byKey.get(`${site.site}\n${kpi.name}`);
      if (tick === undefined) return kpi;
      const [, , state, time, value, lower, upper, direction, change, severity] = tick;
      const points = time === null
        ? kpi.points : appendPoint(kpi.points, [time, value, lower, upper]);
      return { ...kpi, state, direction, change, severity, points };
    }),
  }));
  return { ...board, sites };
}

/** The words of the filter box: site=, rule=, severity=, state=, @age>5m, anything else is text. */
export function matches(alert: Alert, filter: string, now: number): boolean {
  return filter.split(/\s+/).every((word) => word === '' || matchesWord(alert, word, now));
}

function matchesWord(alert: Alert, word: string, now: number): boolean {
  const age = /^@age([<>])(\d+)([smhd])$/.exec(word);
  if (age) {
    const unit = { s: 1e3, m: 6e4, h: 36e5, d: 864e5 }[age[3] as 's' | 'm' | 'h' | 'd'];
    const limit = Number(age[2]) * unit;
    return age[1] === '>' ? now - alert.opened_at > limit : now - alert.opened_at < limit;
  }
  const pair = /^([a-z_][a-z0-9_]*)=(.*)$/i.exec(word);
  if (pair) return valueOf(alert, pair[1]!).startsWith(pair[2]!);
  const text = `${alert.title} ${alert.rule} ${Object.values(alert.scope).join(' ')}`;
  return text.toLowerCase().includes(word.toLowerCase());
}

function valueOf(alert: Alert, name: string): string {
  if (name === 'rule') return alert.rule;
  if (name === 'severity') return alert.severity;
  if (name === 'state') return alert.state;
  return alert.scope[name] ?? '';
}
