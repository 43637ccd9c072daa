#include "intake/write_handlers.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <deque>

#include "intake/series_guard.h"

namespace tocsin::intake {
namespace {

using net::Request;
using net::Response;

constexpr TimeMs kNow{1'795'411'000'000};

// Keeps batches and answers at once, or when told, or with an error.
class ListSink final : public BatchSink {
 public:
  void submit(Batch&& batch, Done done) override {
    batches.push_back(std::move(batch));
    if (waiting) return pending.push_back(std::move(done));
    answer(std::move(done));
  }
  void answer_next() {
    Done done = std::move(pending.front());
    pending.pop_front();
    answer(std::move(done));
  }
  std::vector<Batch> batches;
  std::deque<Done> pending;
  std::optional<Error> error;
  bool waiting = false;

 private:
  void answer(Done done) {
    if (error)
      done(fail(*error));
    else
      done(Lsn{++lsn_});
  }
  uint64_t lsn_ = 0;
};

struct Fixture {
  Counters counters;
  ManualClock clock{kNow};
  SeriesTable table{100};
  AnnouncedSeries announced{100};
  SenderTable senders{counters};
  IntakeCounters intake_counters{counters};
  ListSink sink;
  IntakeShared shared;
  Intake intake;
  net::Router router;

  explicit Fixture(IntakeLimits limits = {})
      : shared{table, announced, senders, intake_counters, clock, 2, limits}, intake(shared, sink) {
    register_write_routes(router, shared, [this]() -> Intake& { return intake; });
  }
  // The answer, or status 0 while there is none.
  std::shared_ptr<Response> send(std::string method, std::string target, std::string body = "") {
    Request request;
    request.method = std::move(method);
    const size_t mark = std::min(target.find('?'), target.size());
    request.path = request.raw_path = target.substr(0, mark);
    for (size_t at = mark; at < target.size();) {
      const size_t end = std::min(target.find('&', at + 1), target.size());
      const std::string pair = target.substr(at + 1, end - at - 1);
      const size_t equals = pair.find('=');
      request.query.add(pair.substr(0, equals), pair.substr(equals + 1));
      at = end;
    }
    request.headers.add("User-Agent", "Telegraf/1.24.4 Go/1.19");
    request.remote_address = "10.0.0.7";
    request.body = std::move(body);
    auto answer = std::make_shared<Response>();
    answer->status = 0;
    router.dispatch(std::move(request), [answer](Response response) {
      EXPECT_EQ(answer->status, 0) << "answered twice";
      *answer = std::move(response);
    });
    return answer;
  }
  uint64_t count(std::string_view name, std::string_view labels = "") {
    return counters.counter(name, labels, "").value();
  }
  SenderView sender() const { return senders.list().at(0); }
};

TEST(Write, KeepsPointsAndAnswers204WithAnEmptyBody) {
  Fixture f;
  const auto v1 = f.send("POST", "/write?db=telegraf&precision=s",
                         "cpu,host=a value=1.5 1795411000\nmem value=2\n");
  EXPECT_EQ(v1->status, 204);
  EXPECT_EQ(v1->body, "");
  EXPECT_EQ(v1->headers.get("X-Influxdb-Version"), "1.8.10");
  const auto v2 = f.send("POST", "/api/v2/write?org=o&bucket=b&precision=ms",
                         "cpu,host=a value=3 1795411000123\n");
  EXPECT_EQ(v2->status, 204);
  ASSERT_EQ(f.sink.batches.size(), 2u);
  const Batch& first = f.sink.batches[0];
  EXPECT_EQ(first.kind, BatchKind::kLive);
  EXPECT_EQ(first.time, (std::vector<TimeMs>{{1'795'411'000'000}, kNow}));
  EXPECT_EQ(first.value, (std::vector<double>{1.5, 2}));
  EXPECT_EQ(f.sink.batches[1].fresh.size(), 0u);
  EXPECT_EQ(f.count("tocsin_points_received_total", "protocol=\"influx v1\""), 2u);
  EXPECT_EQ(f.count("tocsin_points_received_total", "protocol=\"influx v2\""), 1u);
  EXPECT_EQ(f.count("tocsin_rows_resolved_total", "by=\"labels\""), 2u);
  EXPECT_EQ(f.count("tocsin_rows_resolved_total", "by=\"hash\""), 1u);
}

TEST(Write, KeepsGoodLinesAndNamesTheFirstBadOneInTelegrafsWords) {
  Fixture f;
  const std::string body = "cpu,host=a value=1 7\ncpu,host=a value=\nmem v=x 7\nmem v=2 7\n";
  const auto v1 = f.send("POST", "/write?db=x", body);
  EXPECT_EQ(v1->status, 400);
  const std::string text =
      "partial write: unable to parse 'cpu,host=a value=': missing field value (line 2, column "
      "18); 1 more line refused; 2 lines kept dropped=2";
  EXPECT_EQ(v1->body, "{\"error\":\"" + text + "\"}");
  EXPECT_EQ(v1->headers.get("X-Influxdb-Error"), text);
  EXPECT_EQ(f.sink.batches.at(0).size(), 2u);
  const auto v2 = f.send("POST", "/api/v2/write", body);
  EXPECT_EQ(v2->status, 400);
  EXPECT_EQ(v2->body, "{\"code\":\"invalid\",\"message\":\"" + text + "\",\"line\":2}");
  EXPECT_EQ(f.count("tocsin_lines_rejected_total", "reason=\"syntax\""), 2u);
  EXPECT_EQ(f.count("tocsin_lines_rejected_total", "reason=\"number\""), 2u);
  EXPECT_EQ(f.senders.list().size(), 2u);
  EXPECT_EQ(f.sender().rejected, 2u);
  EXPECT_EQ(f.sender().last_error, text);
}

TEST(Write, SaysSoWhenNoLineIsGood) {
  Fixture f;
  const auto answer = f.send("POST", "/write", "cpu\n");
  EXPECT_EQ(answer->status, 400);
  EXPECT_EQ(answer->body,
            "{\"error\":\"unable to parse 'cpu': missing fields (line 1, column 4); 0 lines kept "
            "dropped=1\"}");
  EXPECT_TRUE(f.sink.batches.empty());
}

TEST(Write, CountsEveryReasonARefusedLineCanHave) {
  const struct {
    const char *reason, *line;
  } cases[] = {{"syntax", "cpu\n"},
               {"syntax", "cpu,a= v=1\n"},
               {"number", "cpu v=1x\n"},
               {"not_finite", "cpu v=NaN\n"},
               {"not_finite", "cpu v=-inf\n"},
               {"time", "cpu v=1 253370764800000\n"},
               {"time", "cpu v=1 -1\n"},
               {"label", "cpu,a=1,a=2 v=1\n"},
               {"label", "cpu,a=\xff v=1\n"}};
  for (const auto& test : cases) {
    Fixture f;
    const auto answer =
        f.send("POST", "/write?precision=ms", std::string(test.line) + "mem v=1 1795411000000\n");
    EXPECT_EQ(answer->status, 400) << test.line;
    EXPECT_EQ(f.count("tocsin_lines_rejected_total", fmt::format("reason=\"{}\"", test.reason)), 1u)
        << test.line;
    EXPECT_EQ(f.sink.batches.at(0).size(), 1u) << test.line;
  }
}

TEST(Write, ALabelOfAMegabyteIsRefusedInWordsOfItsOwn) {
  Fixture f;
  const std::string body = "m,t=" + std::string(1 << 20, 'x') + " v=1\nmem v=1\n";
  const auto answer = f.send("POST", "/write", body);
  EXPECT_EQ(answer->status, 400);
  EXPECT_LT(answer->body.size(), 600u);
  EXPECT_NE(answer->body.find("at most 16384 are accepted"), std::string::npos) << answer->body;
  EXPECT_EQ(f.count("tocsin_lines_rejected_total", "reason=\"limit\""), 1u);
  const std::string label = "m,t=" + std::string(4097, 'x') + " v=1\nmem v=1\n";
  EXPECT_NE(f.send("POST", "/write", label)->body.find("the value of tag t has 4097 bytes"),
            std::string::npos);
  EXPECT_EQ(f.sink.batches.size(), 2u);
}

// Telegraf drops what is answered so; InfluxDB says "partial write" even when nothing is kept.
TEST(Write, ALimitOfSeriesIsAPartialWriteThatNamesLimitLabelAndValue) {
  Fixture f;
  SeriesGuard guard(f.table, f.clock, f.counters, {.series = 100, .per = {{"service", 2}}});
  f.table.set_gate(&guard);
  const auto answer = f.send("POST", "/write",
                             "m,service=a,id=1 v=1\nm,service=a,id=2 v=1\nm,service=a,id=3 v=1\n"
                             "m,service=b,id=3 v=1\nm,service=a,id=1 v=2\n");
  EXPECT_EQ(answer->status, 400);
  EXPECT_EQ(answer->body,
            R"({"error":"partial write: cannot add a series for 'm,service=a,id=3 v=1': the limit )"
            R"(of 2 series for service=\"a\" is reached (limits.per); known series go on (line 3, )"
            R"(column 1); 4 lines kept dropped=1"})");
  EXPECT_EQ(f.sink.batches.at(0).size(), 4u);
  const auto none = f.send("POST", "/api/v2/write", "m,service=a,id=4 v=1\n");
  EXPECT_EQ(none->status, 400);
  EXPECT_NE(none->body.find("partial write: cannot add a series"), std::string::npos) << none->body;
  const auto part = f.send("POST", "/write", "m,service=a,id=1 v=3,new=1\n");
  EXPECT_EQ(part->status, 400);
  EXPECT_NE(part->body.find("1 line kept (1 in part) dropped=1"), std::string::npos) << part->body;
  EXPECT_EQ(f.sink.batches.back().value, (std::vector<double>{3}));
  EXPECT_EQ(f.count("tocsin_series_refused_total"), 3u);
  EXPECT_EQ(f.sender().rejected, 2u) << "v2 is another sender";
}

