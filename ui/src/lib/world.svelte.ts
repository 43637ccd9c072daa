// What is known of the program now: loaded once, kept current by the live stream, shared by all
// pages. `null` means not known yet, and is never shown as fine.
import { api } from './api';
import { clock } from './clock.svelte';
import { marks } from './marks.svelte';
import { prefs } from './prefs.svelte';
import { addViolation, applyTicks, leadOf, nest, recent, upsert } from './reduce';
import { stream } from './stream.svelte';
import { sayWhy } from './toast.svelte';
import type { Alert, Board, KpiTick, Silence, Status, ViolationRow } from './types';

const kDayMs = 86_400_000;
/** Alerts change the board's counts and severities; it is asked for again, at most this often. */
const kReloadMs = 1000;
const kRetryMs = 3000;
/** What others mark is no event of the stream; it is asked for again this often. */
const kMarksMs = 60_000;

class World {
  status = $state.raw<Status | null>(null);
  board = $state.raw<Board | null>(null);
  alerts = $state.raw<Alert[] | null>(null);
  violations = $state.raw<ViolationRow[] | null>(null);
  silences = $state.raw<Silence[]>([]);
  failure = $state('');
  paused = $state(false);
  /** Unread since paused. */
  held = $state(0);
  /** The row that arrived last by the stream; it is washed for a moment. */
  newest = $state('');
  #held: ViolationRow[] = [];
  #again: ReturnType<typeof setTimeout> | undefined;
  #reload: ReturnType<typeof setTimeout> | undefined;

  readonly lines = $derived(nest(this.alerts ?? []));
  readonly lead = $derived(leadOf(this.alerts ?? []));
  readonly resolved = $derived(
    (this.alerts ?? [])
      .filter((a) => a.state !== 'open')
      .sort((a, b) => (b.resolved_at ?? 0) - (a.resolved_at ?? 0)),
  );

  /** Whose clock the page goes by: the lead's site, else that of the alert that comes first. */
  readonly pageSite = $derived(
    this.siteOf((this.lead ?? this.lines[0]?.alert ?? this.resolved[0])?.scope ?? {}),
  );

  begin(): void {
    stream.on<Status>('status', (status) => this.#takeStatus(status));
    stream.on<Alert>('alert', (alert) => this.take(alert));
    stream.on<ViolationRow>('violation', (row) => this.#takeViolation(row));
    stream.on<{ kpis: KpiTick[] }>('now', ({ kpis }) => {
      if (this.board !== null && !this.paused) this.board = applyTicks(this.board, kpis);
    });
    stream.on('gap', () => void this.load());
    stream.begin(() => void this.load());
    setInterval(() => {
      if (!document.hidden) void marks.load().catch(() => {});
    }, kMarksMs);
    void this.load();
  }

  /** Asks for everything anew. What was known stays until the answers are here; a part that is
      refused (history is still being imported, say) does not keep the others away. */
  async load(): Promise<void> {
    const since = clock.now - kDayMs;
    const parts = await Promise.allSettled([
      api.status().then((status) => this.#takeStatus(status)),
      api.now().then((board) => (this.board = board)),
      this.#loadAlerts(since),
      api.violations(200).then((rows) => (this.violations = rows)),
      api.silences().then((silences) => (this.silences = silences)),
      marks.load(),
    ]);
    const failed = parts.find((part) => part.status === 'rejected');
    this.failure = failed === undefined ? '' : String(failed.reason?.message ?? failed.reason);
    clearTimeout(this.#again);
    if (failed !== undefined) this.#again = setTimeout(() => void this.load(), kRetryMs);
  }

  async #loadAlerts(since: number): Promise<void> {
    const [open, past] = await Promise.all([
      api.alerts({ state: 'open', limit: 500 }),
      api.alerts({ state: 'resolved', since, limit: 100 }),
    ]);
    const known = new Set(open.map((a) => a.id));
    this.alerts = [...open, ...past.filter((a) => !known.has(a.id))];
  }

  /** An alert's newest summary, from the stream or from the answer to an act. */
  take(alert: Alert): void {
    if (this.alerts === null) return;
    this.alerts = recent(upsert(this.alerts, alert), clock.now - kDayMs);
    this.#boardSoon();
  }

  /** Shown at once; the program says the same by the stream. */
  answered(id: string, how: 'accept' | 'keep'): void {
    this.violations = (this.violations ?? []).map((row) => row.id !== id ? row : {
      ...row, asks: false, answer: how === 'accept' ? 'accepted' : 'kept',
      state: how === 'accept' ? 'ended' : row.state,
    });
  }

  togglePause(): void {
    this.paused = !this.paused;
    if (!this.paused) {
      for (const row of this.#held) this.#showViolation(row);
      this.#held = [];
      this.held = 0;
      this.#boardSoon();
    }
  }

  siteOf(labels: Record<string, string>): string {
    return labels[this.status?.site_label ?? 'site'] ?? '';
  }

  /** The zone in which times of this site are shown; without a site, the page's. */
  zoneOf(site = ''): string {
    if (prefs.zone === 'utc') return 'UTC';
    const mine = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (prefs.zone === 'mine') return mine;
    const wanted = site || this.pageSite;
    return this.status?.sites.find((s) => s.name === wanted)?.zone || mine;
  }

  #takeStatus(status: Status): void {
    clock.set(status.now);
    const wasReady = this.status?.ready ?? status.ready;
    this.status = status;
    if (!wasReady && status.ready) void this.load();
  }

  #takeViolation(row: ViolationRow): void {
    if (!this.paused) return this.#showViolation(row);
    this.#held = addViolation(this.#held, row);
    this.held = this.#held.length;
  }

  #showViolation(row: ViolationRow): void {
    if (this.violations === null) return;
    this.violations = addViolation(this.violations, row);
    this.newest = row.id;
  }

  #boardSoon(): void {
    if (this.#reload !== undefined) return;
    this.#reload = setTimeout(() => {
      this.#reload = undefined;
      Promise.all([api.now(), api.silences()])
        .then(([board, silences]) => {
          if (!this.paused) this.board = board;
          this.silences = silences;
        })
        .catch(sayWhy);
    }, kReloadMs);
  }
}

export const world = new World();
