#!/usr/bin/env python3
"""The configuration from outside: published as a whole, kept with author and reason, reverted."""
import os
import stat
import unittest

import server

WORKERS = """\
# What the shop lives from.
workers:
  - id: heat        # watched by the night shift
    tier: kpi
    select: ['heat']
    models: [{kind: threshold, above: 10}]
"""
HIGHER = WORKERS.replace("above: 10", "above: 20")
RULES = """\
rules:
  - id: hot
    severity: high
    when: {violation: heat}
"""


class HistoryTest(unittest.TestCase):
    def setUp(self):
        self.tocsin = server.Tocsin(config={"workers.yaml": WORKERS})
        self.addCleanup(self.tocsin.close)
        self.tocsin.start()

    def config(self):
        return self.tocsin.json("/api/v1/config")

    def publish(self, files, base=None, author="ana", reason="too loud at night"):
        base = self.config()["hash"] if base is None else base
        return self.tocsin.post("/api/v1/config/publish", {
            "files": files, "author": author, "reason": reason, "base_hash": base})

    def versions(self):
        return self.tocsin.json("/api/v1/config/history")["versions"]

    def text(self, name="workers.yaml"):
        return (self.tocsin.config / name).read_text()

    def test_published_kept_and_reverted(self):
        before = self.config()
        self.assertTrue(before["editable"])
        self.assertEqual(before["files"], {"workers.yaml": WORKERS})
        done = self.publish({"workers.yaml": HIGHER, "rules/hot.yaml": RULES}, before["hash"])
        self.assertEqual(done.status, 200, done)
        self.assertEqual(self.text(), HIGHER)
        self.assertEqual(self.text("rules/hot.yaml"), RULES)
        status = self.tocsin.json("/api/status")["config"]
        self.assertNotEqual(status["version"], before["running"])
        self.assertEqual(status["version"], done.json()["running"])

        newest, found = self.versions()
        self.assertEqual((newest["author"], newest["reason"], newest["kind"], newest["current"]),
                         ("ana", "too loud at night", "published", True))
        self.assertEqual([(c["file"], c["what"]) for c in newest["changes"]],
                         [("rules/hot.yaml", "added"), ("workers.yaml", "changed")])
        self.assertEqual((found["kind"], found["current"]), ("found", False))
        one = self.tocsin.json(f"/api/v1/config/history/{newest['id']}")
        self.assertIn("-    models: [{kind: threshold, above: 10}]\n"
                      "+    models: [{kind: threshold, above: 20}]\n", one["changes"][1]["diff"])

        back = self.tocsin.post(f"/api/v1/config/history/{found['id']}/revert",
                                {"author": "bo", "reason": "missed a real one"})
        self.assertEqual(back.status, 200, back)
        self.assertEqual(self.text(), WORKERS)
        self.assertFalse((self.tocsin.config / "rules/hot.yaml").exists())
        self.assertEqual(self.config()["hash"], before["hash"])
        self.assertEqual(self.config()["running"], before["running"])
        newest = self.versions()[0]
        self.assertEqual((newest["kind"], newest["of"], newest["author"]),
                         ("reverted", found["id"], "bo"))

    def test_what_is_wrong_is_refused_as_check_says_it_and_nothing_changes(self):
        wrong = WORKERS.replace("threshold", "treshold")
        for answer in (self.publish({"workers.yaml": wrong}),
                       self.tocsin.post("/api/v1/config/check", {"files": {"workers.yaml": wrong}})):
            problems = answer.json()["problems"]
            self.assertEqual([p["place"] for p in problems], ["workers.yaml:6:21"], answer)
            self.assertIn('did you mean "threshold"?', problems[0]["message"])
        (self.tocsin.config / "workers.yaml").write_text(wrong)
        said = server.run("check", self.tocsin.config)
        self.assertIn(f"{problems[0]['place']}: {problems[0]['message']}", said.stderr)
        (self.tocsin.config / "workers.yaml").write_text(WORKERS)
        self.assertEqual(self.versions(), [])
        for name in ("../out.yaml", "/tmp/out.yaml", "notes.txt", ".hidden.yaml", "a/../b.yaml"):
            answer = self.publish({name: ""})
            self.assertEqual(answer.status, 400, name)
            self.assertEqual(answer.json()["problems"][0]["file"], name)
        self.assertEqual(self.text(), WORKERS)
        self.assertFalse((self.tocsin.home / "out.yaml").exists())

    def test_check_says_which_workers_learn_anew(self):
        more = WORKERS.replace("[{kind: threshold, above: 10}]", "[{kind: level}]")
        answer = self.tocsin.post("/api/v1/config/check", {"files": {"workers.yaml": more}})
        self.assertEqual((answer.json()["ok"], answer.json()["retrains"]), (True, ["heat"]))

    def test_a_folder_that_somebody_edited_meanwhile_is_a_conflict(self):
        base = self.config()["hash"]
        self.assertEqual(self.publish({"workers.yaml": HIGHER}).status, 200)
        lower = WORKERS.replace("above: 10", "above: 5")
        refused = self.publish({"workers.yaml": lower}, base)
        self.assertEqual(refused.status, 409)
        self.assertEqual(refused.json()["files"], ["workers.yaml"])
        self.assertEqual(self.text(), HIGHER)
        # By hand, without a reload: seen all the same, and kept once something is published on it.
        base = self.config()["hash"]
        (self.tocsin.config / "marks.yaml").write_text("# nothing yet\n")
        refused = self.publish({"workers.yaml": lower}, base)
        self.assertEqual((refused.status, refused.json()["files"]), (409, ["marks.yaml"]))
        self.assertEqual(self.publish({"workers.yaml": lower}).status, 200)
        kinds = [(v["kind"], [c["file"] for c in v["changes"]]) for v in self.versions()]
        self.assertEqual(kinds, [("published", ["workers.yaml"]), ("found", ["marks.yaml"]),
                                 ("published", ["workers.yaml"]), ("found", [])])
        strange = self.publish({"workers.yaml": HIGHER}, "0123456789abcdef")
        self.assertEqual((strange.status, strange.json()["files"]), (409, []))

    def test_nothing_different_is_no_version(self):
        answer = self.publish({"workers.yaml": WORKERS})
        self.assertEqual((answer.status, answer.json()["version"]), (200, None))
        self.assertEqual(self.versions(), [])

    def test_a_removed_file_and_the_mode_of_one_that_stays(self):
        (self.tocsin.config / "more.yaml").write_text("# more\n")
        os.chmod(self.tocsin.config / "workers.yaml", 0o640)
        self.assertEqual(self.publish({"workers.yaml": HIGHER, "more.yaml": None}).status, 200)
        self.assertFalse((self.tocsin.config / "more.yaml").exists())
        mode = stat.S_IMODE(os.stat(self.tocsin.config / "workers.yaml").st_mode)
        self.assertEqual(mode, 0o640)

    def test_the_history_outlives_a_kill(self):
        self.assertEqual(self.publish({"workers.yaml": HIGHER}).status, 200)
        before = self.versions()
        self.tocsin.kill()
        self.tocsin.start()
        self.assertEqual(self.versions(), before)
        self.assertEqual(self.config()["files"], {"workers.yaml": HIGHER})

    def test_nobody_signs_for_another(self):
        token = server.run("token", "create", "--name", "eve", "--scope", "admin", "--data",
                           self.tocsin.data)
        if token.returncode != 0:
            self.fail(token.stderr)
        secret = token.stdout.split()[-1]
        self.tocsin.kill()
        self.tocsin.start()
        answer = self.tocsin.post("/api/v1/config/publish", {
            "files": {"workers.yaml": HIGHER}, "author": "ana", "reason": "r",
            "base_hash": self.config()["hash"]}, {"Authorization": f"Bearer {secret}"})
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(self.versions()[0]["author"], "eve")


class WithoutFolderTest(unittest.TestCase):
    def test_a_server_without_a_folder_says_so(self):
        tocsin = server.Tocsin()
        self.addCleanup(tocsin.close)
        tocsin.start()
        config = tocsin.json("/api/v1/config")
        self.assertFalse(config["editable"])
        self.assertIn("--config", config["why_not"])
        answer = tocsin.post("/api/v1/config/publish", {
            "files": {"a.yaml": ""}, "author": "a", "reason": "r", "base_hash": config["hash"]})
        self.assertEqual(answer.status, 409)
        self.assertIn("--config", answer.json()["error"])


if __name__ == "__main__":
    server.main()
