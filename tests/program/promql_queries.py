"""PromQL to compare answers with: a table by hand, and a generator over the grammar."""
import random

SELECTORS = ["load", 'load{site="madrid"}', 'load{host=""}', 'load{host!=""}', 'load{site=~"m.*|rome"}',
             'load{site!~"oslo"}', "temperature", "limit", "requests_total",
             'requests_total{code="200"}', 'requests_total{code=~"4..|5.."}', "errors_total", "odd",
             "calm", "infinite", "unix", "rare", "tick", "brief", 'brief{pod="p1"}', "missing",
             "latency_count", "latency_bucket", '{__name__=~"limit|temperature"}', '{i="0"}',
             'missing{a="b",c=~"d",e="f",e="g"}']
FEW = ["load", "temperature", "limit", "requests_total", "errors_total", "calm", "tick", "brief", "rare"]
RANGES = ["1m", "5m", "2m", "30s", "10m", "1h", "15s", "7m30s", "100ms"]
OF_VALUE = ["abs", "ceil", "floor", "sqrt", "sgn", "deg", "rad", "exp", "ln", "log2", "log10", "acos",
            "acosh", "asin", "asinh", "atan", "atanh", "cos", "cosh", "sin", "sinh", "tan", "tanh"]
OF_RANGE = ["avg_over_time", "count_over_time", "last_over_time", "max_over_time", "min_over_time",
            "present_over_time", "stddev_over_time", "stdvar_over_time", "sum_over_time", "changes",
            "delta", "deriv", "idelta", "increase", "irate", "rate", "resets", "absent_over_time"]
OF_DATE = ["minute", "hour", "day_of_month", "day_of_week", "day_of_year", "days_in_month", "month",
           "year"]
AGGREGATES = ["sum", "avg", "count", "min", "max", "group", "stddev", "stdvar"]
ARITHMETIC = ["+", "-", "*", "/", "%", "^", "atan2"]
COMPARISONS = ["==", "!=", ">", "<", ">=", "<="]
LABELS = ["site", "host", "job", "code", "le", "i", "zone", "pod", "__name__", "none"]
NUMBERS = ["0", "1", "2", "0.5", "-1", "3.7", "100", "Inf", "-Inf", "NaN", "1e-3", "20", "50"]

