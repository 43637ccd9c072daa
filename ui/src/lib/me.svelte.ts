// Who the server takes the reader for and what they may do. Pages hide or disable by it what the
// server would refuse, with the reason.
import { call, onUnknown, Refused, setCsrf } from './api';
import { prefs } from './prefs.svelte';

export type Permission = 'read' | 'respond' | 'configure' | 'write' | 'admin';

export interface MeAnswer {
  kind: 'here' | 'token' | 'user' | 'command';
  name: string;
  real_name: string;
  mail: string;
  role: string | null;
  permissions: Permission[];
  view: string | null;
  csrf: string | null;
}

/** The least role that may do it, for the reason shown. */
const kRoleOf: Record<Permission, string> = {
  read: 'viewer', respond: 'responder', configure: 'editor', write: 'editor', admin: 'admin',
};

class Me {
  /** `asking` until the first answer; `out`: nobody is signed in and somebody has to be. */
  state = $state<'asking' | 'in' | 'out'>('asking');
  who = $state.raw<MeAnswer | null>(null);

  constructor() {
    onUnknown(() => {
      if (this.state === 'in') this.state = 'out';
    });
  }

  async load(): Promise<void> {
    try {
      this.take(await call<MeAnswer>('GET', '/api/me'));
    } catch (error) {
      // No answer is no reason to ask for a password: the pages say themselves what fails.
      this.state = error instanceof Refused && error.status === 401 ? 'out' : 'in';
    }
  }

  take(who: MeAnswer): void {
    this.who = who;
    setCsrf(who.csrf ?? '');
    if (who.kind === 'user') prefs.name = who.name;
    this.state = 'in';
  }

  get person(): boolean {
    return this.who?.kind === 'user';
  }

  may(permission: Permission): boolean {
    return this.who === null || this.who.permissions.includes(permission);
  }

  /** Why not; empty if they may. */
  why(permission: Permission): string {
    if (this.may(permission)) return '';
    const role = this.who?.role ?? 'no role';
    return `Your role is ${role}; this needs ${kRoleOf[permission]}. Ask an administrator.`;
  }
}

export const me = new Me();

/** `use:needs={'respond'}`: disables a button with the reason while the reader may not. */
export function needs(node: HTMLButtonElement, permission: Permission): void {
  const title = node.title;
  $effect(() => {
    const why = me.why(permission);
    if (why === '') return;
    node.disabled = true;
    node.title = why;
    return () => {
      node.disabled = false;
      node.title = title;
    };
  });
}
