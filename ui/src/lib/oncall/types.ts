// The on-call part of docs/http-api.md.
import { call } from '../api';

export interface Shift {
  from: number;
  to: number;
  people: string[];
  overridden: boolean;
}

export interface Finding {
  kind: string;
  warning: boolean;
  schedule: string;
  person: string;
  from: number | null;
  to: number | null;
  text: string;
}

export interface ScheduleNow {
  name: string;
  title: string;
  team: string;
  zone: string;
  on_call: string[];
  until: number | null;
  next: { from: number; people: string[] } | null;
}

export interface PersonNow {
  name: string;
  real_name: string;
  zone: string;
  on_leave: boolean;
  notify: { receiver: string; by: string; after: string; works: boolean; why: string }[];
}

export interface OnCallNow {
  at: number;
  schedules: ScheduleNow[];
  people: PersonNow[];
  teams: { name: string; people: string[] }[];
  findings: Finding[];
}

export type OverrideKind = 'take_over' | 'add' | 'remove';

export interface Override {
  id: string;
  kind: OverrideKind;
  schedule: string;
  person: string;
  instead_of: string;
  reason: string;
  by: string;
  from: number;
  to: number;
}

export interface ScheduleLanes {
  name: string;
  title: string;
  zone: string;
  feed: string;
  from: number;
  to: number;
  now: number;
  recorded_from: number | null;
  final: Shift[];
  layers: { name: string; zone: string; shifts: Shift[] }[];
  overrides: Override[];
  gaps: { from: number; to: number }[];
  findings: Finding[];
}

export interface NewOverride {
  kind: OverrideKind;
  from: number;
  to: number;
  person: string;
  instead_of: string;
  reason: string;
  by: string;
}

const path = (schedule: string) => `/api/oncall/${encodeURIComponent(schedule)}`;

export const oncallApi = {
  now: () => call<OnCallNow>('GET', '/api/oncall'),
  lanes: (schedule: string, from: number, to: number) =>
    call<ScheduleLanes>('GET', `${path(schedule)}?from=${from}&to=${to}`),
  at: (schedule: string, at: number) =>
    call<{ people: string[]; recorded: boolean }>('GET', `${path(schedule)}?at=${at}`),
  add: (schedule: string, override: NewOverride) =>
    call<{ overrides: Override[] }>('POST', `${path(schedule)}/overrides`, override),
  takeBack: (schedule: string, id: string, by: string) =>
    call<Override>('DELETE', `${path(schedule)}/overrides/${encodeURIComponent(id)}`, { by }),
  swap: (schedule: string, at: number, other: number, reason: string, by: string) =>
    call<{ overrides: Override[] }>('POST', `${path(schedule)}/swap`,
      { at, with: other, reason, by }),
};