TABLE = """
load offset 5m
load offset -5m
load @ 1600003000
load @ start()
load @ end() offset 1m
rate(requests_total[5m] @ 1600005000)
rate(requests_total[5m] @ end())
sum_over_time((load @ start())[5m:1m])
sum_over_time(load[5m] @ start()) + load
predict_linear(load[10m] @ 1600003000, 60)
predict_linear(load[10m:30s] @ 1600003000, 60)
quantile_over_time(scalar(calm), load[5m] @ 1600004000)
timestamp(load @ 1600003000)
timestamp(load @ 1600003000 offset 2m)
timestamp(load offset 2m)
timestamp(timestamp(load))
timestamp((load))
timestamp(sum(load))
timestamp(rare)
topk(scalar(tick offset 1h @ end()), load)
topk(2, load @ end())
day_of_year()
hour()
minute(rare)
year(vector(NaN))
year(vector(1e300))
month(vector(-1e300))
day_of_week(vector(Inf))
hour(vector(-1))
days_in_month(vector(951782400))
day_of_year(vector(951868800))
time() - rare
time()
pi()
scalar(load)
scalar(errors_total)
scalar(missing)
vector(scalar(errors_total))
vector(time())
-load
-{__name__=~"limit|temperature",site="oslo"}
+load
- -1
-(load)
abs({__name__=~"limit|temperature",site="oslo"})
rate({__name__=~"latency_bucket|latency_count"}[5m])
last_over_time({site="oslo"}[5m])
load + load
load + on(site) limit
load + on(site) group_left limit
limit + on(site) group_right load
load * on(site) group_left(zone) temperature
load * on(site) group_left(zone, missing) temperature
load > on(site) group_left limit
load > bool on(site) group_left limit
limit < on(site) group_right load
load == load
load != bool load
load and on(site) limit
load or on(site) temperature
load unless on(site) limit
load and load offset 1h
brief or load
brief and tick
brief unless on() tick
limit or temperature
limit / ignoring(zone) temperature
requests_total / ignoring(code) group_left sum without(code)(requests_total)
sum(requests_total) by (code) / on(code) sum(requests_total offset 5m) by (code)
load atan2 load
load + ignoring(host) load
load + on() load
sum(load) + on() sum(limit)
1 + load
load ^ 2
2 ^ load
load % 7
load / 0
-1 % 0
0 / 0
1 == 1
1 == bool 1
1 > bool 2
5 < load
load > 50
load > bool 50
50 < bool load
NaN == bool NaN
limit >= on(site) temperature
count_values("value", limit)
count_values("value", calm)
count_values by (site) ("value", limit)
count_values without (site) ("v", limit)
count_values("site", limit)
count_values("1x", limit)
count_values("odd", odd)
quantile(0.5, load)
quantile(0.9, load) by (site)
quantile(-1, load)
quantile(2, load)
quantile(NaN, load)
quantile(scalar(calm), load)
quantile by (i) (0.3, odd)
topk(3, load)
bottomk(3, load)
topk(1, load) by (site)
topk(0, load)
topk(-1, load)
topk(NaN, load)
topk(1e30, load)
topk(Inf, load)
bottomk(100, load)
topk(5, odd)
bottomk(5, odd)
topk(2, calm or tick or infinite)
sort(load)
sort_desc(load)
sort(odd)
sort_desc(odd)
stddev(load)
stdvar by (site) (load)
stddev(odd)
avg(odd)
avg(infinite)
avg(infinite or load)
sum(odd)
min(odd)
max(odd)
max by (i) (odd)
group(load) by (site)
count(load) without (host)
sum by () (load)
sum without () (load)
sum by (__name__) ({site="oslo"})
sum by (site, site) (load)
min without (site, host, job) (load)
avg by (job) (requests_total)
histogram_quantile(0.9, latency_bucket)
histogram_quantile(0.9, rate(latency_bucket[5m]))
histogram_quantile(0.5, sum by (le) (rate(latency_bucket[5m])))
histogram_quantile(0.5, sum by (le, site) (latency_bucket))
histogram_quantile(-1, latency_bucket)
histogram_quantile(2, latency_bucket)
histogram_quantile(NaN, latency_bucket)
histogram_quantile(0, latency_bucket)
histogram_quantile(1, latency_bucket)
histogram_quantile(scalar(calm), latency_bucket)
histogram_quantile(0.4, broken_bucket)
histogram_quantile(0.1, broken_bucket)
histogram_quantile(0.4, open_bucket)
histogram_quantile(0.4, load)
histogram_quantile(0.4, {__name__=~"latency_bucket|broken_bucket"})
histogram_quantile(0.4, latency_bucket - latency_bucket)
histogram_quantile(0.9, label_replace(latency_bucket, "__name__", "x", "", ""))
histogram_count(load)
histogram_sum(load)
histogram_fraction(0, 1, load)
label_replace(load, "to", "$1-x", "site", "(.).*")
label_replace(load, "to", "${first}$$", "site", "(?P<first>.)(.*)")
label_replace(load, "to", "$1x", "site", "(.).*")
label_replace(load, "to", "${1}x$9", "site", "(.).*")
label_replace(load, "site", "", "site", "oslo")
label_replace(load, "host", "same", "site", ".*")
label_replace(load, "host", "", "", "")
label_replace(load, "1to", "x", "site", ".*")
label_replace(load, "to", "x", "site", "(")
label_replace(load, "to", "x", "site", "m")
label_replace(load, "__name__", "other", "site", ".*")
label_replace(load, "to", "a$", "site", "(.*)")
label_replace(load, "to", "$", "site", "(.*)")
label_replace(load, "to", "${", "site", "(.*)")
label_replace(load, "to", "$-1", "site", "(.*)")
label_join(load, "to", "-", "site", "host")
label_join(load, "site", "-", "none")
label_join(load, "to", "-")
label_join(load, "to", "-", "1x")
label_join(load, "1x", "-", "site")
label_join(load, "host", "-", "site")
absent(load)
absent(missing)
absent(missing{a="b",c="d",c="e",f=~"g"})
absent(missing{a="b"} + load)
absent((missing{a="b"}))
absent(sum(missing{a="b"}))
absent(brief)
absent(brief{pod="p1"})
absent_over_time(missing{a="b"}[5m])
absent_over_time(brief{pod="p2"}[5m])
absent_over_time(load[5m])
absent_over_time((missing{a="b"})[5m:1m])
absent(missing @ 1600003000)
present_over_time(brief[10m])
round(load)
round(load, 5)
round(load, 0.1)
round(load, 0)
round(load, scalar(calm))
round(odd)
clamp(load, 20, 60)
clamp(load, 60, 20)
clamp(odd, -1, 1)
clamp_min(odd, 0)
clamp_max(odd, -0.0)
clamp(load, scalar(calm), 40)
clamp_min(odd, NaN)
clamp_max(odd, NaN)
rate(requests_total[5m])
rate(requests_total[15s])
rate(requests_total[1h:1m])
rate(requests_total[30s:7s])
rate(errors_total[10m])
increase(requests_total[5m] offset 3m)
increase(requests_total[90s500ms])
delta(temperature[10m])
irate(requests_total[1m])
idelta(load[1m])
deriv(load[10m])
deriv(limit[10m])
deriv(infinite[10m])
deriv(odd[10m])
predict_linear(load[10m], 3600)
predict_linear(limit[10m], -3600)
predict_linear(load[10m], scalar(calm))
predict_linear(load[10m] offset 5m, 60)
holt_winters(load[10m], 0.5, 0.5)
holt_winters(load[10m], 0.1, 0.9)
holt_winters(load[10m], 0, 0.5)
holt_winters(load[10m], 0.5, 1)
holt_winters(load[10m], NaN, 0.5)
holt_winters(missing[10m], 0, 0.5)
holt_winters(load[10m], scalar(calm) / 2 + 0.1, 0.5)
quantile_over_time(0.5, load[10m])
quantile_over_time(1.5, load[10m])
quantile_over_time(-0.5, load[10m])
quantile_over_time(NaN, load[10m])
quantile_over_time(0.9, odd[10m])
quantile_over_time(scalar(calm), load[10m])
avg_over_time(odd[5m])
sum_over_time(odd[5m])
stddev_over_time(odd[5m])
max_over_time(odd[5m])
min_over_time(odd[5m])
avg_over_time(infinite[5m])
changes(odd[10m])
resets(odd[10m])
changes(calm[10m])
tick[5m]
load[1m] offset 1m
load[1m] @ 1600003000
tick[300s]
load[5m:1m]
load[5m:1m] offset 30s
load[5m:1m] @ 1600003000
rate(requests_total[1m])[5m:]
sum(load)[5m:2m]
time()[5m:1m]
vector(time())[5m:1m]
max_over_time(vector(time())[5m:1m])
min_over_time(vector(time())[5m:1m] offset 1m)
max_over_time(rate(requests_total[1m])[10m:30s])
sum_over_time(load[5m:17s])
count_over_time(tick[5m:7s])
count_over_time(tick[5m])
count_over_time(tick[5m:1m])
count_over_time(load[5m:])
avg_over_time(sum_over_time(load[2m:30s])[5m:1m] offset 2m)
avg_over_time((load offset 5m)[5m:1m] offset -2m)
max_over_time(sum(load)[10m:1m] @ 1600004000)
sum_over_time((sum(load @ 1600002000))[5m:1m] @ end())
avg_over_time(avg_over_time((load @ 1600003000)[3m:1m])[5m:30s] @ start())
max_over_time(rate(requests_total[5m])[1h:1m] @ end() offset 10m)
sum_over_time(vector(1)[30s:7s])
last_over_time(load[5m:1m])
sum(rate(requests_total[5m])) by (site) / sum(rate(requests_total[5m])) by (site)
"text"
1
-1e-7
1e21
load{site=~"(?i)MADRID"}
{__name__=~".+",i="0"}
{__name__="load",site!=""}
load{site=""}
load{none=""}
load{none!=""}
brief offset 10m
absent(brief offset 10m)
sgn(odd)
sgn(odd - odd)
odd + 1
odd * 0
odd % 3
odd ^ 0.5
odd ^ 3
(-8) ^ (1/3)
odd atan2 1
odd == odd
odd != odd
odd > 0
-odd
deg(odd)
rad(odd)
exp(odd)
ln(odd)
""".strip().splitlines()

