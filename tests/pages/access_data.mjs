// The stand-in's people, tokens and audit log: docs/http-api.md, "Who asks".
export function makeAccess() {
  const fresh = () => ({
    who: 'here', required: false, setup: false, csrf: 'csrf-1', headers: [],
    users: [
      { name: 'ada', real_name: 'Ada L.', mail: 'ada@example.com', role: 'admin', view: null,
        can_sign_in: true, created_at: 1795000000000 },
      { name: 'acme', real_name: '', mail: '', role: 'viewer', view: 'customer="acme"',
        can_sign_in: false, created_at: 1795100000000 },
    ],
    tokens: [{ name: 'telegraf', scopes: ['write'], view: null, owner: null,
      created_at: 1795000000000, expires_at: null, last_used_at: 1795411000000 }],
    sessions: [
      { id: 's1', address: '10.0.0.9', agent: 'Firefox', current: true,
        created_at: 1795400000000, last_used_at: 1795411000000 },
      { id: 's2', address: '10.0.0.7', agent: 'Chromium on a phone', current: false,
        created_at: 1795300000000, last_used_at: 1795310000000 },
    ],
    audit: Array.from({ length: 130 }, (_, i) => ({
      number: 130 - i, at: 1795411000000 - i * 60_000, who: i % 3 ? 'ada' : 'bob', kind: 'user',
      address: '10.0.0.9', action: i % 2 ? 'alert.acknowledge' : 'silence.add', target: `t${i}`,
      status: 200, before: '', after: '{"comment":"why"}',
    })),
  });
  const scene = fresh();
  const kMay = {
    viewer: ['read'], responder: ['read', 'respond'],
    editor: ['read', 'respond', 'configure', 'write'],
    admin: ['read', 'respond', 'configure', 'write', 'admin'],
  };
  const me = () => {
    const user = scene.users.find((one) => one.name === scene.who);
    return user === undefined
      ? { kind: 'here', name: '', real_name: '', mail: '', role: 'admin', permissions: kMay.admin,
        view: null, csrf: null }
      : { kind: 'user', name: user.name, real_name: user.real_name, mail: user.mail,
        role: user.role, permissions: kMay[user.role], view: user.view, csrf: scene.csrf };
  };
  const sign = (body) => {
    if (body.password !== 'correct horse') {
      return [401, { error: 'no such user, or the password is wrong' }];
    }
    scene.who = body.user;
    return [200, me()];
  };
  const gone = [204, undefined];
  const without = (list, key, value) => {
    const at = list.findIndex((one) => one[key] === value);
    if (at < 0) return [404, { error: `there is no ${value}` }];
    list.splice(at, 1);
    return gone;
  };
  function audit(query) {
    const below = Number(query.get('below') ?? Infinity);
    const entries = scene.audit.filter((one) => one.number < below &&
      (!query.get('who') || one.who === query.get('who')) &&
      (!query.get('action') || one.action.startsWith(query.get('action'))));
    return [200, { entries: entries.slice(0, Number(query.get('limit') ?? 100)) }];
  }
  function answer(request, path, query, body) {
    const { method } = request;
    const last = decodeURIComponent(path.split('/').at(-1));
    if (path === '/api/v1/login' && method === 'GET') {
      return [200, { setup: scene.setup, needed: scene.required }];
    }
    if (path === '/api/v1/login') return sign(body);
    if (path === '/api/v1/setup') {
      if (body.secret !== 'first') return [403, { error: 'this set-up link is not valid' }];
      scene.users.push({ ...scene.users[0], name: body.name });
      return sign({ user: body.name, password: 'correct horse' });
    }
    if (scene.required && scene.who === 'here') return [401, { error: 'sign in' }];
    if (method !== 'GET' && scene.who !== 'here' &&
      request.headers['x-tocsin-csrf'] !== scene.csrf) return [403, { error: 'no CSRF token' }];
    if (path === '/api/me' && method === 'PUT') {
      Object.assign(scene.users.find((one) => one.name === scene.who), body);
      return gone;
    }
    if (path === '/api/me') return [200, me()];
    if (path === '/api/v1/logout') {
      scene.who = 'here';
      return gone;
    }
    if (path === '/api/v1/me/password') {
      return body.old === 'correct horse' ? gone : [400, { error: 'the old one is wrong' }];
    }
    if (path === '/api/v1/me/sessions' && method === 'DELETE') {
      scene.sessions = scene.sessions.filter((one) => one.current);
      return [200, { ended: 1 }];
    }
    if (path === '/api/v1/me/sessions') return [200, { sessions: scene.sessions }];
    if (path.startsWith('/api/v1/me/sessions/')) return without(scene.sessions, 'id', last);
    if (path === '/api/v1/users' && method === 'POST') {
      const user = { ...body, view: body.view || null, can_sign_in: true, created_at: Date.now() };
      delete user.password;
      scene.users.push(user);
      return [200, user];
    }
    if (path === '/api/v1/users') return [200, { users: scene.users }];
    if (path.endsWith('/password')) return gone;
    if (path.startsWith('/api/v1/users/') && method === 'PUT') {
      const user = scene.users.find((one) => one.name === last);
      Object.assign(user, body, { view: body.view || null });
      return gone;
    }
    if (path.startsWith('/api/v1/users/')) return without(scene.users, 'name', last);
    if (path === '/api/v1/tokens' && method === 'POST') {
      scene.tokens.push({ name: body.name, scopes: body.scopes, view: body.view || null,
        owner: null, created_at: Date.now(), expires_at: body.expires_at ?? null,
        last_used_at: null });
      return [200, { name: body.name, token: 'toc_shown-once' }];
    }
    if (path === '/api/v1/tokens') return [200, { tokens: scene.tokens }];
    if (path.startsWith('/api/v1/tokens/')) return without(scene.tokens, 'name', last);
    if (path === '/api/v1/audit') return audit(query);
    return null;
  }
  return { scene, answer, reset: () => Object.assign(scene, fresh()) };
}
