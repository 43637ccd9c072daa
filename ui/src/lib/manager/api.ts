// The routes of the Worker Manager, of the configuration's history and of Coverage.
import { call } from '../api';
import type { Series, SeriesBand } from '../types';

export interface DefinedModel {
  kind: string;
  name: string;
  detail: string;
  weight: number;
  draws_band: boolean;
  /** Weights of a profile's periods, the last one first. */
  periods: number[];
  /** As the band's models are named. */
  curves: string[];
}
export interface Definition {
  id: string;
  place: string;
  why_not: string | null;
  strategy: string;
  opens: string;
  score: number;
  deviation_absolute: number;
  deviation_relative: number;
  select: string[];
  models: DefinedModel[];
}
export interface Changes {
  strategy?: string;
  opens?: string;
  score?: number;
  deviation_absolute?: number;
  deviation_relative?: number;
  weights?: Record<string, number>;
  models?: string[];
}
export interface Preview {
  file: string | null;
  text: string;
  diff: string;
  base_hash: string;
  before: SeriesBand;
  after: SeriesBand;
  weeks: { from: number; to: number; before: number; after: number }[];
  series: { series: Series; points: number; before: number; after: number }[];
}
export interface QualityPart {
  name: string;
  kind: string;
  points: number;
  known: boolean;
  words: string;
  white: boolean;
  stationary: boolean;
  left_over: number;
  ljung_box: number;
  ljung_box_p: number;
  kpss: number;
  spread_ratio: number;
  outside: number;
  autocorrelation: number[];
  /** [from, to, points, share that the tail expects] in half band-widths. */
  histogram: [number, number, number, number][];
}
export interface Quality {
  series: Series;
  score: number;
  cadence_s: number | null;
  parts: QualityPart[];
}
export interface Proposal {
  name: string;
  models: string[];
  current: boolean;
  learned: boolean;
  guarded: number;
  rank: number | null;
  left_over: number | null;
  violations_per_week: number;
  white: boolean;
  stationary: boolean;
  why: string;
}
export interface Proposals {
  points: number;
  scored_from: number | null;
  words: string;
  proposals: Proposal[];
}
export interface ConfigState {
  editable: boolean;
  why_not: string | null;
  hash: string;
  running: string;
}
export interface FileChange {
  file: string;
  what: 'added' | 'removed' | 'changed';
  lines_added: number;
  lines_removed: number;
  diff?: string;
}
export interface ConfigVersion {
  id: number;
  at: number;
  kind: 'found' | 'published' | 'reverted';
  author: string;
  reason: string;
  current: boolean;
  of: number | null;
  changes: FileChange[];
}
export interface Published {
  version: number | null;
  rebuilding: string[];
}
export interface CoverageRow {
  mend: string;
  yaml: string | null;
}
export interface Coverage {
  at: number;
  series_total: number;
  series_looked: number;
  more_series: boolean;
  all_leaves: boolean;
  names_more: number;
  series: (CoverageRow & { name: string; series: number; example: string;
    tested_by: string | null })[];
  leaves: (CoverageRow & { rule: string; place: string; leaf: string; why: string })[];
  workers: (CoverageRow & { id: string; place: string; series: number; learned: number | null;
    guarded_from: number | null; why: string })[];
  alerts: (CoverageRow & { rule: string; place: string; severity: string; scope: string;
    scopes: number; of: number; told: string[]; why: string })[];
}

const at = (id: string) => `/api/v1/workers/${encodeURIComponent(id)}`;
const kConfig = '/api/v1/config';

export const manager = {
  definition: (id: string) => call<Definition>('GET', at(id)),
  preview: (id: string, changes: Changes, body: { series: string[]; from: number; to: number;
    width: number; weeks: number }) =>
    call<Preview>('POST', `${at(id)}/preview`, { ...changes, ...body }),
  quality: (id: string, series: string, from: number, to: number) =>
    call<Quality>('GET', `${at(id)}/quality?${new URLSearchParams({ series, from: String(from),
      to: String(to) })}`),
  proposals: (id: string, series: string) =>
    call<Proposals>('GET', `${at(id)}/proposals?${new URLSearchParams({ series })}`),
  config: () => call<ConfigState>('GET', kConfig),
  publish: (files: Record<string, string>, author: string, reason: string, base: string) =>
    call<Published>('POST', `${kConfig}/publish`, { files, author, reason, base_hash: base }),
  history: (limit: number) =>
    call<{ versions: ConfigVersion[] }>('GET', `${kConfig}/history?limit=${limit}`)
      .then((a) => a.versions),
  version: (id: number) => call<ConfigVersion>('GET', `${kConfig}/history/${id}`),
  revert: (id: number, author: string, reason: string) =>
    call<Published>('POST', `${kConfig}/history/${id}/revert`, { author, reason }),
  coverage: () => call<Coverage>('GET', '/api/v1/coverage'),
};
