#!/usr/bin/env python3
"""Two configurations over the same history: by command, by job; people's marks, scored, published."""
import json
import random
import unittest

import server

WORKERS = """
server: {shards: 2}
workers:
  - {id: heat, tier: kpi, select: ['heat'], opens: 1 of 1, models: [{kind: threshold, above: 100}]}
  - {id: flow, tier: kpi, select: ['flow'], opens: 1 of 1, models: [{kind: threshold, above: 100}]}
"""
RULES = """
rules:
  - {id: too-hot, severity: critical, within: 5m, resolve_after: 1m, when: {violation: heat}}
  - {id: rush, severity: high, within: 5m, resolve_after: 1m, when: {violation: flow}}
"""
CONFIG = {"workers.yaml": WORKERS, "rules.yaml": RULES}
# Rome is told from 60 on and flow never: one earlier, some gained, all of flow lost.
KEENER = WORKERS.replace("id: heat, tier: kpi, select: ['heat'], opens: 1 of 1, models: "
                         "[{kind: threshold, above: 100}]",
                         "id: heat, tier: kpi, select: ['heat'], opens: 1 of 1, models: "
                         "[{kind: threshold, above: 60}]").replace(
                             "select: ['flow'], opens: 1 of 1, models: [{kind: threshold, "
                             "above: 100}]",
                             "select: ['flow'], opens: 1 of 1, models: [{kind: threshold, "
                             "above: 1000}]")
MINUTE = 60_000


def hours_ago(hours):
    return server.now_ms() - hours * 3_600_000


