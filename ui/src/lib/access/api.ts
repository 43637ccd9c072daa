// Users, tokens, sessions and the audit log: docs/access.md.
import { call } from '../api';
import type { MeAnswer, Permission } from '../me.svelte';

export interface User {
  name: string;
  real_name: string;
  mail: string;
  role: string;
  view: string | null;
  can_sign_in: boolean;
  created_at: number;
}
export interface Token {
  name: string;
  scopes: Permission[];
  view: string | null;
  owner: string | null;
  created_at: number;
  expires_at: number | null;
  last_used_at: number | null;
}
export interface Session {
  id: string;
  address: string;
  agent: string;
  current: boolean;
  created_at: number;
  last_used_at: number | null;
}
export interface AuditEntry {
  number: number;
  at: number;
  who: string;
  kind: string;
  address: string;
  action: string;
  target: string;
  status: number;
  before: string;
  after: string;
}

export const kRoles = ['viewer', 'responder', 'editor', 'admin'] as const;
export const kScopes: [string, string][] = [
  ['write', 'send points, events, other systems’ alerts'],
  ['read', 'look at everything it may see'],
  ['alerts', 'acknowledge, resolve, silence, mark'],
  ['config', 'read and change the configuration, replays'],
  ['admin', 'everything, people and tokens too'],
];

const one = (path: string, name: string) => `${path}/${encodeURIComponent(name)}`;

export const access = {
  login: (user: string, password: string) =>
    call<MeAnswer>('POST', '/api/v1/login', { user, password }),
  offers: () => call<{ setup: boolean; needed: boolean }>('GET', '/api/v1/login'),
  setup: (body: Record<string, string>) => call<MeAnswer>('POST', '/api/v1/setup', body),
  logout: () => call<unknown>('POST', '/api/v1/logout'),
  changeOwn: (body: Record<string, string>) => call<unknown>('PUT', '/api/me', body),
  ownPassword: (old: string, fresh: string) =>
    call<unknown>('POST', '/api/v1/me/password', { old, new: fresh }),
  sessions: () =>
    call<{ sessions: Session[] }>('GET', '/api/v1/me/sessions').then((a) => a.sessions),
  endSession: (id: string) => call<unknown>('DELETE', one('/api/v1/me/sessions', id)),
  endOthers: () => call<{ ended: number }>('DELETE', '/api/v1/me/sessions'),
  users: () => call<{ users: User[] }>('GET', '/api/v1/users').then((a) => a.users),
  addUser: (body: Record<string, string>) => call<User>('POST', '/api/v1/users', body),
  changeUser: (name: string, body: Record<string, string>) =>
    call<unknown>('PUT', one('/api/v1/users', name), body),
  userPassword: (name: string, password: string) =>
    call<unknown>('POST', `${one('/api/v1/users', name)}/password`, { password }),
  removeUser: (name: string) => call<unknown>('DELETE', one('/api/v1/users', name)),
  tokens: () => call<{ tokens: Token[] }>('GET', '/api/v1/tokens').then((a) => a.tokens),
  addToken: (body: Record<string, unknown>) =>
    call<{ name: string; token: string }>('POST', '/api/v1/tokens', body),
  removeToken: (name: string) => call<unknown>('DELETE', one('/api/v1/tokens', name)),
  audit: (filter: URLSearchParams) =>
    call<{ entries: AuditEntry[] }>('GET', `/api/v1/audit?${filter}`).then((a) => a.entries),
};
