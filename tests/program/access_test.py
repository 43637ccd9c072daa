#!/usr/bin/env python3
"""Who may do what: set-up link, sessions, tokens, roles, views, audit log, requests sent twice."""
import csv
import io
import json
import os
import re
import unittest

import server

PASSWORD = "correct horse battery"
REQUIRED = {"server.yaml": "access: {required: true}\n"}


class Browser:
    """Keeps the cookie and sends the session's token, as the page does."""

    def __init__(self, tocsin):
        self.tocsin, self.cookie, self.csrf = tocsin, "", ""

    def call(self, method, path, body=None, headers=None):
        sent = {"Cookie": self.cookie, "X-Tocsin-CSRF": self.csrf, **(headers or {})}
        text = None
        if body is not None:
            text, sent["Content-Type"] = json.dumps(body), "application/json"
        answer = self.tocsin.call(method, path, text, {k: v for k, v in sent.items() if v})
        made = answer.headers.get("Set-Cookie", "")
        if made:
            self.cookie = made.split(";")[0]
            self.made = made
        if path in ("/api/v1/login", "/api/v1/setup") and answer.status == 200:
            self.csrf = answer.json()["csrf"]
        return answer

    def login(self, user, password=PASSWORD):
        return self.call("POST", "/api/v1/login", {"user": user, "password": password})