class WorkshopCase(unittest.TestCase):
    def setUp(self):
        self.assertNotEqual(KEENER, WORKERS)
        self.tocsin = server.Tocsin(CONFIG)
        self.addCleanup(self.tocsin.close)
        self.tocsin.start()
        self.begin = hours_ago(48) // MINUTE * MINUTE  # older than a day: not judged on arrival
        self.write_history()

    def heat(self, minute):
        """Rome's: a ramp to 130 and back at hour 5, a hill of 80 at hour 10."""
        if 300 <= minute < 320:
            return 20 + 10 * (minute - 300) if minute < 311 else 20
        if 600 <= minute < 610:
            return 80
        return 20

    def write_history(self):
        """As it would have come, in the past: an import, so that nothing of it is told now."""
        lines = []
        for minute in range(19 * 60):
            at = self.begin + minute * MINUTE
            flow = 500 if 700 <= minute < 710 else 10
            lines += [f"heat,site=rome value={self.heat(minute)} {at}",
                      f"heat,site=oslo value=20 {at}", f"flow,site=rome value={flow} {at}"]
        for begin in range(0, len(lines), 1000):
            self.assertEqual(self.tocsin.write(lines[begin:begin + 1000]).status, 204)

    def other_folder(self):
        folder = self.tocsin.home / "keener"
        folder.mkdir(exist_ok=True)
        (folder / "workers.yaml").write_text(KEENER)
        (folder / "rules.yaml").write_text(RULES)
        return folder

    def replay(self, *options, status=0):
        done = server.run("replay", "--config", self.other_folder(), "--data", self.tocsin.data,
                          "--from", self.begin // 1000, *options)
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def compared(self, *options):
        return json.loads(self.replay("--against", self.tocsin.config, "--json", *options).stdout)

    def job(self, **body):
        answer = self.tocsin.post("/api/v1/replays", {"from": self.begin, **body})
        self.assertEqual(answer.status, 202, answer)
        path = f"/api/v1/replays/{answer.json()['id']}"
        done = server.until("the replay's end", lambda: self.tocsin.json(path)["state"] != "running"
                            and self.tocsin.json(path))
        self.assertEqual(done["state"], "done", done["error"])
        return done["result"]

    def check_result(self, found):
        alerts = found["alerts"]
        self.assertEqual([alerts[k] for k in ("gained", "lost", "earlier", "later", "same")],
                         [1, 1, 1, 0, 0])
        by_kind = {change["kind"]: change for change in found["changes"]}
        self.assertEqual(by_kind["gained"]["rule"], "too-hot")
        self.assertIsNone(by_kind["gained"]["base"])
        self.assertEqual(by_kind["gained"]["tried"]["opened_at"], self.begin + 600 * MINUTE)
        self.assertEqual(by_kind["lost"]["rule"], "rush")
        self.assertEqual(by_kind["earlier"]["by_ms"], 4 * MINUTE, "at 70 instead of 110")
        self.assertEqual(by_kind["earlier"]["scope"], {"site": "rome"})
        workers = {row["worker"]: row for row in found["workers"]}
        self.assertEqual((workers["heat"]["base"], workers["heat"]["tried"]), (1, 2))
        self.assertEqual((workers["flow"]["lost"], workers["flow"]["gained"]), (1, 0))
        self.assertEqual((found["base"]["alerts"], found["tried"]["alerts"]), (2, 2))


class Command(WorkshopCase):
    def test_against_another_folder(self):
        self.check_result(self.compared())
        text = self.replay("--against", self.tocsin.config).stdout
        self.assertIn("Alerts: 1 gained, 1 lost, 1 earlier, 0 later, 0 the same", text)
        self.assertRegex(text, r"too-hot \{site=\"rome\"\}  by 4m")
        self.assertIn("heat: 2 instead of 1", text)

    def test_narrowed(self):
        self.assertEqual(self.compared("--site", "oslo")["tried"]["alerts"], 0)
        flow = self.compared("--worker", "flow")
        self.assertEqual([c["rule"] for c in flow["changes"]], ["rush"])
        self.assertEqual([w["worker"] for w in flow["workers"]], ["flow"])
        self.assertLess(flow["base"]["points"], self.compared()["base"]["points"])
        rule = self.compared("--rules", "too-hot")
        self.assertEqual({c["rule"] for c in rule["changes"]}, {"too-hot"})
        done = self.replay("--rules", "too-hott", status=1)
        self.assertIn('did you mean "too-hot"?', done.stderr)

    def test_with_itself_nothing_changes(self):
        done = server.run("replay", "--config", self.tocsin.config, "--against", self.tocsin.config,
                          "--data", self.tocsin.data, "--from", self.begin // 1000, "--json")
        found = json.loads(done.stdout)
        self.assertEqual({c["kind"] for c in found["changes"]}, {"same"})
        self.assertEqual(found["base"], found["tried"])

    def test_not_as_received(self):
        done = self.replay("--against", self.tocsin.config, "--as-received", status=2)
        self.assertIn("excludes", done.stderr + done.stdout)


class Job(WorkshopCase):
    def test_beside_the_live_server(self):
        self.check_result(self.job(files={"workers.yaml": KEENER}))
        self.assertEqual(self.tocsin.alerts(), [], "nobody was told")
        listed = self.tocsin.json("/api/v1/replays")["replays"]
        self.assertEqual([(j["id"], j["state"], j["files"]) for j in listed],
                         [(1, "done", ["workers.yaml"])])

    def test_the_same_as_the_command(self):
        by_job = self.job(files={"workers.yaml": KEENER}, to=self.begin + 19 * 3_600_000)
        by_command = self.compared("--to", str((self.begin + 19 * 3_600_000) // 1000))
        self.assertEqual(by_job, by_command)

    def test_problems_have_places_and_start_nothing(self):
        wrong = RULES.replace("severity: high", "severty: high")
        answer = self.tocsin.post("/api/v1/replays", {"files": {"rules.yaml": wrong}})
        self.assertEqual(answer.status, 400)
        problem = answer.json()["problems"][0]
        self.assertEqual((problem["file"], problem["line"]), ("rules.yaml", 4))
        folder = self.tocsin.home / "wrong"
        folder.mkdir()
        (folder / "workers.yaml").write_text(WORKERS)
        (folder / "rules.yaml").write_text(wrong)
        checked = server.run("check", folder)
        self.assertIn(f"rules.yaml:{problem['line']}:{problem['column']}",
                      checked.stdout + checked.stderr, "as `tocsin check` says")
        self.assertEqual(self.tocsin.json("/api/v1/replays")["replays"], [])
        for body in ({"worker": "hett"}, {"rules": ["none"]}, {"from": 5, "to": 4},
                     {"files": {"../x.yaml": ""}}):
            self.assertEqual(self.tocsin.post("/api/v1/replays", body).status, 400, body)

    def test_one_at_a_time_and_cancelled(self):
        lines = []
        pick = random.Random(1)
        for point in range(400_000):
            lines.append(f"load,host=h{point % 50} value={pick.random():.3f} "
                         f"{self.begin + point // 50 * 7000}")
        for begin in range(0, len(lines), 20_000):
            self.assertEqual(self.tocsin.write(lines[begin:begin + 20_000]).status, 204)
        first = self.tocsin.post("/api/v1/replays", {"from": self.begin})
        second = self.tocsin.post("/api/v1/replays", {"from": self.begin})
        self.assertEqual(first.status, 202)
        path = f"/api/v1/replays/{first.json()['id']}"
        if second.status == 202:  # the first was over already
            path = f"/api/v1/replays/{second.json()['id']}"
        else:
            self.assertEqual(second.status, 409)
            self.assertIn("under way", second.json()["error"])
        self.assertEqual(self.tocsin.post(path + "/cancel", {}).status, 204)
        over = server.until("its end", lambda: self.tocsin.json(path)["state"] != "running"
                            and self.tocsin.json(path))
        self.assertIn(over["state"], ("cancelled", "done"))
        self.assertEqual(over["result"] is None, over["state"] == "cancelled")
        self.assertEqual(self.tocsin.post("/api/v1/replays/99/cancel", {}).status, 404)

    def test_published_is_what_was_tried(self):
        config = self.tocsin.json("/api/v1/config")
        answer = self.tocsin.post("/api/v1/config/publish", {
            "files": {"workers.yaml": KEENER}, "author": "ada", "reason": "earlier",
            "base_hash": config["hash"]})
        self.assertEqual(answer.status, 200, answer)
        server.until("the new configuration", lambda: self.tocsin.json("/api/status")["config"]
                     ["rebuilding"] is None)
        found = self.job(files={"workers.yaml": WORKERS})
        self.assertEqual(found["alerts"]["later"], 1, "now the other way round")


class MarkCase(WorkshopCase):
    def live_alert(self):
        """One that opens now, in rome."""
        for value in (20, 150, 150):
            self.tocsin.write(f"heat,site=rome value={value} {server.now_ms()}")
        return server.until("an alert", lambda: [a for a in self.tocsin.alerts("open")
                                                 if a["rule"] == "too-hot"])[0]

    def mark(self, of, key, mark):
        return self.tocsin.post(f"/api/v1/{of}s/{key}/mark", {"mark": mark, "by": "ada"}).status

    def test_marked_counted_scored_and_kept(self):
        alert = self.live_alert()
        violation = self.tocsin.json("/api/violations")["violations"][0]
        self.assertEqual(self.mark("alert", alert["id"], "useful"), 204)
        self.assertEqual(self.mark("violation", violation["id"], "noise"), 204)
        found = self.tocsin.json("/api/v1/marks")
        self.assertEqual([(m["of"], m["mark"], m["by"]) for m in found["marks"]],
                         [("violation", "noise", "ada"), ("alert", "useful", "ada")])
        self.assertEqual(found["rules"], [{"rule": "too-hot", "useful": 1, "noise": 0,
                                           "precision": 1}])
        worker = found["workers"][0]
        self.assertEqual((worker["worker"], worker["useful"], worker["noise"]), ("heat", 1, 1))
        self.assertEqual(worker["models"][0]["model"], "threshold")
        score = self.job(files={"workers.yaml": WORKERS.replace("above: 100", "above: 1000")})
        self.assertEqual(score["score"]["alerts"]["useful"], 1)
        self.assertEqual(score["score"]["alerts"]["useful_base"], 1)
        self.assertEqual(score["score"]["alerts"]["useful_tried"], 0, "it is lost")
        self.assertEqual(score["score"]["violations"]["noise_base"], 1)
        self.assertEqual(score["score"]["violations"]["noise_tried"], 0, "it is gone")
        text = self.replay("--against", self.tocsin.config).stdout
        self.assertIn("of 1 marked useful it finds 1 (against 1)", text)
        self.tocsin.kill()
        self.tocsin.start()
        self.assertEqual(len(self.tocsin.json("/api/v1/marks")["marks"]), 2, "kept over kill -9")
        self.assertEqual(self.mark("alert", alert["id"], "noise"), 204)
        self.assertEqual(self.tocsin.json("/api/v1/marks")["rules"][0]["noise"], 1)
        self.assertEqual(self.mark("alert", alert["id"], "none"), 204)
        self.assertEqual(self.tocsin.json("/api/v1/marks")["rules"], [])

    def test_what_is_not_there(self):
        self.assertEqual(self.mark("alert", "0" * 32, "useful"), 404)
        self.assertEqual(self.mark("violation", "0" * 32, "noise"), 404)
        self.assertEqual(self.mark("alert", "0" * 32, "splendid"), 400)
        self.assertEqual(self.tocsin.post(f"/api/v1/alerts/{'0' * 32}/mark",
                                          {"mark": "useful"}).status, 400)


if __name__ == "__main__":
    server.main()
