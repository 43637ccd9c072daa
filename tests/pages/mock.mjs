// A stand-in for the program: serves ui/dist as the program does (same security headers) and plays
// the canned data of data.mjs, live stream included. POST /mock/… lets a test change the scene.
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { silencesAnswer } from './silences.mjs';
import * as data from './data.mjs';
import { makeAccess } from './access_data.mjs';
import { budgetAnswer } from './budget_data.mjs';
import { watchAnswer } from './watch_data.mjs';
import { cardinality } from './cardinality_data.mjs';
import { makeManager } from './manager_data.mjs';
import { causesAnswer } from './causes_data.mjs';
import { toldAnswer } from './told.mjs';
import { trendsAnswer } from './trends.mjs';
import { makeEscalation } from './escalation_data.mjs';
import { makeOnCall } from './oncall_data.mjs';
import { promAnswer } from './prom.mjs';
import { makeStore } from './store_data.mjs';
import { makeWorkshop } from './workshop_data.mjs';

const kTypes = {
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css',
  '.svg': 'image/svg+xml',
};
const kPolicy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
  "frame-ancestors 'none'; base-uri 'self'; form-action 'self'";

export async function startMock(dist) {
  const begun = Date.now();
  const workshop = makeWorkshop();
  const onCallAnswer = makeOnCall();
  const storeAnswer = makeStore();
  let escalationAnswer = makeEscalation();
  const scene = {
    calm: false, ready: true, failing: false, hostile: false, repeating: false, hold: null,
    sent: [], requests: [], answered: new Map(),
    alerts: [], past: [], silences: [...data.silences], streams: new Set(),
  };
  /** The scene's clock starts 165 s into the story and runs at the usual speed. */
  const now = () => data.kT0 + 165_000 + (Date.now() - begun);
  scene.alerts = data.alerts(now());
  scene.past = data.resolved(now());

  const send = (event, value) => {
    for (const stream of scene.streams) {
      stream.write(`event: ${event}\ndata: ${JSON.stringify(value)}\n\n`);
    }
  };
  const status = () => data.status(now(), scene.ready ? {} : {
    ready: false, progress: { stage: 'importing history', done: 120, total: 400 },
  });
  const change = (alert, fields) => {
    Object.assign(alert, fields, { updated_at: now() });
    send('alert', alert);
    return alert;
  };
  const people = makeAccess();
  const managing = makeManager();
  const second = setInterval(() => send('status', status()), 1000);
  const beat = setInterval(() => send('now', { kpis: data.ticks(now(), scene.calm) }), 2000);

  const acts = {
    acknowledge: (alert, body) =>
      change(alert, { acknowledged_by: body.by, acknowledged_at: now(), next: null }),
    unacknowledge: (alert) => change(alert, { acknowledged_by: '', acknowledged_at: null }),
    resolve: (alert, body) =>
      change(alert, { state: 'resolved', resolved_at: now(), resolve_reason: body.reason }),
    note: (alert, body) => change(alert, {
      notes: [...(alert.notes ?? []), { time: now(), who: body.by, text: body.text }],
    }),
  };
  const mock = {
    quiet: () => {
      scene.calm = true;
      scene.alerts = [];
    },
    hostile: () => {
      scene.hostile = true;
    },
    trouble: () => {
      scene.silences = [...data.silences];
      mock.release();
      Object.assign(scene, {
        calm: false, ready: true, failing: false, hostile: false, repeating: false,
      });
      scene.replays = 0;
      escalationAnswer = makeEscalation();
      scene.alerts = data.alerts(now());
    },
    open: () => {
      const alert = {
        ...data.alerts(now())[2], id: data.id('new'), rule: 'deposits-low', severity: 'high',
        scope: { site: 'rome' }, title: 'deposits in rome 40 % below the expected 50–70',
        title_subject: 'deposits in rome 40 % below', opened_at: now(), acknowledged_by: '',
        acknowledged_at: null,
      };
      scene.alerts.push(alert);
      send('alert', alert);
      send('violation', { ...data.violations(now())[0], id: data.id(`v${now()}`), time: now() });
    },
    /** Every list says each of its rows twice; the stream says one violation three times. */
    repeat: () => {
      scene.repeating = true;
      const row = data.violations(now()).at(-1);
      for (const ms of [0, 0, 1]) send('violation', { ...row, time: now() + ms });
    },
    resolve: () => {
      const alert = scene.alerts.find((a) => a.rule === 'deposits-low');
      change(alert, { state: 'resolved', resolved_at: now(), resolve_reason: 'recovered' });
    },
    importing: () => {
      scene.ready = false;
    },
    ready: () => {
      scene.ready = true;
      send('status', status());
    },
    fail: () => {
      scene.failing = true;
      for (const stream of scene.streams) stream.destroy();
    },
    mend: () => {
      scene.failing = false;
    },
    hold: () => {
      scene.hold = Promise.withResolvers ? Promise.withResolvers() : withResolvers();
    },
    release: () => {
      scene.hold?.resolve();
      scene.hold = null;
    },
  };

  async function api(request, url, body) {
    const path = url.pathname;
    const query = url.searchParams;
    const alert = (id) => [...scene.alerts, ...scene.past].find((a) => a.id === id);
    const trended = trendsAnswer(path, query, now(), scene);
    if (trended !== null) return trended;
    const tellings = toldAnswer(request.method, path, body, now(), scene);
    if (tellings !== null) return tellings;
    const escalated = escalationAnswer(request.method, path, body, alert);
    if (escalated !== null) return escalated;
    const asked = people.answer(request, path, query, body);
    if (asked !== null) return asked;
    const managed = await managing.answer(request.method, path, body, now(), scene.calm);
    if (managed !== null) return managed;
    const fromWorkshop = workshop.answer(request.method, path, body, now());
    if (fromWorkshop !== null) return fromWorkshop;
    const onCall = onCallAnswer(request.method, path, query, body, now(), scene);
    if (onCall !== null) return onCall;
    const budgeted = budgetAnswer(request.method, path, scene, now());
    if (budgeted !== null) return budgeted;
    const stored = storeAnswer(request.method, path, now(), scene.calm);
    if (stored !== null) return stored;
    const watched = watchAnswer(request.method, path, query, now());
    if (watched !== null) return watched;
    if (path.startsWith('/api/v1/')) {
      const answer = promAnswer(decodeURIComponent(path.slice(8)), query, now());
      if (answer !== null) return answer;
    }
    if (path === '/api/status') return [200, status()];
    if (path === '/api/now') return [200, data.board(now(), scene.alerts, scene.calm)];
    if (path === '/api/alerts') return [200, listed(scene, query)];
    if (path === '/api/violations') {
      return [200, { violations: scene.calm ? [] : data.violations(now(), scene.answered) }];
    }
    const quiet = silencesAnswer(request.method, path, body, now(), scene);
    if (quiet !== null) return quiet;
    if (path === '/api/silences' && request.method === 'POST') return silence(scene, body, now());
    if (path === '/api/silences') return [200, { silences: scene.silences }];
    if (path === '/api/workers') return [200, { workers: data.workers() }];
    if (path === '/api/senders') return [200, { senders: data.senders(now(), scene.sent) }];
    const caused = causesAnswer(path, query, scene, now());
    if (caused !== null) return caused;
    if (path === '/api/cardinality') return [200, cardinality(now(), query, scene.calm)];
    if (path === '/api/inbox') return [200, { messages: data.inbox(now(), scene.hostile) }];
    if (path === '/api/receivers') return [200, { receivers: data.receivers(now()) }];
    if (path === '/api/boards') {
      return [200, { boards: scene.calm ? [] : data.boards().map(({ rows, ...one }) => ({
        id: one.id, title: one.title, description: one.description, place: one.place,
        panels: rows.reduce((sum, row) => sum + row.panels.length, 0),
      })) }];
    }
    if (path === '/api/series/band') return bandOf(query, now());
    const parts = path.split('/').slice(2).map(decodeURIComponent);
    if (parts[0] === 'workers') {
      const worker = data.worker(parts[1], now());
      return worker ? [200, worker] : [404, { error: `no worker ${parts[1]}` }];
    }
    if (parts[0] === 'boards') {
      const board = data.boards().find((one) => one.id === parts[1]);
      return board ? [200, board] : [404, { error: `there is no board ${parts[1]}` }];
    }
    if (parts[0] === 'violations' && request.method === 'POST') {
      scene.answered.set(parts[1], parts[2]);
      return [204, ''];
    }
    if (parts[0] === 'receivers') {
      return [200, { id: 9, receiver: parts[1], kind: 'webhook', event: 'test', state: 'sent',
        attempts: 1, planned: now(), sent: now(), next_try: null, answer: '200 in 3 ms' }];
    }
    if (parts[0] === 'silences' && request.method === 'DELETE') {
      scene.silences = scene.silences.filter((s) => s.id !== parts[1]);
      return [200, {}];
    }
    const found = parts[0] === 'alerts' ? alert(parts[1]) : undefined;
    if (!found) return [404, { error: `show ${path}: there is nothing of this name` }];
    if (parts.length === 2) return [200, data.detail(found, now())];
    return [200, acts[parts[2]](found, body)];
  }

  async function serve(request, response) {
    const url = new URL(request.url, 'http://mock');
    let text = '';
    for await (const chunk of request) text += chunk;
    scene.requests.push({
      method: request.method, path: url.pathname, query: url.searchParams, body: text,
      headers: request.headers,
    });
    if (url.pathname.startsWith('/mock/')) {
      mock[url.pathname.slice(6)]();
      return response.end();
    }
    if (scene.failing) return response.destroy();
    if (url.pathname === '/write') {
      const [head, field] = text.trim().split(' ');
      scene.sent.push({
        name: head.split(',')[0], value: Number(field.split('=')[1]), time: now(),
      });
      response.writeHead(204);
      return response.end();
    }
    if (url.pathname === '/api/stream') {
      response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
      response.write(': here\n\n');
      scene.streams.add(response);
      response.on('close', () => scene.streams.delete(response));
      return undefined;
    }
    if (url.pathname.startsWith('/api/')) {
      if (scene.hold) await scene.hold.promise;
      const [code, value] = await api(request, url, text === '' ? {} : JSON.parse(text));
      response.writeHead(code, { 'Content-Type': 'application/json' });
      return response.end(JSON.stringify(scene.repeating ? twice(value) : value));
    }
    return file(dist, url.pathname, response);
  }

  const server = createServer((request, response) => {
    serve(request, response).catch((error) => {
      response.writeHead(500);
      response.end(String(error));
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    scene,
    manager: managing.scene,
    people,
    workshop: workshop.scene,
    close() {
      clearInterval(second);
      clearInterval(beat);
      server.closeAllConnections();
      server.close();
    },
  };
}

/** The same answer with each row of its lists said twice, at every depth but in points. */
function twice(value) {
  if (Array.isArray(value)) {
    const rows = value.map(twice);
    return typeof value[0] === 'object' && !Array.isArray(value[0]) ? [...rows, ...rows] : rows;
  }
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(
    ([name, member]) => [name, name === 'tree' ? member : twice(member)]));
}

function withResolvers() {
  const made = {};
  made.promise = new Promise((resolve) => {
    made.resolve = resolve;
  });
  return made;
}

function listed(scene, query) {
  const want = query.get('state') ?? 'all';
  const fits = (a) => (want === 'all' || (want === 'open') === (a.state === 'open')) &&
    ['severity', 'rule'].every((n) => !query.get(n) || a[n] === query.get(n)) &&
    (!query.get('site') || a.scope.site === query.get('site'));
  const open = query.get('before') ? [] : scene.alerts.filter(fits);
  const past = scene.past.filter(fits).sort((a, b) => b.resolved_at - a.resolved_at);
  const from = past.findIndex((a) => a.id === query.get('before')) + 1;
  const page = past.slice(from, from + Number(query.get('limit') ?? 100) - open.length);
  const more = from + page.length < past.length && page.length > 0;
  return { alerts: [...open, ...page], complete: true, next: more ? page.at(-1).id : null };
}

function silence(scene, body, now) {
  if (!body.comment || !body.until) {
    return [400, { error: 'silence: an end and a comment are required' }];
  }
  const made = { id: `sil-${scene.silences.length + 1}`, created_at: now, muted: 0, ...body };
  scene.silences.push(made);
  return [200, made];
}

function bandOf(query, now) {
  const text = query.get('series');
  const labels = Object.fromEntries(
    [...text.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));
  return [200, data.band(text.split('{')[0], labels, query.get('worker'), Number(query.get('from')),
    Number(query.get('to')), Number(query.get('width')), now)];
}

/** A hashed file by its name; every other address is the application itself. */
async function file(dist, path, response) {
  const wanted = extname(path) === '' ? '/index.html' : normalize(path);
  try {
    const bytes = await readFile(join(dist, wanted));
    response.writeHead(200, {
      'Content-Type': kTypes[extname(wanted)] ?? 'application/octet-stream',
      'Content-Security-Policy': kPolicy, 'X-Content-Type-Options': 'nosniff',
      'X-Frame-Options': 'DENY', 'Referrer-Policy': 'same-origin',
    });
    response.end(bytes);
  } catch {
    response.writeHead(404);
    response.end();
  }
}
