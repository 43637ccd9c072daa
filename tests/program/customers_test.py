#!/usr/bin/env python3
"""Customers: told of their own troubles by receivers of their own, and shown nobody else's by any
route of the running program: every one is asked, and a new one has to say on which side it is."""
import http.client
import json
import re
import time
import unittest

import server

CONFIG = """
access: {required: true}
supervisor: {storm: {openings: 0}}
people: [{name: olga-of-umbrella}]
schedules:
  - name: umbrella-first
    zone: UTC
    layers: [{people: [olga-of-umbrella], rotate: 1d, hand_off: "09:00", start: 2026-01-01}]
receivers:
  - {name: hub, kind: webhook, url: "%(url)s/hub"}
  - {name: acme-hook, kind: webhook, url: "%(url)s/acme"}
  - {name: umbrella-hook, kind: webhook, url: "%(url)s/umbrella"}
  - {name: acme-own, kind: webhook, url: "%(url)s/acme-own"}
routes:
  - receivers: [hub, acme-hook, umbrella-hook]
    group_by: []
    group_wait: 1s
    group_interval: 1s
customers:
  - {name: acme, view: 'customer="acme"', receivers: [acme-hook, acme-own]}
  - {name: umbrella, view: 'customer="umbrella"', receivers: umbrella-hook}
workers:
  - {id: logins, select: [logins], tier: kpi, models: [{kind: threshold, above: 100}]}
maintenance:
  - {name: acme-nightly, matchers: [customer=acme, job=batch], comment: batch, zone: UTC,
     start: 2026-01-01T01:00, duration: 1h, rrule: FREQ=DAILY, until: 2036-01-01T00:00}
  - {name: umbrella-nightly, matchers: [customer=umbrella], comment: umbrella, zone: UTC,
     start: 2026-01-01T01:00, duration: 1h, rrule: FREQ=DAILY, until: 2036-01-01T00:00}
boards:
  - id: shared
    title: Logins
    restricted: true
    rows: [{panels: [{title: Logins, query: sum by (customer) (logins)}]}]
  - id: house
    title: Umbrella
    rows: [{panels: [{title: umbrella, query: 'logins{customer="umbrella"}'}]}]
groups:
  - name: own
    interval: 1s
    rules: [{alert: Watched, expr: logins > 0, for: 1h}]
"""

BAND = "logins%%7Bcustomer%%3D%%22%s%%22,host%%3D%%22%s-db%%22%%7D"

# What a restricted user may ask, with the questions that are worth asking. Every other reading route
# of the program is in REFUSED.
SHOWN = {
    "/-/healthy": [""], "/-/ready": [""], "/ping": [""], "/health": [""],
    "/api/status": [""], "/api/now": [""],
    "/api/alerts": ["?state=all", "?state=resolved"],
    "/api/alerts/:id": [""],
    "/api/alerts/:id/why": ["?who=hub", "?who=ann"],
    "/api/alerts/:id/causes": ["", "?from={begin}&to={end}"],
    "/api/causes": ["?from={begin}&to={end}",
                    "?from={begin}&to={end}&series=logins%7Bcustomer%3D%22umbrella%22%7D"],
    "/api/ledger": ["?limit=1000", "?limit=1000&format=csv", "?label=customer=umbrella",
                    "?kind=delivery&limit=1000"],
    "/api/trends": ["?by=rule", "?by=severity", "?by=label&label=customer", "?by=label&label=host"],
    "/api/alert-groups": [""], "/api/alert-groups/:id": [""],
    "/api/silences": [""], "/api/silences/:id": [""], "/api/maintenance": [""],
    "/api/violations": [""],
    "/api/series": ["", "?match=logins"], "/api/series/range": ["?match=logins"],
    "/api/series/last": ["?points=1&match=logins", "?points=1"],
    "/api/series/latest": ["?match=*"],
    "/api/series/band": [f"?series={BAND % ('umbrella', 'umbrella')}",
                         f"?series={BAND % ('acme', 'acme')}"],
    "/api/boards": [""], "/api/boards/:id": [""],
    "/api/v1/changes": ["", "?match=%7Bcustomer%3D%22umbrella%22%7D"],
    "/api/v1/query": ["?query=logins", "?query=logins%7Bcustomer%3D%22umbrella%22%7D",
                      "?query=sum(%7B__name__%3D~%22.%2B%22%7D)by(customer)", "?query=ALERTS"],
    "/api/v1/query_range": ["?query=logins&start={begin_s}&end={end_s}&step=60"],
    "/api/v1/query_exemplars": ["?query=logins&start={begin_s}&end={end_s}"],
    "/api/v1/format_query": ["?query=a%2Bb"],
    "/api/v1/series": ["?match[]=%7B__name__%3D~%22.%2B%22%7D"],
    "/api/v1/labels": ["", "?match[]=logins"],
    "/api/v1/label/:name/values": [""],
    "/api/v1/alerts": [""],
    "/api/v1/status/buildinfo": [""], "/api/v1/status/config": [""], "/api/v1/status/flags": [""],
    "/api/me": [""], "/api/v1/login": [""], "/api/v1/me/sessions": [""], "/api/v1/tokens": [""],
    "/oncall/:file": [""], "/oncall/people/:file": [""], "/act/:token": [""],
}
for prefix in ("", "/alertmanager"):
    SHOWN.update({prefix + "/api/v2/status": [""], prefix + "/api/v2/receivers": [""],
                  prefix + "/api/v2/alerts": ["", "?filter=customer%3D%22umbrella%22"],
                  prefix + "/api/v2/alerts/groups": [""], prefix + "/api/v2/silences": [""],
                  prefix + "/api/v2/silence/:id": [""]})

