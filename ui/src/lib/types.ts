// The shapes of docs/http-api.md. Times are unix milliseconds UTC, durations milliseconds.

export type Severity = 'critical' | 'high' | 'low';
export type Direction = 'above' | 'below' | 'silent';
export type GuardState = 'guarded' | 'learning' | 'absent' | 'open';
export type LaneMark = 'none' | 'violation' | Severity;

export interface Series {
  name: string;
  labels: Record<string, string>;
  text: string;
}

/** [time, value, lower, upper]; the bounds are null while the model is learning. */
export type BandPoint = [number, number | null, number | null, number | null];
/** [time, expected, lower, upper] */
export type Band = [number, number | null, number | null, number | null];
export type ValuePoint = [number, number | null];

export interface Site {
  name: string;
  zone: string;
}

export interface QuickStep {
  at: number;
  text: string;
  link: string | null;
  done: boolean;
  /** Whose clock the step goes by; older answers leave it out. */
  site?: string | null;
}

export interface Status {
  version: string;
  now: number;
  started_at: number;
  ready: boolean;
  progress: { stage: string; done: number; total: number } | null;
  site_label: string;
  sites: Site[];
  points_per_s: number;
  points_total: number;
  decision_p99_ms: number | null;
  fsync_ms: number | null;
  shards: { id: number; lag: number }[];
  senders: { total: number; silent: number };
  series: { total: number; guarded: number; learning: number; absent: number; open: number };
  memory_bytes: number;
  memory_limit_bytes: number | null;
  outbox: { pending: number; retrying: number };
  config: { version: string; loaded_at: number; error: string | null; warnings?: string[];
    rebuilding?: { version: string; workers: string[]; done: number } | null };
  quick_start: QuickStep[] | null;
}

export interface Kpi {
  name: string;
  series: Series;
  worker: string;
  state: GuardState;
  direction: Direction | null;
  change: string | null;
  severity: Severity | null;
  guarded_from: number | null;
  points: BandPoint[];
}

export interface BoardSite {
  site: string;
  zone: string;
  critical: number;
  high: number;
  low: number;
  kpis: Kpi[];
  lane: LaneMark[];
}

export interface Board {
  now: number;
  lead: string | null;
  kpi_names: string[];
  counts: {
    open: number;
    covered: number;
    silenced: number;
    kpi_series: number;
    kpi_guarded: number;
    kpi_outside: number;
  };
  sites: BoardSite[];
}

export interface Momentum {
  trend: 'unknown' | 'worsening' | 'steady' | 'recovering';
  distance: number | null;
  speed: number | null;
  acceleration: number | null;
  predicted: number | null;
  hits?: number;
  predictions?: number;
}

export interface Alert {
  id: string;
  key: string;
  rule: string;
  rule_place: string;
  severity: Severity;
  state: 'open' | 'resolved' | 'expired';
  scope: Record<string, string>;
  title: string;
  title_subject: string;
  opened_at: number;
  updated_at: number;
  resolved_at: number | null;
  resolve_reason: string;
  acknowledged_by: string;
  acknowledged_at: number | null;
  silenced_by: string;
  silenced_until: number | null;
  covered_by: string | null;
  covers: string[];
  /** What makes two openings one alert. */
  dedup_key?: string;
  /** Groups in which it is told, or was. */
  groups?: string[];
  shelf?: { by: string; until: number; reason: string } | null;
  flapping_since?: number | null;
  /** What lit it sends no data any more. */
  absent?: boolean;
  told: { sent: number; failed: number; last_at: number | null };
  next: { at: number; what: string } | null;
  momentum: Momentum;
  spark: BandPoint[];
}

