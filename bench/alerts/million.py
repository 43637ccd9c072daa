"""A million alerts that are over in the database: every list and filter, acknowledging, the start. bench/run million

A few hundred alerts live their lives in a running program; their rows are then multiplied in its file, with times over a
year and labels of 40 rules, 20 sites, 500 customers and 10,000 hosts, and the program is started again.
"""
import http.client
import json
import os
import pathlib
import random
import sqlite3
import statistics
import time
import urllib.parse

# BENCH_ALERTS=N: so many that are over; BENCH_OPEN=N: so many that are open.
ALERTS = int(os.environ.get("BENCH_ALERTS", 1_000_000))
OPEN = int(os.environ.get("BENCH_OPEN", 10_000))
SAMPLES, ASKED, DAY = 240, 200, 86_400_000

CONFIG = """
receivers: [{name: hub, kind: inbox}, {name: ops, kind: inbox}]
routes: [{receivers: [hub, ops]}]
supervisor: {open_alerts_max: 300000, storm: {openings: 0}}
"""
SEVERITIES = ("critical", "high", "low")


def call(port, method, path, body=None):
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    link.request(method, path, None if body is None else json.dumps(body),
                 {"Content-Type": "application/json"})
    answer = link.getresponse()
    text = answer.read()
    link.close()
    if answer.status != 200:
        raise RuntimeError(f"{method} {path}: {answer.status} {text[:300]!r}")
    return json.loads(text) if text else None


def labels(number):
    rule = "rare-rule" if number % 20_000 == 7 else f"rule-{number % 40:02}"
    return {"alertname": rule, "customer": f"c{number * 7919 % 500}", "host": f"h{number % 10_000:05}",
            "severity": SEVERITIES[0 if number % 50 == 0 else 1 + number % 2],
            "site": f"site{number * 31 % 20}"}


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() + seconds))


def told(numbers, ends):
    return [{"labels": labels(n), "startsAt": stamp(-60), "endsAt": stamp(ends),
             "annotations": {"summary": f"{labels(n)['host']} is short of disk space",
                             "description": "less than 10 % of /var is free for 10 minutes"},
             "generatorURL": "http://prometheus.example.com/graph?g0.tab=1"} for n in numbers]


def post_all(port, numbers, ends):
    for at in range(0, len(numbers), 64):
        call(port, "POST", "/api/v2/alerts", told(numbers[at:at + 64], ends))


def settle(port):
    """Until nothing waits to be told."""
    deadline = time.monotonic() + 60
    while any(one["waiting"] for one in call(port, "GET", "/api/receivers")["receivers"]):
        if time.monotonic() > deadline:
            raise RuntimeError("deliveries wait for a minute")
        time.sleep(0.1)