REFUSED = {
    "/metrics", "/api/stages", "/api/v2/buckets", "/query", "/api/alerts/:id/escalation",
    "/api/v1/marks", "/api/inbox", "/api/receivers", "/heartbeat/:name", "/api/heartbeats", "/api/oncall",
    "/api/oncall/:schedule", "/api/senders", "/api/cardinality", "/api/workers",
    "/api/workers/:id", "/api/v1/workers/:id", "/api/v1/workers/:id/quality",
    "/api/v1/workers/:id/proposals", "/api/v1/coverage", "/api/v1/budget", "/api/rules",
    "/api/v1/replays", "/api/v1/replays/:id", "/api/v1/metadata", "/api/v1/status/runtimeinfo",
    "/api/v1/status/tsdb", "/api/v1/rules", "/api/v1/config", "/api/v1/config/history",
    "/api/v1/config/history/:id", "/api/store/stats", "/api/store/verify", "/api/store/compact",
    "/api/v1/users", "/api/v1/users/:name/sessions", "/api/v1/audit", "/api/v1/audit/export",
    "/api/v1/routes",
}

# What changes nothing but the user's own, or only asks a question too long for an address.
OWN = {
    "POST /api/silences/preview", "PUT /api/me", "POST /api/v1/login", "POST /api/v1/logout",
    "POST /api/v1/setup", "POST /api/v1/me/password", "DELETE /api/v1/me/sessions",
    "DELETE /api/v1/me/sessions/:id", "POST /api/v1/tokens", "DELETE /api/v1/tokens/:name",
    "POST /api/v1/query", "POST /api/v1/query_range", "POST /api/v1/query_exemplars",
    "POST /api/v1/format_query", "POST /api/v1/series", "POST /api/v1/labels",
    # Their own signatures say who acts: a link in a message, Slack.
    "POST /act/:token", "POST /api/slack/actions",
}