export interface AlertGroup {
  id: string;
  storm: boolean;
  over: boolean;
  route: string;
  labels: Record<string, string>;
  receivers: string[];
  severity: Severity;
  opened_at: number;
  /** Its last message; null: none yet. */
  told_at: number | null;
  /** When it speaks next; null: nothing to say. */
  due_at: number | null;
  open: number;
  truncated: number;
  by_rule: { name: string; count: number }[];
  alerts: {
    id: string; dedup_key: string; severity: Severity; state: Alert['state']; title: string;
  }[];
}

export interface Branch {
  kind: string;
  label: string;
  truth: 'held' | 'not held' | 'unknown';
  reason: string;
  children: number[];
}

export interface ModelBand {
  name: string;
  weight: number;
  expected: number | null;
  lower: number | null;
  upper: number | null;
  outside?: boolean;
}

export interface TailPoint {
  time: number;
  value: number;
  expected: number | null;
  lower: number | null;
  upper: number | null;
  score: number | null;
  distance: number | null;
  outside: boolean;
  models: ModelBand[];
}

export interface Violation {
  id: string;
  series: Series;
  worker: string;
  tier: 'kpi' | 'evidence';
  direction: Direction;
  state: 'open' | 'absent' | 'ended';
  opened: number;
  updated: number;
  ended: number | null;
  points_outside: number;
  cadence_ms: number | null;
  weight: number;
  value: number | null;
  expected: number | null;
  lower: number | null;
  upper: number | null;
  score: number | null;
  distance: number | null;
  speed: number | null;
  acceleration: number | null;
  raw_slope: number | null;
  models: ModelBand[];
  tail: TailPoint[];
}

export interface Judgement {
  time: number;
  since_first_point_ms: number;
  wait: string;
  momentum: Momentum;
  tree: Branch[];
  violations: Violation[];
}

export interface Delivery {
  id: number;
  alert?: string;
  receiver: string;
  kind: string;
  event: string;
  state: 'planned' | 'sent' | 'failed' | 'given up';
  attempts: number;
  planned: number;
  sent: number | null;
  next_try: number | null;
  answer: string;
}

export interface AlertDetail extends Alert {
  description: string;
  annotations: Record<string, string>;
  grafana_url: string | null;
  /** Of an alert that another system or a person told of. */
  report?: { source: string; link: string; starts_at: number } | null;
  opened: Judgement;
  latest: Judgement;
  ledger: Delivery[];
  history: { time: number; what: string; who: string; text: string }[];
  notes: { time: number; who: string; text: string }[];
  /** Every series the rule's leaves watch in this scope; older answers leave it out. */
  metrics?: { series: Series; worker: string }[];
}

export interface ViolationRow {
  id: string;
  time: number;
  series: Series;
  worker: string;
  tier: 'kpi' | 'evidence';
  direction: Direction;
  state: 'open' | 'absent' | 'ended';
  what: 'opened' | 'updated' | 'absent' | 'ended';
  value: number | null;
  expected: number | null;
  lower: number | null;
  upper: number | null;
  score: number | null;
  distance: number | null;
  points_outside: number;
  opened_at: number;
  /** It has been open for 6 hours: "accept the new normal?" */
  asks: boolean;
  answer: 'accepted' | 'kept' | null;
  rules: string[];
  alert: string | null;
}

/** One KPI of the `now` event, by position. */
export type KpiTick = [
  site: string,
  name: string,
  state: GuardState,
  /** Null when there is no point to draw. */
  time: number | null,
  value: number | null,
  lower: number | null,
  upper: number | null,
  direction: Direction | null,
  change: string | null,
  severity: Severity | null,
];

export interface Silence {
  id: string;
  matchers: string[];
  created_at: number;
  until: number;
  comment: string;
  by: string;
  muted: number;
  /** The maintenance window that made it; empty: a person did. */
  window?: string;
}

export interface SeriesBand {
  series: Series;
  worker: string;
  points: ValuePoint[];
  band: Band[];
  models: { name: string; kind: string; weight: number; band: Band[] }[];
  residual: ValuePoint[];
  violations: { from: number; to: number | null; direction: Direction; worst: number }[];
  excluded: { from: number; to: number; why: string }[];
}

