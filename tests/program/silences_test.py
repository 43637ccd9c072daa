#!/usr/bin/env python3
"""Silences and maintenance windows from outside: the preview, what was muted, an end moved, windows
that come, hold, are ended by hand and taken out; who may not."""
import calendar
import json
import time
import unittest

import server

RECEIVERS = """
supervisor: {storm: {openings: 0}}
receivers: [{name: hub, kind: webhook, url: "%(url)s/hub"}]
routes: [{receivers: hub}]
"""


def at(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


def wall(seconds):
    """A minute of UTC's wall clock, so many seconds from now."""
    return time.strftime("%Y-%m-%dT%H:%M", time.gmtime(time.time() + seconds))


def window(name, begins, more=""):
    return (f"  - {{name: {name}, matchers: [site=madrid], comment: nightly batch, zone: UTC, "
            f"start: {wall(begins)}, duration: 2h, until: {wall(90 * 86400)}{more}}}\n")


class SilencesTest(unittest.TestCase):
    def start(self, more="", options=()):
        self.hook = server.Hook()
        self.addCleanup(self.hook.close)
        self.tocsin = server.Tocsin({"a.yaml": RECEIVERS % {"url": self.hook.url} + more},
                                    options=options)
        self.addCleanup(self.tocsin.close)
        return self.tocsin.start()

    def open(self, name, ends=900, **labels):
        told = [{"labels": {"alertname": name, "severity": "high", **labels},
                 "annotations": {"summary": f"{name} is wrong"}, "startsAt": at(-60),
                 "endsAt": at(ends)}]
        answer = self.tocsin.post("/api/v2/alerts", told)
        self.assertEqual(answer.status, 200, answer)

    def told(self):
        return [json.loads(r["body"])["alerts"][0]["labels"]["alertname"]
                for r in self.hook.at("/hub")]

    def silence(self, *matchers, until=3600, by="ada"):
        answer = self.tocsin.post("/api/silences", {
            "matchers": list(matchers), "until": server.now_ms() + until * 1000,
            "comment": "known", "by": by})
        self.assertEqual(answer.status, 200, answer)
        return answer.json()

    def test_a_preview_says_what_it_would_have_hidden(self):
        self.start()
        for number in range(25):
            self.open("errors", site="madrid", host=f"h{number}")
        self.open("errors", site="rome")
        self.open("over", site="madrid")
        self.open("over", site="madrid", ends=-1)
        server.until("all are there", lambda: len(self.tocsin.alerts()) == 27)
        server.until("one is over", lambda: len(self.tocsin.alerts("resolved")) == 1)

        def preview(*matchers, **more):
            return self.tocsin.post("/api/silences/preview", {"matchers": list(matchers), **more})
        cases = [
            (["site=madrid"], 26, 25), (["site=madrid", "rule=over"], 1, 0), (["site=oslo"], 0, 0),
            (["site!=madrid"], 1, 1), (["host=~h1.*"], 11, 11), (["host!~.+"], 2, 1),
            (["severity=high", "alertname=~over|errors"], 27, 26), (["severity=critical"], 0, 0),
        ]
        for matchers, matched, are_open in cases:
            answer = preview(*matchers)
            self.assertEqual(answer.status, 200, answer)
            found = answer.json()
            self.assertEqual((found["matched"], found["open"], found["complete"]),
                             (matched, are_open, True), matchers)
            self.assertEqual(len(found["alerts"]), min(20, matched), matchers)
        found = preview("site=madrid", "rule=over").json()["alerts"][0]
        self.assertEqual((found["title"], found["state"], found["labels"]["site"]),
                         ("over is wrong", "resolved", "madrid"))
        for wrong, words in (({"matchers": []}, "matchers"), ({}, "matchers"),
                             ({"matchers": ["site=~("]}, "site"),
                             ({"matchers": ["a=b"], "until": 1000}, "not in the future")):
            answer = self.tocsin.post("/api/silences/preview", wrong)
            self.assertEqual(answer.status, 400, f"{wrong}: {answer}")
            self.assertIn(words, answer.text)
        self.assertEqual(self.tocsin.json("/api/silences")["silences"], [], "nothing was made")

    def test_what_it_muted_and_an_end_that_moves(self):
        self.start()
        made = self.silence("site=madrid")
        self.open("errors", site="madrid")
        self.open("errors", site="rome")
        server.until("the other is told", lambda: self.told() == ["errors"])
        path = "/api/silences/" + made["id"]
        hits = server.until("the hit is written", lambda: self.tocsin.json(path)["alerts"])
        self.assertEqual([(h["rule"], h["labels"]["site"]) for h in hits], [("errors", "madrid")])
        found = self.tocsin.json(path)
        self.assertEqual((found["muted"], found["ended"], found["removed_by"]), (1, False, None))
        later = made["until"] + 3_600_000
        moved = self.tocsin.post(path, {"until": later, "by": "bob"})
        self.assertEqual((moved.status, moved.json()["until"]), (200, later), moved)
        self.assertEqual(self.tocsin.json("/api/silences")["silences"][0]["until"], later)
        for body, status in (({"until": 1000, "by": "bob"}, 400), ({"by": "bob"}, 400),
                             ({"until": server.now_ms() + 400 * server.DAY_MS, "by": "b"}, 400)):
            self.assertEqual(self.tocsin.post(path, body).status, status, body)
        self.tocsin.kill()
        self.tocsin.start()
        self.assertEqual(self.tocsin.json(path)["until"], later, "moved, and kept through a kill")
        ended = self.tocsin.call("DELETE", path + "?by=bob")
        self.assertEqual(ended.status, 204, ended)
        server.until("what holds still is told", lambda: len(self.told()) == 2)
        found = self.tocsin.json(path)
        self.assertEqual((found["ended"], found["removed_by"]), (True, "bob"))
        self.assertEqual(len(found["alerts"]), 1, "what it muted can be read afterwards")
        self.assertEqual(self.tocsin.call("DELETE", path).status, 404)
        self.assertEqual(self.tocsin.post(path, {"until": later, "by": "b"}).status, 404)
        self.assertEqual(self.tocsin.get("/api/silences/nothing").status, 404)

    def windows(self):
        return {one["name"]: one for one in self.tocsin.json("/api/maintenance")["windows"]}

    def reload(self, more):
        (self.tocsin.config / "a.yaml").write_text(RECEIVERS % {"url": self.hook.url} + more)
        answer = self.tocsin.post("/api/config/reload", {})
        self.assertEqual(answer.status, 200, answer)

    def test_windows_come_hold_and_are_taken_out(self):
        self.start("maintenance:\n" + window("now", -600, ", rrule: FREQ=DAILY") +
                   window("later", 86400))
        holds = server.until("it holds", lambda: self.windows()["now"]["silence"])
        self.assertIsNone(self.windows()["later"]["silence"])
        self.assertEqual(len(self.windows()["now"]["coming"]), 5)
        self.assertEqual(len(self.windows()["later"]["coming"]), 1)
        begin = calendar.timegm(time.strptime(wall(86400), "%Y-%m-%dT%H:%M")) * 1000
        self.assertAlmostEqual(self.windows()["later"]["coming"][0]["begin"], begin, delta=60_001)
        silence = self.tocsin.json("/api/silences/" + holds)
        self.assertEqual((silence["window"], silence["comment"]), ("now", "nightly batch"))
        self.open("errors", site="madrid")
        server.until("it is muted", lambda: self.tocsin.json("/api/silences/" + holds)["muted"])
        self.assertEqual(self.told(), [])
        self.reload("maintenance:\n" + window("later", 86400))
        server.until("taken out, it ends, and what holds is told", lambda: self.told())
        self.assertEqual(set(self.windows()), {"later"})
        ended = self.tocsin.json("/api/silences/" + holds)
        self.assertEqual((ended["ended"], ended["removed_by"]), (True, "configuration"))
        self.reload("maintenance:\n" + window("now", -600, ", rrule: FREQ=DAILY"))
        server.until("written again, it holds again", lambda: self.windows()["now"]["silence"])

    def test_who_is_called_configuration_ends_a_window_for_good(self):
        self.start("maintenance:\n" + window("now", -600))
        holds = server.until("it holds", lambda: self.windows()["now"]["silence"])
        ended = self.tocsin.call("DELETE", f"/api/silences/{holds}?by=configuration")
        self.assertEqual(ended.status, 204, ended)
        server.until("it is over", lambda: self.tocsin.json(f"/api/silences/{holds}")["ended"])
        self.assertEqual(self.tocsin.json(f"/api/silences/{holds}")["removed_by"],
                         "configuration (a person)")
        self.reload("maintenance:\n" + window("now", -600) + "# another version\n")
        self.tocsin.kill()
        self.tocsin.start()
        self.open("errors", site="madrid")
        server.until("it does not begin again: the alert is told", lambda: self.told())
        self.assertIsNone(self.windows()["now"]["silence"])

    def test_who_may_not(self):
        self.start("access: {required: true}\nmaintenance:\n" + window("now", -600))

        def token(name, scope, *more):
            done = server.run("token", "create", "--data", self.tocsin.data, "--name", name,
                              "--scope", scope, *more)
            self.assertEqual(done.returncode, 0, done.stderr)
            return {"Authorization": "Bearer " + done.stdout.strip()}
        responder = token("responder", "read,alerts")
        viewer = token("viewer", "read")
        customer = token("customer", "read,alerts", "--view", 'customer="acme"')
        body = {"matchers": ["site=rome", "customer=acme"], "until": server.now_ms() + 600_000,
                "comment": "x"}
        made = self.tocsin.post("/api/silences", body, responder)
        self.assertEqual(made.status, 200, made)
        other = self.tocsin.post("/api/silences", {**body, "matchers": ["site=rome"]}, responder)
        path = "/api/silences/" + made.json()["id"]
        hidden = "/api/silences/" + other.json()["id"]
        writing = [("POST", "/api/silences", body), ("POST", path, {"until": body["until"]}),
                   ("DELETE", path, None)]
        for who in (viewer, customer):
            for method, where, sent in writing:
                answer = self.tocsin.call(method, where, json.dumps(sent) if sent else None,
                                          {"Content-Type": "application/json", **who})
                self.assertEqual(answer.status, 403, f"{method} {where}: {answer}")
        nobody = self.tocsin.post("/api/silences", body)
        self.assertEqual(nobody.status, 401)
        for where in ("/api/silences", "/api/maintenance", path, hidden):
            self.assertEqual(self.tocsin.get(where, viewer).status, 200, where)
        self.assertEqual(self.tocsin.post("/api/silences/preview", body, viewer).status, 200)
        listed = self.tocsin.get("/api/silences", customer).json()["silences"]
        self.assertEqual([one["id"] for one in listed], [made.json()["id"]])
        self.assertEqual(self.tocsin.get("/api/maintenance", customer).json()["windows"], [])
        self.assertEqual(self.tocsin.get(path, customer).status, 200)
        self.assertEqual(self.tocsin.get(hidden, customer).status, 404)


if __name__ == "__main__":
    server.main()