# Elementary functions over many arguments: small, middling, beyond every threshold, negative.
ARGUMENTS = ["(time() - 1600000000) * 0.00137", "(time() - 1600004000) / 977", "time() * 0.731",
             "time() * 1e7", "time() ^ 3", "(time() - 1600004000) / 5e6", "1 / (time() - 1600004000)",
             "(time() - 1600004000) * 1e-12", "(time() - 1600003000) ^ -9", "time() ^ 31.5"]
ELEMENTARY = [f"{name}(vector({argument}))" for name in OF_VALUE for argument in ARGUMENTS]
ELEMENTARY += [f"vector({x} {op} {y})" for op in ("^", "atan2", "%") for x in ARGUMENTS[:7]
               for y in ("2.5", "-1.3", "7", "1 / 3", "-0.0001", "(time() - 1600004000) / 1e3", "130")]

# At every minute, that is for every pattern of the ranks.
ORDERS = ["sort(rank)", "sort_desc(rank)", "topk(20, rank)", "bottomk(20, rank)", "topk(100, rank)",
          "bottomk(100, rank)", "topk by (group) (30, rank)", "quantile(0.3, rank)",
          "quantile by (group) (0.5, rank)", "topk(3, rank)", "sort(rank{group=\"1\"})",
          "sort_desc(rank * 0)", "sort(rank{i=~\"0.*\"})", "sort_desc(rank{i=~\"0[0-4].\"})"]