def multiply(path):
    """Each sample's rows again and again, with ids and labels of their own, spread over a year."""
    database = sqlite3.connect(path)
    database.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-400000;"
                           "PRAGMA temp_store=MEMORY")
    columns = [row[1] for row in database.execute("PRAGMA table_info(alerts)")]
    samples = database.execute("SELECT * FROM alerts WHERE state <> 0").fetchall()
    of = {name: columns.index(name) for name in columns}
    history = {}
    for row in database.execute("SELECT * FROM alert_history"):
        history.setdefault(row[0], []).append(row[1:])
    names = [row[1] for row in database.execute("PRAGMA table_info(deliveries)")]
    deliveries = {}
    for row in database.execute(f"SELECT {','.join(names)} FROM deliveries"):
        deliveries.setdefault(row[names.index("alert")], []).append(dict(zip(names, row)))
    responses = [row[1] for row in database.execute("PRAGMA table_info(responses)")]
    answered = {}
    for row in database.execute("SELECT * FROM responses"):
        answered.setdefault(row[responses.index("alert")], []).append(dict(zip(responses, row)))
    now, last = int(time.time() * 1000), [10_000_000]

    def batches(step=20_000):
        for begin in range(0, ALERTS, step):
            alerts, lives, tellings, closed, responded = [], [], [], [], []
            for number in range(begin, min(begin + step, ALERTS)):
                sample = list(samples[number % len(samples)])
                old, shift = sample[of["id"]], 0
                opened = now - 360 * DAY + number * (359 * DAY // ALERTS)
                shift = opened - sample[of["opened_at"]]
                lasted = 60_000 + number * 104_729 % 3_600_000
                own = labels(number)
                one = f"{opened:012x}{number:020x}"
                level = SEVERITIES.index(own["severity"])
                for name, value in (("id", one), ("key", f"{number % 20_000:032x}"), ("rule", own["alertname"]),
                                    ("severity", level), ("opened_at", opened),
                                    ("updated_at", opened + lasted), ("resolved_at", opened + lasted),
                                    ("labels", "\x1f" + "".join(f"{k}={v}\x1f" for k, v in own.items()))):
                    sample[of[name]] = value
                alerts.append(sample)
                for row in history.get(old, []):
                    lives.append((one, row[0], row[1] + shift, *row[2:]))
                for row in deliveries.get(old, []):
                    last[0] += 1
                    copy = {**row, "id": last[0], "alert": one, "dedupe_key": f"m{last[0]}",
                            "planned": row["planned"] + shift, "sent": row["sent"] + shift}
                    tellings.append(tuple(copy[name] for name in names))
                for row in answered.get(old, []):
                    copy = {**row, "alert": one}
                    for name in ("acknowledged_at", "told_at"):
                        copy[name] = row[name] + shift
                    responded.append(tuple(copy[name] for name in responses))
                closed += [(name, value, opened + lasted, one) for name, value in
                           [*own.items(), ("\x1frule", own["alertname"]), ("\x1fseverity", str(level))]]
            yield alerts, lives, tellings, closed, responded

    marks = lambda count: ",".join("?" * count)
    for alerts, lives, tellings, closed, responded in batches():
        database.executemany(f"INSERT INTO alerts VALUES ({marks(len(columns))})", alerts)
        database.executemany(f"INSERT INTO alert_history VALUES ({marks(6)})", lives)
        database.executemany(f"INSERT INTO deliveries ({','.join(names)}) VALUES ({marks(len(names))})", tellings)
        closed.sort()
        database.executemany(f"INSERT INTO closed_alerts VALUES ({marks(4)})", closed)
        database.executemany(f"INSERT INTO responses VALUES ({marks(len(responses))})", responded)
    database.commit()
    counts = [database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
              for table in ("alerts", "alert_history", "deliveries")]
    database.execute("PRAGMA journal_mode=WAL")
    database.close()
    return counts


def asks(chance, opened):
    """Name and a function that gives the next request's path."""
    alerts = lambda **more: "/api/alerts?" + urllib.parse.urlencode({"state": "resolved", **more})
    number = lambda: chance.randrange(ALERTS)
    own = lambda: labels(number())
    site = lambda: f"site{chance.randrange(20)}"
    past = lambda: int(time.time() * 1000) - chance.randrange(300) * DAY
    ledger = lambda **more: "/api/ledger?" + urllib.parse.urlencode(more)
    return [
        ("open alerts", lambda: "/api/alerts"),
        ("open alerts of a site", lambda: f"/api/alerts?site={site()}"),
        ("open and closed", lambda: "/api/alerts?state=all&limit=200"),
        ("closed, the newest", lambda: alerts()),
        ("closed, a page long ago", lambda: alerts(before=f"{past()}-{0:032x}")),
        ("closed, of a rule", lambda: alerts(rule=own()["alertname"])),
        ("closed, of a rule that is rare", lambda: alerts(rule="rare-rule")),
        ("closed, of a severity", lambda: alerts(severity=chance.choice(SEVERITIES))),
        ("closed, of a site", lambda: alerts(site=site())),
        ("closed, of a customer", lambda: alerts(label="customer=" + own()["customer"])),
        ("closed, of a host", lambda: alerts(label="host=" + own()["host"])),
        ("closed, rule and severity and site", lambda: alerts(rule=own()["alertname"], site=site(), severity="high")),
        ("closed, rule and customer", lambda: alerts(rule=own()["alertname"], label="customer=" + own()["customer"])),
        ("closed, nothing is both", lambda: alerts(rule="rule-01", severity="low")),
        ("closed, since a day of the year, of a site", lambda: alerts(since=past(), site=site())),
        ("one alert with its history", lambda: f"/api/alerts/{opened[chance.randrange(len(opened))]}"),
        ("why was somebody told", lambda: f"/api/alerts/{opened[chance.randrange(len(opened))]}/why?who=ops"),
        ("alert groups", lambda: "/api/alert-groups"),
        ("ledger, the newest", lambda: ledger()),
        ("ledger, long ago", lambda: ledger(until=past())),
        ("ledger, of a rule", lambda: ledger(rule=own()["alertname"])),
        ("ledger, of a rule that is rare", lambda: ledger(rule="rare-rule")),
        ("ledger, of a customer", lambda: ledger(label="customer=" + own()["customer"])),
        ("ledger, of a host", lambda: ledger(label="host=" + own()["host"])),
        ("ledger, of a receiver", lambda: ledger(who="ops")),
        ("ledger, of a person who did little", lambda: ledger(who="rare-person")),
        ("ledger, acknowledgements", lambda: ledger(what="acknowledged")),
        ("ledger, of nobody", lambda: ledger(who="nobody")),
        ("trends of 28 days, by rule", lambda: "/api/trends"),
        ("trends of 28 days, by customer", lambda: "/api/trends?by=label&label=customer"),
    ]


def timed(port, method, paths, bodies=None):
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    took = []
    for index, path in enumerate(paths):
        body = None if bodies is None else json.dumps(bodies[index])
        began = time.perf_counter()
        link.request(method, path, body, {"Content-Type": "application/json"})
        answer = link.getresponse()
        text = answer.read()
        took.append((time.perf_counter() - began) * 1000)
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {text[:300]!r}")
    link.close()
    took.sort()
    return took


def row(name, took):
    p99 = took[max(0, int(len(took) * 0.99) - 1)]
    print(f"| {name} | {statistics.median(took):.1f} | {p99:.1f} |", flush=True)


def run(start, stop):
    """start(config, data) → (server with .port, its data folder); stop(server)."""
    server, data = start(CONFIG, None)
    try:
        post_all(server.port, list(range(SAMPLES)), 3600)
        known = call(server.port, "GET", "/api/alerts?limit=1000")["alerts"]
        for index, one in enumerate(known):
            if index % 12 == 0:
                call(server.port, "POST", f"/api/alerts/{one['id']}/acknowledge",
                     {"by": "rare-person" if index == 0 else "ada", "note": "on it"})
        post_all(server.port, list(range(SAMPLES)), -1)
        settle(server.port)
        stop(server)
        file = next(pathlib.Path(data).rglob("state.db"))
        counts = multiply(file)
        print(f"{counts[0]:,} alerts, {counts[1]:,} changes, {counts[2]:,} deliveries, "
              f"{file.stat().st_size / 1e9:.2f} GB\n")
        began = time.monotonic()
        server, data = start(CONFIG, data)
        first = time.monotonic() - began
        post_all(server.port, list(range(ALERTS, ALERTS + OPEN)), 36_000)
        settle(server.port)
        stop(server)
        began = time.monotonic()
        server, data = start(CONFIG, data)
        again = time.monotonic() - began
        opened = [one["id"] for one in call(server.port, "GET", "/api/alerts?limit=1000")["alerts"]]
        chance = random.Random(5)
        print("| What is asked | p50, ms | p99, ms |\n|---|---|---|")
        for name, path in asks(chance, opened):
            row(name, timed(server.port, "GET", [path() for _ in range(ASKED)]))
        for name, matcher in (("a silence's preview, of a host", 'host="h00017"'),
                              ("a silence's preview, of a site", 'site="site3"'),
                              ("a silence's preview, a regular expression", 'host=~"h000.*"')):
            row(name, timed(server.port, "POST", ["/api/silences/preview"] * 40, [{"matchers": [matcher]}] * 40))
        row("acknowledging", timed(server.port, "POST", [f"/api/alerts/{one}/acknowledge" for one in opened[:ASKED]],
                                   [{"by": "ada", "note": ""}] * ASKED))
        print(f"\nThe start took {first:.1f} s, with {OPEN:,} open ones {again:.1f} s.")
    finally:
        stop(server)