TEST(Write, OtherLimitsHoldFromTheNextRequestOnAndForNewSeriesOnly) {
  Fixture f;
  EXPECT_EQ(f.send("POST", "/write", "m,a=1,b=2 v=1\n")->status, 204);
  IntakeLimits limits;
  limits.lines.labels_max = 2;
  limits.lines.label_value_bytes_max = 3;
  f.shared.limits.set(limits);
  EXPECT_EQ(f.send("POST", "/write", "m,a=1,b=2 v=2\n")->status, 204) << "known";
  EXPECT_EQ(f.send("POST", "/write", "m,a=1,c=2 v=2\n")->status, 400);
  EXPECT_EQ(f.send("POST", "/write", "m,a=long v=2\n")->status, 400);
  EXPECT_EQ(f.send("POST", "/write", "m,a=1 v=2\n")->status, 204);
}

TEST(Write, RefusesLinesOfNewSeriesWhenTheTableIsFull) {
  Fixture f;
  std::string body;
  for (int i = 0; i < 101; ++i) body += fmt::format("m{} value=1\n", i);
  const auto answer = f.send("POST", "/write", body);
  EXPECT_EQ(answer->status, 400);
  EXPECT_NE(answer->body.find("partial write: cannot add a series for 'm100 value=1': "),
            std::string::npos)
      << answer->body;
  EXPECT_EQ(f.count("tocsin_lines_rejected_total", "reason=\"series\""), 1u);
  EXPECT_EQ(f.sink.batches.at(0).size(), 100u);
}

