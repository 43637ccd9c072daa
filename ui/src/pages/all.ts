// Which component shows which route. The pages of an alert's first minute come with the program;
// the others when they are first opened.
import type { Component } from 'svelte';
import Alert from './Alert.svelte';
import Alerts from './Alerts.svelte';
import Inbox from './Inbox.svelte';
import Now from './Now.svelte';
import Nowhere from './Nowhere.svelte';
import Senders from './Senders.svelte';
import Worker from './Worker.svelte';
import Workers from './Workers.svelte';

// A detail page takes `id`, a list nothing: one type for both there is not.
export type Page = Component<any>;

export const kHere: Readonly<Record<string, Page>> = {
  now: Now, nowhere: Nowhere, alerts: Alerts, alert: Alert, inbox: Inbox, senders: Senders,
  workers: Workers, worker: Worker,
};

export const kLater: Readonly<Record<string, () => Promise<{ default: Page }>>> = {
  audit: () => import('./Audit.svelte'),
  board: () => import('./BoardPage.svelte'),
  boards: () => import('./Boards.svelte'),
  budget: () => import('./Budget.svelte'),
  cardinality: () => import('./Cardinality.svelte'),
  causes: () => import('./Causes.svelte'),
  coverage: () => import('./Coverage.svelte'),
  explore: () => import('./Explore.svelte'),
  groups: () => import('./Groups.svelte'),
  ledger: () => import('./LedgerPage.svelte'),
  oncall: () => import('./OnCall.svelte'),
  profile: () => import('./Profile.svelte'),
  receivers: () => import('./Receivers.svelte'),
  rules: () => import('./Rules.svelte'),
  silences: () => import('./Silences.svelte'),
  store: () => import('./StorePage.svelte'),
  told: () => import('./Told.svelte'),
  tokens: () => import('./Tokens.svelte'),
  trends: () => import('./Trends.svelte'),
  users: () => import('./Users.svelte'),
  watch: () => import('./HealthPage.svelte'),
  workshop: () => import('./Workshop.svelte'),
};