def at(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


def alert(name, customer):
    labels = {"alertname": name, "severity": "high", "host": f"{customer}-db"}
    if customer != "nobody":
        labels["customer"] = customer
    return {"labels": labels, "annotations": {"summary": f"{name} of {customer} is down"},
            "startsAt": at(-60), "endsAt": at(900)}


class CustomersTest(unittest.TestCase):
    def setUp(self):
        self.hook = server.Hook()
        self.addCleanup(self.hook.close)
        self.tocsin = server.Tocsin({"a.yaml": CONFIG % {"url": self.hook.url}})
        self.addCleanup(self.tocsin.close)
        self.tocsin.start()
        self.root = self.token("root", "admin")
        # Whatever else it may do: it is the view that refuses.
        self.acme = self.token("acme", "read,alerts,config,write,admin", "--view",
                               'customer="acme"')

    def token(self, name, scope, *more):
        done = server.run("token", "create", "--data", self.tocsin.data, "--name", name, "--scope",
                          scope, *more)
        self.assertEqual(done.returncode, 0, done.stderr)
        return {"Authorization": "Bearer " + done.stdout.strip()}

    def ask(self, path, who=None):
        return self.tocsin.get(path, who or self.root)

    def done(self, method, path, body, status=200):
        answer = self.tocsin.call(method, path, json.dumps(body),
                                  {"Content-Type": "application/json", **self.root})
        self.assertEqual(answer.status, status, f"{path}: {answer}")
        return answer.json() if answer.body else None

    def said(self, path):
        return "\n".join(r["body"].decode() for r in self.hook.at(path))

    def trouble(self):
        lines = ["logins,customer=acme,host=acme-db value=1",
                 "logins,customer=umbrella,host=umbrella-db value=2", "host_load,host=h1 value=3"]
        written = self.tocsin.call("POST", "/write", "\n".join(lines), self.root)
        self.assertEqual(written.status, 204, written)
        self.done("POST", "/api/v2/alerts", [alert("Login", "acme"), alert("Login", "umbrella"),
                                             alert("Pay", "umbrella"), alert("Rack", "nobody")])
        server.until("everybody is told", lambda: all(
            self.hook.at(path) for path in ("/hub", "/acme", "/umbrella", "/acme-own")))
        self.alerts = {}
        for one in self.ask("/api/alerts").json()["alerts"]:
            self.alerts[(one["rule"], one["scope"].get("customer", ""))] = one["id"]
        for customer in ("acme", "umbrella"):
            silence = {"matchers": [f'customer="{customer}"', "alertname=Never"],
                       "until": server.now_ms() + 600_000, "comment": f"for {customer}",
                       "by": "ann"}
            self.done("POST", "/api/silences", silence)
            self.done("POST", "/api/v1/changes", {"kind": "deploy", "title": f"{customer} 2.1",
                                                  "labels": {"customer": customer}, "by": "ann"})
            self.done("POST", f"/api/alerts/{self.alerts[('Login', customer)]}/note",
                      {"text": f"seen at {customer}", "by": "ann"})
        self.done("POST", f"/api/alerts/{self.alerts[('Pay', 'umbrella')]}/acknowledge",
                  {"by": "olga-of-umbrella"})

    def test_each_is_told_of_his_own(self):
        self.trouble()
        for path, own, others in (("/acme", "acme", ("umbrella", "Rack")),
                                  ("/acme-own", "acme", ("umbrella", "Rack")),
                                  ("/umbrella", "umbrella", ("acme", "Rack"))):
            said = self.said(path)
            self.assertIn(own, said, path)
            for word in others:
                self.assertNotIn(word, said, path)
            self.assertNotIn("/act/", said, path + ": a customer reads, and does not act")
        for word in ("acme", "umbrella", "Rack"):
            self.assertIn(word, self.said("/hub"))
        ended = alert("Login", "umbrella")
        ended["endsAt"] = at(-1)
        self.done("POST", "/api/v2/alerts", [ended])
        server.until("the end is told", lambda: "Login of umbrella" in self.said("/hub")
                     and '"resolved"' in self.said("/umbrella"))
        self.assertNotIn("umbrella", self.said("/acme") + self.said("/acme-own"))

    def paths(self, route, queries):
        found = self.known
        choices = {":id": found["ids"], ":name": ["customer", "host", "__name__"],
                   ":file": ["umbrella.ics"], ":token": ["x"]}
        name = (re.findall(r":\w+", route) or [""])[0]
        now = server.now_ms()
        times = {"begin": now - 600_000, "end": now, "begin_s": (now - 600_000) // 1000,
                 "end_s": now // 1000}
        for value in choices.get(name, [""]):
            for query in queries:
                yield (route.replace(name, value) if name else route) + query.format(**times)

    def test_every_route_shows_a_customer_nothing_of_another(self):
        self.trouble()
        listed = self.ask("/api/v1/routes").json()["routes"]
        reading = {r["path"] for r in listed if r["method"] == "GET"} - {"/api/stream"}
        self.assertEqual(reading - set(SHOWN) - REFUSED, set(),
                         "a new route: may a restricted user ask it? Then into SHOWN, else REFUSED")
        self.assertEqual((set(SHOWN) | REFUSED) - reading, set(), "these are gone")
        groups = self.ask("/api/alert-groups").json()["groups"]
        self.assertEqual(len(groups), 3, groups)
        silences = self.ask("/api/silences").json()["silences"]
        uuids = [one["id"] for one in self.ask("/api/v2/silences").json()]
        self.known = {"ids": [*self.alerts.values(), *(g["id"] for g in groups),
                              *(s["id"] for s in silences), *uuids, "shared", "house", "1"]}
        asked, shown = 0, set()
        for route, queries in SHOWN.items():
            for path in self.paths(route, queries):
                answer = self.ask(path, self.acme)
                asked += 1
                if route == "/api/v1/me/sessions":
                    self.assertEqual(answer.status, 403, "a token has no sessions")
                    shown.add(route)
                    continue
                # Refusals name what was asked for.
                self.assertIn(answer.status, (200, 204, 401, 404, 422), f"{path}: {answer}")
                if answer.status >= 400:
                    continue
                shown.add(route)
                text = answer.text
                self.assertNotIn("umbrella", text, f"GET {path}")
                self.assertNotIn("Rack", text, f"GET {path}")
        self.assertGreater(asked, 200)
        # Those have tokens of their own, which nobody has made here.
        signed = {"/oncall/:file", "/oncall/people/:file", "/act/:token"}
        self.assertEqual(set(SHOWN) - shown - signed, set(), "none of these was ever answered")
        for route in REFUSED:
            answer = self.ask(re.sub(r":\w+", "1", route), self.acme)
            self.assertEqual(answer.status, 403, f"{route}: {answer}")
            self.assertNotIn("umbrella", answer.text, route)

    def test_what_is_theirs_is_shown(self):
        self.trouble()
        mine, other = self.alerts[("Login", "acme")], self.alerts[("Login", "umbrella")]
        for path in (f"/api/alerts/{mine}", f"/api/alerts/{mine}/why?who=hub", "/api/alerts",
                     "/api/ledger", "/api/trends?by=label&label=customer", "/api/alert-groups",
                     "/api/silences", "/api/maintenance", "/api/v1/changes", "/api/v2/alerts",
                     "/api/v2/alerts/groups", "/api/v2/silences", "/api/v2/receivers",
                     "/api/series?match=logins", "/api/boards/shared"):
            answer = self.ask(path, self.acme)
            self.assertEqual(answer.status, 200, f"{path}: {answer}")
            self.assertRegex(answer.text, "acme|sum by|told", path)
        for path in (f"/api/alerts/{other}", f"/api/alerts/{other}/why?who=hub",
                     f"/api/alerts/{other}/causes", "/api/boards/house"):
            self.assertEqual(self.ask(path, self.acme).status, 404, path)
        trends = self.ask("/api/trends", self.acme).json()
        self.assertEqual((trends["alerts"], trends["people"]), (1, []))
        mixed = [g for g in self.ask("/api/alert-groups", self.acme).json()["groups"]]
        self.assertEqual({g["open"] for g in mixed}, {1}, "of a mixed group, his own are counted")
        ledger = self.ask(f"/api/alerts/{mine}", self.acme).json()["ledger"]
        self.assertTrue(any(row["group"] for row in ledger), "the mixed group's message is there")
        preview = self.tocsin.post("/api/silences/preview", {"matchers": ["alertname=Login"]},
                                   self.acme)
        self.assertEqual((preview.status, preview.json()["matched"]), (200, 1), preview)
        self.assertNotIn("umbrella", preview.text)

    def test_every_writing_route_is_refused(self):
        listed = self.ask("/api/v1/routes").json()["routes"]
        writing = {f"{r['method']} {r['path']}" for r in listed if r["method"] != "GET"}
        self.assertEqual(OWN - writing, set(), "these are gone")
        refused = writing - OWN
        self.assertGreater(len(refused), 40)
        for one in sorted(refused):
            method, route = one.split(" ", 1)
            answer = self.tocsin.call(method, re.sub(r":\w+", "1", route), "{}",
                                      {"Content-Type": "application/json", **self.acme})
            self.assertEqual(answer.status, 403, f"{one}: {answer}")
            self.assertIn("may see only", answer.text, one)

    def test_the_live_stream(self):
        self.trouble()
        link = http.client.HTTPConnection("127.0.0.1", self.tocsin.port, timeout=20)
        self.addCleanup(link.close)
        link.request("GET", "/api/stream", headers=self.acme)
        stream = link.getresponse()
        self.assertEqual(stream.status, 200)
        for customer in ("umbrella", "nobody", "acme"):
            self.done("POST", "/api/v2/alerts", [alert("Live", customer)])
        said = ""
        while "Live of acme" not in said:
            said += stream.readline().decode()
        self.assertNotIn("umbrella", said)
        self.assertNotIn("nobody", said)

    def test_who_may_own_what_is_checked(self):
        wrong = (CONFIG % {"url": self.hook.url}).replace(
            "receivers: umbrella-hook}", "receivers: acme-own}")
        wrong += 'policies: [{name: call, steps: [{tell: receiver acme-own}]}]\n'
        folder = self.tocsin.home / "wrong"
        folder.mkdir()
        (folder / "a.yaml").write_text(wrong)
        done = server.run("check", folder)
        self.assertEqual(done.returncode, 1)
        said = done.stdout + done.stderr
        self.assertRegex(said, r'a\.yaml:\d+:\d+: receivers: "acme-own" belongs to acme already')
        self.assertRegex(said, r'a\.yaml:\d+:\d+: tell: there is no receiver "acme-own"')


if __name__ == "__main__":
    server.main()