TEST(Write, TakesPrecisionsOfItsVersionOnly) {
  Fixture f;
  for (const char* good : {"n", "ns", "u", "us", "ms", "s", "m", "h"})
    EXPECT_EQ(f.send("POST", std::string("/write?precision=") + good, "")->status, 204) << good;
  for (const char* good : {"ns", "us", "ms", "s"})
    EXPECT_EQ(f.send("POST", std::string("/api/v2/write?precision=") + good, "")->status, 204);
  const auto v1 = f.send("POST", "/write?precision=sec", "m v=1");
  EXPECT_EQ(v1->status, 400);
  EXPECT_EQ(v1->body, R"x({"error":"invalid precision \"sec\" (use n, u, ms, s, m or h)"})x");
  EXPECT_EQ(f.send("POST", "/api/v2/write?precision=h", "m v=1")->status, 400);
  EXPECT_TRUE(f.sink.batches.empty());
}

TEST(Write, EmptyBodiesAndTextFieldsAreNoErrors) {
  Fixture f;
  EXPECT_EQ(f.send("POST", "/write", "")->status, 204);
  EXPECT_EQ(f.send("POST", "/write", "# nothing\n\n")->status, 204);
  EXPECT_EQ(f.send("POST", "/write", "log msg=\"a\",host=\"b\"\n")->status, 204);
  EXPECT_TRUE(f.sink.batches.empty());
  EXPECT_EQ(f.count("tocsin_fields_skipped_total", "type=\"string\""), 2u);
  EXPECT_EQ(f.sender().last_error, "nothing to keep: 2 text fields and no number");
}