class Access(unittest.TestCase):
    def start(self, config=None, **more):
        tocsin = server.Tocsin(config=config, **more)
        self.addCleanup(tocsin.close)
        return tocsin.start()

    def user(self, tocsin, name, role, *more):
        file = tocsin.home / "password"
        file.write_text(PASSWORD + "\n")
        done = server.run("user", "add", name, "--role", role, "--data", tocsin.data,
                          "--password-file", file, *more)
        self.assertEqual(done.returncode, 0, done.stderr)

    def token(self, tocsin, name, scope, *more):
        done = server.run("token", "create", "--data", tocsin.data, "--name", name, "--scope",
                          scope, *more)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def test_every_route_says_what_it_needs(self):
        tocsin = self.start()
        routes = tocsin.json("/api/v1/routes")["routes"]
        self.assertGreater(len(routes), 80)
        silent = [f"{r['method']} {r['path']}" for r in routes if r["needs"] is None]
        self.assertEqual(silent, [], "these need a row in src/server/route_rules.cc")
        for route in routes:
            if route["method"] == "GET":
                self.assertEqual(route["recorded_as"], "", route)

    def test_first_start_with_the_set_up_link(self):
        tocsin = self.start(REQUIRED)
        self.assertEqual(tocsin.get("/api/me").status, 401)
        self.assertEqual(tocsin.get("/").status, 200, "the page has to come to sign in")
        self.assertEqual(tocsin.json("/api/v1/login"), {"setup": True, "needed": True})
        link = re.search(r"http://127\.0\.0\.1:\d+/setup#(\S+)", tocsin.log())
        self.assertTrue(link, tocsin.log())
        browser = Browser(tocsin)
        wanted = {"secret": "wrong", "name": "ada", "password": PASSWORD}
        self.assertEqual(browser.call("POST", "/api/v1/setup", wanted).status, 403)
        wanted["secret"] = link[1]
        made = browser.call("POST", "/api/v1/setup", wanted)
        self.assertEqual(made.status, 200, made)
        self.assertEqual(made.json()["role"], "admin")
        for part in ("HttpOnly", "SameSite=Lax", "Path=/"):
            self.assertIn(part, browser.made)
        self.assertNotIn("Secure", browser.made)
        self.assertEqual(browser.call("GET", "/api/v1/users").json()["users"][0]["name"], "ada")
        again = Browser(tocsin).call("POST", "/api/v1/setup", {**wanted, "name": "eve"})
        self.assertEqual(again.status, 403)
        self.assertEqual(tocsin.json("/api/v1/login"), {"setup": False, "needed": True})
        stored = b"".join(p.read_bytes() for p in tocsin.data.rglob("*") if p.is_file())
        for secret in (PASSWORD, link[1], browser.cookie.split("=")[1]):
            self.assertNotIn(secret.encode(), stored)
        self.assertIn(b"$argon2id$", stored)

    def test_signing_in_and_out(self):
        tocsin = self.start(REQUIRED)
        self.user(tocsin, "ada", "responder", "--real-name", "Ada L")
        ada = Browser(tocsin)
        self.assertEqual(ada.login("ada", "wrong password").status, 401)
        self.assertEqual(ada.login("nobody", "wrong password").status, 401)
        self.assertEqual(ada.call("GET", "/api/alerts").status, 401)
        self.assertEqual(ada.login("ada").status, 200)
        me = ada.call("GET", "/api/me").json()
        self.assertEqual((me["name"], me["real_name"], me["permissions"]),
                         ("ada", "Ada L", ["read", "respond"]))
        self.assertEqual(ada.call("GET", "/api/alerts").status, 200)
        self.assertEqual(ada.call("GET", "/api/v1/config").status, 403)
        bare = Browser(tocsin)
        bare.cookie = ada.cookie
        silence = {"matchers": ['rule="x"'], "until": server.now_ms() + 60000, "comment": "test"}
        self.assertEqual(bare.call("POST", "/api/silences", silence).status, 403, "no CSRF token")
        made = ada.call("POST", "/api/silences", {**silence, "by": "somebody else"})
        self.assertEqual(made.json()["by"], "ada", "who signed in acts in their own name")
        other = Browser(tocsin)
        other.login("ada")
        self.assertEqual(len(ada.call("GET", "/api/v1/me/sessions").json()["sessions"]), 2)
        self.assertEqual(ada.call("DELETE", "/api/v1/me/sessions").json(), {"ended": 1})
        self.assertEqual(other.call("GET", "/api/me").status, 401)
        tocsin.kill()
        tocsin.start()
        self.assertEqual(ada.call("GET", "/api/me").status, 200, "a session outlives a kill -9")
        self.assertEqual(ada.call("POST", "/api/v1/logout").status, 204)
        self.assertEqual(ada.call("GET", "/api/me").status, 401)
        for _ in range(5):
            refused = ada.login("ada", "wrong password")
        refused = ada.login("ada")
        self.assertEqual(refused.status, 429)
        self.assertGreater(int(refused.headers["Retry-After"]), 200)

    def test_the_command_line_beside_a_server_and_without(self):
        tocsin = server.Tocsin(config=REQUIRED)
        self.addCleanup(tocsin.close)
        self.user(tocsin, "root", "admin")
        early = self.token(tocsin, "early", "read")
        tocsin.start()
        late = self.token(tocsin, "late", "write,read", "--expires", "90d")
        for token in (early, late):
            self.assertEqual(tocsin.get("/api/status", {"Authorization": "Bearer " + token}).status,
                             200, "a token is good at once")
        self.user(tocsin, "bob", "viewer", "--view", 'customer="acme"')
        done = server.run("user", "role", "bob", "editor", "--data", tocsin.data)
        self.assertEqual(done.returncode, 0, done.stderr)
        listed = server.run("user", "list", "--data", tocsin.data).stdout
        self.assertRegex(listed, r'(?m)^bob +editor .*customer="acme"')
        done = server.run("user", "role", "root", "viewer", "--data", tocsin.data)
        self.assertEqual(done.returncode, 1)
        self.assertIn("last administrator", done.stderr)
        done = server.run("token", "revoke", "--name", "late", "--data", tocsin.data)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(tocsin.get("/api/status", {"Authorization": "Token " + late}).status, 401)
        mode = os.stat(tocsin.data / "command-access").st_mode & 0o777
        self.assertEqual(mode, 0o600)
        self.assertEqual(tocsin.stop(), 0)
        self.assertFalse((tocsin.data / "command-access").exists())
        done = server.run("user", "remove", "bob", "--data", tocsin.data)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("bob", server.run("user", "list", "--data", tocsin.data).stdout)

    def test_an_earlier_versions_token_file_is_taken_over(self):
        tocsin = server.Tocsin(config=REQUIRED)
        self.addCleanup(tocsin.close)
        tocsin.data.mkdir()
        # BLAKE2b-256 of the token, as the file kept it.
        import hashlib
        plain = "toc_" + "a" * 43
        line = f"1 {hashlib.blake2b(plain.encode(), digest_size=32).hexdigest()} write 7 telegraf\n"
        file = tocsin.data / "tokens"
        file.write_text(line)
        file.chmod(0o600)
        tocsin.start()
        headers = {"Authorization": "Token " + plain}
        self.assertEqual(tocsin.call("POST", "/write", "a value=1", headers).status, 204)
        self.assertEqual(tocsin.get("/api/status", headers).status, 403)
        self.assertFalse(file.exists())
        tocsin.stop()
        tocsin.start()
        self.assertEqual(tocsin.call("POST", "/write", "a value=2", headers).status, 204)

    def test_the_audit_log(self):
        tocsin = self.start(REQUIRED)
        self.user(tocsin, "root", "admin")
        self.user(tocsin, "ada", "responder")
        root, ada = Browser(tocsin), Browser(tocsin)
        self.assertEqual(root.login("root").status, 200)
        self.assertEqual(ada.login("ada").status, 200)
        silence = {"matchers": ['rule="x"'], "until": server.now_ms() + 60000, "comment": "why"}
        made = ada.call("POST", "/api/silences", silence).json()
        self.assertEqual(ada.call("DELETE", "/api/silences/" + made["id"]).status, 204)
        self.assertEqual(ada.call("GET", "/api/v1/audit").status, 403)

        def log(query=""):
            return root.call("GET", "/api/v1/audit" + query).json()["entries"]
        server.until("both are recorded", lambda: len(log("?who=ada&action=silence.")) == 2)
        end, begin = log("?who=ada&action=silence.")
        self.assertEqual((end["action"], begin["action"]), ("silence.end", "silence.add"))
        self.assertEqual(end["target"], made["id"])
        self.assertEqual(begin["address"], "127.0.0.1")
        self.assertEqual(begin["kind"], "user")
        self.assertEqual(json.loads(begin["after"])["comment"], "why")
        users = log("?action=user.add")
        self.assertEqual({u["target"] for u in users}, {"user root", "user ada"})
        self.assertEqual({u["kind"] for u in users}, {"command"})
        ada.login("ada", "not the password")
        server.until("it is recorded", lambda: log("?action=session.refused"))
        exported = root.call("GET", "/api/v1/audit/export?format=csv")
        rows = list(csv.DictReader(io.StringIO(exported.text)))
        self.assertEqual(len(rows), len(log("?limit=1000")))
        self.assertEqual(len(root.call("GET", "/api/v1/audit/export?format=json").json()),
                         len(rows))
        self.assertNotIn(PASSWORD, exported.text)

    def test_a_request_sent_twice_is_done_once(self):
        tocsin = self.start()
        silence = {"matchers": ['rule="x"'], "until": server.now_ms() + 60000, "comment": "once",
                   "by": "ada"}
        key = {"Idempotency-Key": "k1"}
        first = tocsin.post("/api/silences", silence, key)
        again = tocsin.post("/api/silences", silence, key)
        self.assertEqual(first.status, 200, first)
        self.assertEqual((again.status, again.body), (first.status, first.body))
        self.assertEqual(again.headers["Idempotent-Replayed"], "true")
        self.assertEqual(len(tocsin.json("/api/silences")["silences"]), 1)
        other = tocsin.post("/api/silences", {**silence, "comment": "other"}, key)
        self.assertEqual(other.status, 422)
        self.assertEqual(tocsin.post("/api/silences", silence,
                                     {"Idempotency-Key": "x" * 201}).status, 400)
        token = {"name": "t", "scopes": ["read"]}
        key = {"Idempotency-Key": "k2"}
        self.assertEqual(tocsin.post("/api/v1/tokens", token, key).status, 200)
        self.assertEqual(tocsin.post("/api/v1/tokens", token, key).status, 409,
                         "a secret is not kept to be shown again")
        self.assertEqual(tocsin.stop(), 0)
        tocsin.start()
        again = tocsin.post("/api/silences", silence, {"Idempotency-Key": "k1"})
        self.assertEqual(again.body, first.body)
        self.assertEqual(len(tocsin.json("/api/silences")["silences"]), 1)

    def test_a_customer_sees_only_their_own(self):
        tocsin = self.start(REQUIRED)
        write = {"Authorization": "Token " + self.token(tocsin, "w", "write")}
        acme = self.token(tocsin, "acme", "read", "--view", 'customer="acme"')
        acme = {"Authorization": "Token " + acme}
        lines = "logins,customer=acme value=1\nlogins,customer=umbrella value=2\nhost_load value=3"
        self.assertEqual(tocsin.call("POST", "/write", lines, write).status, 204)

        def get(path):
            answer = tocsin.get(path, acme)
            self.assertEqual(answer.status, 200, f"{path}: {answer}")
            return answer
        server.until("the points are there", lambda: b"acme" in get("/api/v1/series?match[]=logins").body)
        asked = ["/api/series", "/api/series?match=logins", "/api/series/latest?match=*",
                 "/api/series/range?match=logins", "/api/series/last?points=1&match=logins",
                 "/api/series/last?points=1", "/api/v1/query?query=logins",
                 '/api/v1/query?query=logins%7Bcustomer%3D%22umbrella%22%7D',
                 "/api/v1/query?query=sum(%7B__name__%3D~%22.%2B%22%7D)by(customer)",
                 "/api/v1/query?query=count(logins)or(host_load)",
                 "/api/v1/series?match[]=%7B__name__%3D~%22.%2B%22%7D", "/api/v1/labels",
                 "/api/v1/label/customer/values", "/api/v1/label/__name__/values",
                 "/api/alerts?state=all", "/api/silences", "/api/violations", "/api/now",
                 "/api/status"]
        for path in asked:
            text = get(path).text
            self.assertNotIn("umbrella", text, path)
            self.assertNotIn("host_load", text, path)
        self.assertIn("acme", get("/api/series").text)
        count = get("/api/v1/query?query=count(logins)").json()["data"]["result"]
        self.assertEqual(count[0]["value"][1], "1")
        band = "/api/series/band?series=logins%7Bcustomer%3D%22umbrella%22%7D"
        self.assertEqual(tocsin.get(band, acme).status, 404)
        for path in ("/api/senders", "/api/workers", "/api/cardinality", "/api/oncall",
                     "/api/inbox", "/metrics", "/api/v1/rules"):
            self.assertEqual(tocsin.get(path, acme).status, 403, path)

    def test_secrets_are_never_shown(self):
        canary = "canary-7f3a9c"
        hook = server.Hook()
        self.addCleanup(hook.close)
        config = {"all.yaml": f"""
receivers:
  - {{name: hub, kind: webhook, url: "{hook.url}/hub", secret_env: HUB_KEY}}
  - {{name: chat, kind: slack, channel: C1, token_file: slack.secret, api_url: "{hook.url}"}}
routes:
  - receivers: [hub, chat]
""", "slack.secret": canary + "-file\n"}
        tocsin = self.start(config, env={"HUB_KEY": canary + "-env"})
        self.token(tocsin, "one", "admin")
        tocsin.post("/api/receivers/hub/test", {})
        tocsin.post("/api/receivers/chat/test", {})
        base = tocsin.json("/api/v1/config")
        published = tocsin.post("/api/v1/config/publish", {
            "files": {"more.yaml": "# nothing\n"}, "author": "ada", "reason": "test",
            "base_hash": base["hash"]})
        self.assertEqual(published.status, 200, published)
        for route in tocsin.json("/api/v1/routes")["routes"]:
            if route["method"] != "GET" or route["path"] == "/api/stream":
                continue
            path = re.sub(r":\w+", "1", route["path"])
            self.assertNotIn(canary, tocsin.get(path).text, path)
        self.assertNotIn(canary, tocsin.log(500))
        stored = b"".join(p.read_bytes() for p in tocsin.data.rglob("*") if p.is_file())
        self.assertNotIn(canary.encode(), stored)


if __name__ == "__main__":
    server.main()
