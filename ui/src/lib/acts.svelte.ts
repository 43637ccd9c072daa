// What a person can do to an alert. An act is done at once and can be undone, instead of asking
// first; what is refused says why. The forms (who, silence, note, resolve) are shown by App.
import { api } from './api';
import { me } from './me.svelte';
import { toggleAlert, toggleViolation, type Verdict } from './marks.svelte';
import { prefs } from './prefs.svelte';
import { sayWhy, toaster } from './toast.svelte';
import type { Alert, ViolationRow } from './types';
import { world } from './world.svelte';

export type Form =
  | { kind: 'who'; then: (() => void) | null }
  | { kind: 'open' }
  | { kind: 'silence' | 'note' | 'resolve' | 'shelve'; alert: Alert };
/** Has a dialog of its own. */
export type EscalateForm = { kind: 'escalate'; alert: Alert };

class Forms {
  open = $state.raw<Form | EscalateForm | null>(null);
  /** Counts finished acts, so that a page can load its details again. */
  done = $state(0);
}

export const forms = new Forms();

const nameOf = (alert: Alert) => [alert.rule, ...Object.values(alert.scope)].join(' ');

/** Runs `act` once the reader's name is known, if they may act at all. */
function named(act: () => void): void {
  const why = me.why('respond');
  if (why !== '') return toaster.say(why);
  if (prefs.name !== '') act();
  else forms.open = { kind: 'who', then: act };
}

function take(answer: Alert): void {
  world.take(answer);
  forms.done++;
}

export function acknowledge(alert: Alert): void {
  if (alert.state !== 'open') return toaster.say(`${nameOf(alert)} is over already.`);
  if (alert.acknowledged_by !== '') {
    return toaster.say(`${nameOf(alert)} is acknowledged by ${alert.acknowledged_by}.`);
  }
  named(() => {
    api.acknowledge(alert.id, prefs.name)
      .then((answer) => {
        take(answer);
        toaster.say(`${nameOf(alert)} acknowledged by ${prefs.name}.`, () => askWithdraw(alert));
      })
      .catch(sayWhy);
  });
}

/** All open alerts of a group. */
export function actOnGroup(id: string, what: 'acknowledge' | 'resolve', then: () => void): void {
  named(() => {
    api.actOnGroup(id, what, prefs.name)
      .then((answer) => {
        take(answer);
        toaster.say(`All of the group ${what}d by ${prefs.name}.`);
        then();
      })
      .catch(sayWhy);
  });
}

export function askWithdraw(alert: Alert): void {
  named(() => {
    api.unacknowledge(alert.id, prefs.name)
      .then((answer) => {
        take(answer);
        toaster.say(`${nameOf(alert)} is unanswered again.`);
      })
      .catch(sayWhy);
  });
}

export function askSilence(alert: Alert): void {
  named(() => (forms.open = { kind: 'silence', alert }));
}
/** Puts it aside until a time, or takes it back. */
export function askShelve(alert: Alert): void {
  if (alert.state !== 'open') return toaster.say(`${nameOf(alert)} is over already.`);
  if (!alert.shelf) return named(() => (forms.open = { kind: 'shelve', alert }));
  named(() => {
    api.unshelve(alert.id, prefs.name)
      .then((answer) => {
        take(answer);
        toaster.say(`${nameOf(alert)} is back from the shelf.`);
      })
      .catch(sayWhy);
  });
}
export function askNote(alert: Alert): void {
  named(() => (forms.open = { kind: 'note', alert }));
}
/** Asks whom: a call that was made cannot be taken back. */
export function askEscalate(alert: Alert): void {
  if (alert.state !== 'open') return toaster.say(`${nameOf(alert)} is over already.`);
  named(() => (forms.open = { kind: 'escalate', alert }));
}
export function askResolve(alert: Alert): void {
  if (alert.state !== 'open') return toaster.say(`${nameOf(alert)} is over already.`);
  named(() => (forms.open = { kind: 'resolve', alert }));
}

/** A trouble that customers or staff tell of. */
export function askOpen(): void {
  named(() => (forms.open = { kind: 'open' }));
}

/** Labels as a person writes them: `site=madrid, team=db`. */
export function labelsOf(text: string): Record<string, string> {
  const pairs = text.split(/[,\n]/).map((part) => part.trim()).filter((part) => part !== '');
  return Object.fromEntries(pairs.map((part) => {
    const at = part.indexOf('=');
    if (at < 1) throw new Error(`"${part}" is no label; write name=value`);
    return [part.slice(0, at).trim(), part.slice(at + 1).trim().replace(/^"(.*)"$/, '$1')];
  }));
}

export async function openAlert(
  summary: string, severity: string, labels: string, description: string,
): Promise<void> {
  const made = await api.openAlert(
    { summary, severity, labels: labelsOf(labels), description, by: prefs.name });
  take(made);
  toaster.say(`Opened: ${made.title}`);
}

/** Whether what a violation shows is normal from now on. */
export function answer(row: ViolationRow, how: 'accept' | 'keep'): void {
  named(() => {
    api.answer(row.id, how, prefs.name)
      .then(() => {
        world.answered(row.id, how);
        toaster.say(how === 'accept' ? `${row.series.name}: the new normal is accepted.`
          : `${row.series.name} stays open and does not ask again.`);
      })
      .catch(sayWhy);
  });
}

/** Whether it was worth being told; the same again takes it back. */
export function markAlert(alert: Alert, verdict: Verdict): void {
  named(() => toggleAlert(alert, verdict));
}
export function markViolation(row: ViolationRow, verdict: Verdict): void {
  named(() => toggleViolation(row, verdict));
}

/** The matchers a silence form starts with: the rule and every label of the scope. */
export function matchersOf(alert: Alert): string[] {
  const quote = (text: string) => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
  const scope = Object.keys(alert.scope).sort();
  return [`rule=${quote(alert.rule)}`, ...scope.map((n) => `${n}=${quote(alert.scope[n]!)}`)];
}

export async function silence(
  matchers: string[], until: number, comment: string,
): Promise<void> {
  const made = await api.silence({ matchers, until, comment, by: prefs.name });
  forms.done++;
  await world.load();
  toaster.say('Silenced.', () => {
    api.endSilence(made.id)
      .then(() => {
        forms.done++;
        toaster.say('Silence ended.');
        return world.load();
      })
      .catch(sayWhy);
  });
}

export async function shelve(alert: Alert, until: number, reason: string): Promise<void> {
  take(await api.shelve(alert.id, prefs.name, until, reason));
  toaster.say(`${nameOf(alert)} is shelved.`);
}

export async function note(alert: Alert, text: string): Promise<void> {
  take(await api.note(alert.id, prefs.name, text));
  toaster.say('Noted.');
}

export async function resolve(alert: Alert, reason: string): Promise<void> {
  take(await api.resolve(alert.id, prefs.name, reason));
  toaster.say(`${nameOf(alert)} resolved.`);
}