class Maker:
    """Random expressions, nearly all of the right types."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def pick(self, words):
        return self.random.choice(words)

    def chance(self, share):
        return self.random.random() < share

    def number(self):
        return self.pick(NUMBERS) if self.chance(0.8) else repr(round(self.random.uniform(-5, 80), 3))

    def shift(self):
        out = ""
        if self.chance(0.12):
            out += " offset " + self.pick(["", "-"]) + self.pick(RANGES)
        if self.chance(0.08):
            out += " @ " + self.pick(["start()", "end()", "1600003000", "1600006111.5"])
        return out

    def selector(self):
        return self.pick(SELECTORS if self.chance(0.4) else FEW)

    def labels(self):
        return "(" + ",".join(self.random.sample(LABELS, self.random.randrange(0, 4))) + ")"

    def range(self, depth):
        if depth <= 0 or self.chance(0.75):
            return self.selector() + "[" + self.pick(RANGES) + "]" + self.shift()
        step = self.pick(["", "1m", "30s", "17s"])
        inner = self.vector(depth - 1)
        return "(" + inner + ")[" + self.pick(["1m", "5m", "7m30s", "10m"]) + ":" + step + "]" + self.shift()

    def scalar(self, depth):
        kind = self.random.randrange(8)
        if depth <= 0 or kind < 5:
            return self.number()
        if kind == 5:
            return self.pick(["time()", "pi()", "scalar(errors_total)", "scalar(calm)"])
        if kind == 6:
            return "scalar(" + self.vector(depth - 1) + ")"
        comparison = self.chance(0.3)
        op = self.pick(COMPARISONS) + " bool" if comparison else self.pick(ARITHMETIC)
        return "(" + self.scalar(depth - 1) + " " + op + " " + self.scalar(depth - 1) + ")"

    def call(self, depth):
        kind = self.random.randrange(10)
        if kind < 4:
            return self.pick(OF_RANGE) + "(" + self.range(depth - 1) + ")"
        if kind == 4:
            name = self.pick(["quantile_over_time", "predict_linear", "holt_winters"])
            if name == "quantile_over_time":
                return f"{name}({self.scalar(1)}, {self.range(depth - 1)})"
            if name == "predict_linear":
                return f"{name}({self.range(depth - 1)}, {self.scalar(1)})"
            return f"{name}({self.range(depth - 1)}, 0.{self.random.randrange(1, 9)}, 0.3)"
        inner = self.vector(depth - 1)
        if kind == 5:
            return self.pick(OF_VALUE) + "(" + inner + ")"
        if kind == 6:
            return self.pick(OF_DATE + ["timestamp", "absent", "sort", "sort_desc"]) + "(" + inner + ")"
        if kind == 7:
            return self.pick([f"clamp({inner}, {self.scalar(1)}, {self.scalar(1)})",
                              f"clamp_min({inner}, {self.scalar(1)})",
                              f"clamp_max({inner}, {self.scalar(1)})",
                              f"round({inner}, {self.scalar(1)})", f"round({inner})"])
        if kind == 8:
            return self.pick([f'label_replace({inner}, "to", "$1", "site", "(..).*")',
                              f'label_replace({inner}, "site", "x", "host", "h1")',
                              f'label_join({inner}, "both", "/", "site", "host")',
                              f'label_join({inner}, "site", "", "none")'])
        return self.pick([f"vector({self.scalar(depth - 1)})",
                          f"histogram_quantile({self.scalar(1)}, {inner})",
                          f"histogram_quantile(0.7, rate(latency_bucket[{self.pick(RANGES)}]))"])

    def aggregate(self, depth):
        clause = self.pick(["", "", " by " + self.labels(), " without " + self.labels()])
        inner = self.vector(depth - 1)
        if self.chance(0.3):
            name = self.pick(["topk", "bottomk", "quantile", "count_values"])
            if name == "count_values":
                # With three labels Prometheus loses one after the first step of a range (docs/promql.md).
                clause = self.pick(["", " by (site)", " without (site,host)", " by (zone,i)"])
                return f'{name}{clause} ("value", {inner})'
            inner = f"{self.scalar(1) if name == 'quantile' else self.random.randrange(0, 6)}, {inner}"
            return f"{name}{clause} ({inner})"
        return self.pick(AGGREGATES) + clause + " (" + inner + ")"

    def binary(self, depth):
        kind = self.random.randrange(10)
        comparison = self.chance(0.3)
        op = self.pick(COMPARISONS) + self.pick(["", " bool"]) if comparison else self.pick(ARITHMETIC)
        if kind < 3:
            left, right = self.vector(depth - 1), self.scalar(depth - 1)
            if self.chance(0.5):
                left, right = right, left
            return f"({left}) {op} ({right})"
        left, right = self.vector(depth - 1), self.vector(depth - 1)
        match = self.pick(["", "", " on" + self.labels(), " ignoring" + self.labels(), " on(site)"])
        if kind < 6:
            return f"({left}) {self.pick(['and', 'or', 'unless'])}{match} ({right})"
        if match and self.chance(0.6):
            match += self.pick([" group_left", " group_right"])
            used = match.split("(")[1].split(")")[0].split(",")
            extra = [label for label in LABELS if label not in used]
            match += self.pick(["", "(" + self.pick(extra) + ")"])
        if self.chance(0.4):  # so that there is a match at all
            right = self.pick([left, f"{left} * 2" if depth < 2 else left])
        return f"({left}) {op}{match} ({right})"

    def vector(self, depth):
        kind = self.random.randrange(10)
        if depth <= 0 or kind < 2:
            return self.selector() + self.shift()
        if kind < 5:
            return self.call(depth)
        if kind < 7:
            return self.aggregate(depth)
        if kind == 7 and self.chance(0.3):
            return "-(" + self.vector(depth - 1) + ")"
        return self.binary(depth)

    def query(self):
        kind = self.random.randrange(20)
        if kind == 0:
            return self.scalar(3)
        if kind == 1:
            return self.range(2)
        return self.vector(self.random.randrange(1, 5))