TEST(Write, CountsTimesAheadAndBehindOnBothSidesOfTheirLimits) {
  Fixture f;
  const auto write = [&](DurationMs ahead) {
    EXPECT_EQ(
        f.send("POST", "/write?precision=ms", fmt::format("m v=1 {}\n", (kNow + ahead).ms))->status,
        204);
  };
  write(seconds(60));
  write(minutes(-60));
  EXPECT_EQ(f.count("tocsin_points_future_total"), 0u);
  EXPECT_EQ(f.count("tocsin_points_stale_total"), 0u);
  EXPECT_EQ(f.sender().last_error, "");
  write(milliseconds(60'001));
  write(milliseconds(-3'600'001));
  EXPECT_EQ(f.count("tocsin_points_future_total"), 1u);
  EXPECT_EQ(f.count("tocsin_points_stale_total"), 1u);
  // Seconds sent as nanoseconds.
  f.send("POST", "/write", "m v=1 1795411000\n");
  EXPECT_EQ(f.sender().last_error,
            "kept, but a point has the time 1970-01-01T00:00:01.795Z: does the request's precision "
            "(ns unless given) fit its timestamps?");
}

TEST(Write, HistoryIsMarkedAsSuch) {
  Fixture f;
  f.send("POST", "/write?precision=s&import=true", "m v=1 1396310400\n");
  EXPECT_EQ(f.sink.batches.at(0).kind, BatchKind::kImport);
  EXPECT_EQ(f.count("tocsin_points_imported_total"), 1u);
  EXPECT_EQ(f.count("tocsin_points_stale_total"), 0u);
}

TEST(Write, AnswersWhenTheLastBatchIsKept) {
  IntakeLimits limits;
  limits.batch_points_max = 2;
  Fixture f(limits);
  f.sink.waiting = true;
  const auto answer = f.send("POST", "/write", "a v=1\nb v=1\nc v=1\nbad\nd v=1\na v=2\n");
  EXPECT_EQ(f.sink.batches.size(), 1u);  // the next is read when this one is kept
  EXPECT_EQ(f.intake.in_flight_points(), 2u);
  f.sink.answer_next();
  f.sink.answer_next();
  EXPECT_EQ(f.sink.batches.size(), 3u);
  EXPECT_EQ(answer->status, 0);
  f.sink.answer_next();
  EXPECT_EQ(answer->status, 400);
  EXPECT_NE(answer->body.find("(line 4, column 4); 5 lines kept dropped=1"), std::string::npos);
  EXPECT_EQ(f.intake.in_flight_points(), 0u);
  EXPECT_EQ(f.sender().points, 5u);
}

TEST(Write, ManyBatchesKeptAtOnceDoNotPileUpOnTheStack) {
  IntakeLimits limits;
  limits.batch_points_max = 1;
  Fixture f(limits);
  std::string body;
  for (int i = 0; i < 100'000; ++i) body += "a v=1\n";
  EXPECT_EQ(f.send("POST", "/write", body)->status, 204);
  EXPECT_EQ(f.sink.batches.size(), 100'000u);
}

TEST(Write, WhatIsNotKeptIsToBeSentAgain) {
  Fixture f;
  f.sink.error = Error{ErrorCode::kExhausted, "cannot keep points: the disk is full", ""};
  const auto v1 = f.send("POST", "/write", "m v=1\n");
  EXPECT_EQ(v1->status, 503);
  EXPECT_EQ(v1->headers.get("Retry-After"), "1");
  EXPECT_EQ(v1->body, "{\"error\":\"cannot keep points: the disk is full\"}");
  const auto v2 = f.send("POST", "/api/v2/write", "m v=1\n");
  EXPECT_EQ(v2->status, 503);
  EXPECT_EQ(v2->headers.get("Retry-After"), "1");
  EXPECT_EQ(v2->body,
            "{\"code\":\"unavailable\",\"message\":\"cannot keep points: the disk is full\"}");
  EXPECT_EQ(f.count("tocsin_writes_refused_total", "reason=\"not_kept\""), 2u);
  EXPECT_EQ(f.count("tocsin_points_received_total", "protocol=\"influx v1\""), 0u);
  f.sink.error.reset();
  EXPECT_EQ(f.send("POST", "/write", "m v=1\n")->status, 204);
  EXPECT_EQ(f.sink.batches.back().fresh.size(), 1u);  // its labels were never kept
}

TEST(Write, TooManyPointsOnTheirWayAreRefusedSoThatTelegrafWaits) {
  IntakeLimits limits;
  limits.in_flight_points_max = 2;
  Fixture f(limits);
  f.sink.waiting = true;
  const auto first = f.send("POST", "/write", "a v=1\n");
  const auto second = f.send("POST", "/write", "a v=1\n");
  const auto v1 = f.send("POST", "/write", "a v=1\n");
  EXPECT_EQ(v1->status, 503);
  EXPECT_EQ(v1->headers.get("Retry-After"), "1");
  const auto v2 = f.send("POST", "/api/v2/write", "a v=1\n");
  EXPECT_EQ(v2->status, 429);
  EXPECT_EQ(v2->headers.get("Retry-After"), "1");
  EXPECT_EQ(f.count("tocsin_writes_refused_total", "reason=\"in_flight\""), 2u);
  f.sink.answer_next();
  f.sink.answer_next();
  EXPECT_EQ(first->status, 204);
  EXPECT_EQ(second->status, 204);
}

TEST(Write, NamesTheSender) {
  Fixture f;
  f.send("POST", "/write", "m v=1\n");
  const SenderView sender = f.sender();
  EXPECT_EQ(sender.name, "telegraf 10.0.0.7");
  EXPECT_EQ(sender.protocol, "influx v1");
  EXPECT_EQ(sender.points, 1u);
  ASSERT_EQ(sender.recent.size(), 1u);
  EXPECT_EQ(f.table.labels(sender.recent[0].series).text(), "m_v");
  EXPECT_EQ(f.sink.batches.at(0).sender, sender.ref);
}

TEST(Ping, AnswersAsInfluxDbDoes) {
  Fixture f;
  const auto ping = f.send("GET", "/ping");
  EXPECT_EQ(ping->status, 204);
  EXPECT_EQ(ping->headers.get("X-Influxdb-Version"), "1.8.10");
  EXPECT_EQ(ping->headers.get("X-Influxdb-Build"), "OSS");
  EXPECT_EQ(ping->headers.get("Request-Id").size(), 36u);
  EXPECT_EQ(f.send("HEAD", "/ping")->status, 204);
  const auto verbose = f.send("GET", "/ping?verbose=true");
  EXPECT_EQ(verbose->status, 200);
  EXPECT_EQ(verbose->body, "{\"version\":\"1.8.10\"}");
  const auto health = f.send("GET", "/health");
  EXPECT_EQ(health->status, 200);
  EXPECT_EQ(health->body.find("{\"name\":\"influxdb\",\"message\":\"ready for queries and writes\","
                              "\"status\":\"pass\",\"checks\":[]"),
            0u);
  const auto buckets = f.send("GET", "/api/v2/buckets?name=main");
  EXPECT_EQ(buckets->status, 200);
  EXPECT_NE(buckets->body.find("\"name\":\"main\""), std::string::npos);
}

// One statement's result with one series in it.
std::string shown(int statement, const std::string& name, const std::string& columns,
                  const std::string& values) {
  return fmt::format(
      R"({{"statement_id":{},"series":[{{"name":"{}","columns":[{}],"values":[{}]}}]}})", statement,
      name, columns, values);
}

TEST(Query, AnswersWhatSendersAndExplorersAsk) {
  Fixture f;
  f.send("POST", "/write", "cpu,host=a,dc=m idle=1\ncpu,host=b idle=2\nmem value=3\n");
  const std::string done = R"({"statement_id":0})";
  const struct {
    const char* query;
    std::string results;
  } cases[] = {
      {"CREATE DATABASE \"telegraf\"", done},
      {"create database telegraf; SHOW MEASUREMENTS LIMIT 1",
       done + "," + shown(1, "measurements", R"("name")", R"(["cpu_idle"])")},
      {"SHOW DATABASES", shown(0, "databases", R"("name")", R"(["telegraf"],["tocsin"])")},
      {"SHOW MEASUREMENTS", shown(0, "measurements", R"("name")", R"(["cpu_idle"],["mem"])")},
      {"SHOW TAG KEYS FROM \"cpu_idle\"",
       shown(0, "cpu_idle", R"("tagKey")", R"(["dc"],["host"])")},
      {"SHOW FIELD KEYS FROM mem",
       shown(0, "mem", R"("fieldKey","fieldType")", R"(["value","float"])")},
      {"SHOW TAG VALUES FROM cpu_idle WITH KEY = \"host\"",
       shown(0, "cpu_idle", R"("key","value")", R"(["host","a"],["host","b"])")},
      {"SHOW TAG KEYS FROM nothing", done},
      {"SHOW TAG VALUES",
       R"({"statement_id":0,"error":"SHOW TAG VALUES needs WITH KEY = \"label\""})"},
      {"CREATE DATABASE", R"({"statement_id":0,"error":"CREATE DATABASE needs a name"})"},
  };
  for (const auto& test : cases) {
    const auto answer = f.send("GET", std::string("/query?q=") + test.query);
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->body, "{\"results\":[" + test.results + "]}") << test.query;
  }
  const auto select = f.send("POST", "/query?q=SELECT * FROM cpu");
  EXPECT_NE(select->body.find("does not run InfluxQL SELECT"), std::string::npos);
  const auto drop = f.send("POST", "/query?q=DROP DATABASE telegraf");
  EXPECT_NE(drop->body.find("cannot run \\\"DROP DATABASE telegraf\\\""), std::string::npos);
  EXPECT_EQ(f.send("GET", "/query")->status, 400);
}

TEST(Query, ReadsFormsAsTelegrafSendsThem) {
  Fixture f;
  Request request;
  request.method = "POST";
  request.path = request.raw_path = "/query";
  request.headers.add("Content-Type", "application/x-www-form-urlencoded");
  request.body = "q=CREATE+DATABASE+%22telegraf%22";
  Response answer;
  f.router.dispatch(std::move(request), [&](Response response) { answer = std::move(response); });
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, R"({"results":[{"statement_id":0}]})");
}

}  // namespace
}  // namespace tocsin::intake