export interface WorkerSummary {
  id: string;
  place: string;
  tier: 'kpi' | 'evidence';
  selects: string;
  series: number;
  guarded: number;
  learning: number;
  absent: number;
  open: number;
  violations_7d: number;
}

export interface WorkerSeries {
  series: Series;
  state: GuardState;
  direction: Direction | null;
  change: string | null;
  severity: Severity | null;
  guarded_from: number | null;
  learned: number | null;
  points: BandPoint[];
}

export interface WorkerDetail extends Omit<WorkerSummary, 'series'> {
  models: { name: string; kind: string; weight: number; detail: string }[];
  strategy: string | Record<string, unknown> | null;
  series: WorkerSeries[];
  marks: { from: number; to: number; why: string; selects: string }[];
  calendars: DayCalendar[];
}

/** Which days are what. `days` are those that a date tells, around today. */
export interface DayCalendar {
  name: string;
  /** null: each site's own. */
  zone: string | null;
  business_days: string;
  today: string;
  today_class: string;
  /** Empty: the worker names it, for all its series. */
  sites: string[];
  classes: string[];
  days: { date: string; class: string; name: string; source: string }[];
}

export interface SenderPoint {
  series: Series;
  time: number;
  value: number | null;
  worker: string | null;
  verdict: string;
  reason: string;
}

export interface Sender {
  id: string;
  name: string;
  protocol: string;
  address: string;
  first_seen_at: number;
  last_seen_at: number;
  points: number;
  points_per_s: number;
  rejected: number;
  last_error: string;
  last_error_at: number | null;
  series: number;
  recent: SenderPoint[];
}

export interface InboxMessage {
  id: string | number;
  time: number;
  receiver: string;
  kind: 'webhook' | 'slack' | 'mail' | string;
  event: string;
  alert: string | null;
  title: string;
  url: string;
  content_type: string;
  headers: Record<string, string>;
  body: string;
  text?: string;
  html?: string;
}

export interface Receiver {
  name: string;
  kind: string;
  place: string;
  last: Delivery | null;
  /** Whose it is; null: nobody's. */
  customer: string | null;
  /** Messages that wait; of those, failed and tried again; under way. */
  waiting: number;
  retrying: number;
  in_flight: number;
  oldest_at: number | null;
  next_try_at: number | null;
  /** The service takes no more until then, by its own word or by its limit. */
  paused_until: number | null;
  parallel: number;
  /** So many at once, then one each so often; null: no limit. */
  pace: { burst: number; every_ms: number } | null;
}

/** New series (of a label: new values) by the hour, the current hour last. */
export interface Growth {
  last_hour: number;
  last_day: number;
  hours: number[];
  began: number | null;
  last: number | null;
  growing: boolean;
}

export interface SeriesTrouble {
  /** Of the limit; both empty: all series. */
  label: string;
  value: string;
  most: number;
  used: number;
  refused: number;
  refused_series: number;
  refused_lately: number;
  added_lately: number;
  grew: string;
  owner_label: string;
  owner_value: string;
  began: number | null;
  last: number | null;
  example: string;
  example_sender: string;
  example_at: number | null;
}

export interface SeriesLimit {
  label: string;
  most: number;
  values: number;
  fullest: number;
  refused: number;
}

export interface Cardinality {
  now: number;
  since: number | null;
  series: number;
  last_hour: number;
  last_day: number;
  hours: number[];
  labels_total: number;
  labels_left_out: number;
  warn_at: number;
  limits: SeriesLimit[];
  troubles: SeriesTrouble[];
  labels: {
    name: string; values: number; series: number; exact: boolean; followed: boolean;
    growth: Growth;
  }[];
  values: { label: string; value: string; series: number; grew: string; growth: Growth }[];
  senders: { name: string; series: number; grew: string; growth: Growth }[];
  recent: { series: Series; at: number; sender: string }[];
}
