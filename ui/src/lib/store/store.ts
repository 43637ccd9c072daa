// What is stored: what the API answers, and words for it. Nothing here needs a browser.
import { call } from '../api';
import { count, group, percent } from '../format';

export interface Resolution {
  resolution: 'raw' | 'minute' | 'hour';
  points: number;
  bytes: number;
  keep_ms: number;
  available: boolean;
  from?: number | null;
  to?: number | null;
}
export interface StoreStats {
  series: number;
  journal_bytes: number;
  journal_bytes_max: number;
  archive_bytes: number;
  archive_bytes_max: number;
  catalogue_bytes: number;
  disk_bytes: number;
  bytes_per_point: number | null;
  chunks: { count: number; points: number; bytes: number };
  resolutions: Resolution[];
  days: { from: number; chunks: number; points: number; bytes: number }[];
  partitions: {
    resolution: Resolution['resolution']; from: number; to: number; rows: number;
    points: number; bytes: number;
  }[];
  oldest: number | null;
  newest: number | null;
}
export interface Verify {
  state: 'none' | 'running' | 'done' | 'stopped' | 'failed';
  started?: number;
  ended?: number;
  error?: string;
  bytes?: number;
  bytes_total?: number;
  series?: number;
  chunks?: number;
  rows?: number;
  points?: number;
  files?: number;
  damaged?: number;
  damage?: { text: string }[];
  damaged_files?: { text: string }[];
  notes?: string[];
}

export const readStore = () => call<StoreStats>('GET', '/api/store/stats');
export const readVerify = () => call<Verify>('GET', '/api/store/verify');
export const beginVerify = () => call<Verify>('POST', '/api/store/verify');
export const readPacking = () => call<{ state: string }>('GET', '/api/store/compact');
export const beginPacking = () => call<{ state: string }>('POST', '/api/store/compact');

/** Bytes as people read them: three digits and a unit. */
export function size(bytes: number): string {
  for (const [unit, least] of [['TB', 1e12], ['GB', 1e9], ['MB', 1e6], ['kB', 1e3]] as const) {
    if (bytes >= least * 0.9995) {
      const value = bytes / least;
      return `${value < 99.95 ? String(Number(value.toPrecision(3))) : Math.round(value)} ${unit}`;
    }
  }
  return `${bytes} B`;
}

export const each = (bytes: number, points: number) =>
  points === 0 ? '–' : String(Number((bytes / points).toPrecision(3)));

export interface Kind {
  name: string;
  says: string;
  points: number | null;
  bytes: number;
}

const kRollupNames = { raw: 'points', minute: 'rollups per minute', hour: 'rollups per hour' };
export const kindName = (resolution: Resolution['resolution']) => kRollupNames[resolution];

/** Everything on the disk, what is fresh first. */
export function kinds(stats: StoreStats): Kind[] {
  const says = {
    raw: 'of days that are over, packed', minute: 'count, sum, min, max, last of each minute',
    hour: 'the same of each hour',
  };
  return [
    { name: 'journal', says: 'what just came, safe before the answer', points: null,
      bytes: stats.journal_bytes },
    { name: 'points not yet packed', says: count(stats.chunks.count, 'chunk'),
      points: stats.chunks.points, bytes: stats.chunks.bytes },
    ...stats.resolutions.map((one) => ({
      name: one.resolution === 'raw' ? 'points, packed' : kindName(one.resolution),
      says: says[one.resolution], points: one.points, bytes: one.bytes,
    })),
    { name: 'catalogue', says: `labels of ${count(stats.series, 'series', 'series')}`, points: null,
      bytes: stats.catalogue_bytes },
    { name: 'archive', says: 'the journal of the last days, for replay', points: null,
      bytes: stats.archive_bytes },
  ];
}

/** How long a resolution is kept; 0 says something else of points than of rollups. */
export function keepText(one: Resolution): string {
  if (one.keep_ms <= 0) return one.resolution === 'raw' ? 'for ever' : 'not made';
  const days = one.keep_ms / 86_400_000;
  return days >= 1 ? count(Math.round(days * 10) / 10, 'day') : count(one.keep_ms / 3_600_000, 'hour');
}

export interface Span {
  key: string;
  from: number;
  /** A day, or a week. */
  name: string;
  what: string;
  pieces: string;
  points: number;
  bytes: number;
}

/** Days that are not yet packed and weeks that are, the newest first. */
export function spans(stats: StoreStats): Span[] {
  const day = (from: number) => new Date(from).toISOString().slice(0, 10);
  const days = stats.days.map((one) => ({
    key: `day ${one.from}`, from: one.from, name: `day ${day(one.from)}`,
    what: 'points not yet packed', pieces: count(one.chunks, 'chunk'), points: one.points,
    bytes: one.bytes,
  }));
  const weeks = stats.partitions.map((one) => ({
    key: `week ${one.resolution} ${one.from}`, from: one.from, name: `week of ${day(one.from)}`,
    what: one.resolution === 'raw' ? 'points, packed' : kindName(one.resolution),
    pieces: count(one.rows, 'row'), points: one.points, bytes: one.bytes,
  }));
  return [...days, ...weeks].sort((a, b) => b.from - a.from);
}

/** "201 MB of 268 MB, 75 %"; a limit of 0 is none. */
export function fullText(used: number, most: number, none: string): string {
  return most === 0 ? none : `${size(used)} of ${size(most)}, ${percent(used / most)}`;
}

/** The last check in one sentence. */
export function verifyText(verify: Verify): string {
  if (verify.state === 'none') return 'Not verified since the start.';
  const read = `${group(verify.points ?? 0)} points in ${count(verify.files ?? 0, 'file')}`;
  if (verify.state === 'running') {
    return `Reading: ${size(verify.bytes ?? 0)} of about ${size(verify.bytes_total ?? 0)}.`;
  }
  if (verify.state === 'failed') return `It failed: ${verify.error ?? 'no reason given'}.`;
  const damaged = verify.damaged ?? 0;
  const found = damaged === 0 ? 'everything that was read checks out'
    : `${count(damaged, 'place')} ${damaged === 1 ? 'is' : 'are'} damaged`;
  return `${read}: ${found}${verify.state === 'stopped' ? ', but it was stopped early' : ''}.`;
}
