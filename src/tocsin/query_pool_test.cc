#include "tocsin/query_pool.h"

#include <future>

#include "query/test_store.h"

namespace tocsin {
namespace {

class Pool : public ::testing::Test {
 protected:
  std::unique_ptr<QueryPool> make(QuerySettings settings) {
    settings.threads = 1;
    auto pool = std::make_unique<QueryPool>(store.parts(), settings, store.clock, store.counters);
    pool->start();
    return pool;
  }
  // What becomes of a job: "ran" or the error.
  struct Outcome {
    std::promise<std::string> told;
    std::future<std::string> text = told.get_future();
  };
  static server::Queries::Job job(Outcome& outcome,
                                  std::function<void(server::QueryContext&)> work = {}) {
    server::Queries::Job out;
    out.run = [&outcome, work = std::move(work)](server::QueryContext& context) {
      if (work) work(context);
      outcome.told.set_value("ran");
    };
    out.fail = [&outcome](const Error& error) { outcome.told.set_value(error.message); };
    return out;
  }
  uint64_t counted(const char* name) { return store.counters.counter(name, "", "").value(); }
  query::TestStore store;
};

TEST_F(Pool, AQueryReadsWhatIsThere) {
  store.put(Labels::of("m"), 5, 7);
  auto pool = make({});
  Outcome outcome;
  double value = 0;
  pool->submit(job(outcome, [&](server::QueryContext& context) {
    const auto matchers = SeriesSelector::parse("m").value().matchers();
    value = context.source()
                .select(matchers, TimeMs{0}, TimeMs{9}, {}, 10)
                ->series.at(0)
                .samples.at(0)
                .value;
  }));
  EXPECT_EQ(outcome.text.get(), "ran");
  EXPECT_EQ(value, 7);
  pool->stop();
  EXPECT_EQ(counted("tocsin_queries_total"), 1u);
}

TEST_F(Pool, PastTheQueueQueriesAreRefusedAtOnce) {
  QuerySettings settings;
  settings.queue = 2;
  auto pool = make(settings);
  std::promise<void> begun, go_on;
  Outcome first, second, third, fourth;
  pool->submit(job(first, [&](server::QueryContext&) {
    begun.set_value();
    go_on.get_future().wait();
  }));
  begun.get_future().wait();
  pool->submit(job(second));
  pool->submit(job(third));
  pool->submit(job(fourth));
  EXPECT_NE(fourth.text.get().find("2 wait already"), std::string::npos);
  go_on.set_value();
  for (Outcome* outcome : {&first, &second, &third}) EXPECT_EQ(outcome->text.get(), "ran");
  EXPECT_EQ(counted("tocsin_queries_refused_total"), 1u);
}

TEST_F(Pool, TimeThatIsUpInTheQueueIsSaid) {
  auto pool = make({});
  std::promise<void> begun, go_on;
  Outcome first, second;
  pool->submit(job(first, [&](server::QueryContext& context) {
    EXPECT_FALSE(context.options().limits.stop());
    begun.set_value();
    go_on.get_future().wait();
    EXPECT_TRUE(context.options().limits.stop()) << "its time is up while it works";
    EXPECT_FALSE(context.abandoned());
  }));
  begun.get_future().wait();
  auto late = job(second);
  late.timeout = seconds(10);
  pool->submit(std::move(late));
  store.clock.advance(minutes(3));
  go_on.set_value();
  EXPECT_EQ(second.text.get(), "query timed out in query queue");
  pool->stop();
  EXPECT_EQ(counted("tocsin_queries_timed_out_total"), 2u);
}

TEST_F(Pool, AQueryWhoseClientWentAwayIsToldToStop) {
  auto pool = make({});
  std::atomic<bool> gone{false};
  Outcome outcome;
  auto asked = job(outcome, [&](server::QueryContext& context) {
    EXPECT_FALSE(context.options().limits.stop());
    gone = true;
    EXPECT_TRUE(context.options().limits.stop());
    EXPECT_TRUE(context.abandoned());
  });
  asked.gone = [&] { return gone.load(); };
  pool->submit(std::move(asked));
  EXPECT_EQ(outcome.text.get(), "ran");
  pool->stop();
  EXPECT_EQ(counted("tocsin_queries_abandoned_total"), 1u);
}

TEST_F(Pool, AStopEndsWhatIsUnderWayAndRefusesTheRest) {
  store.put(Labels::of("m"), 5, 7);
  store.heads.holds = true;  // a shard that has stopped
  auto pool = make({});
  std::promise<void> begun;
  Outcome first, second;
  pool->submit(job(first, [&](server::QueryContext& context) {
    begun.set_value();
    const auto matchers = SeriesSelector::parse("m").value().matchers();
    EXPECT_FALSE(context.source().select(matchers, TimeMs{0}, TimeMs{9}, {}, 10));
  }));
  begun.get_future().wait();
  pool->submit(job(second));
  pool->stop();
  EXPECT_EQ(first.text.get(), "ran");
  EXPECT_NE(second.text.get().find("stopping"), std::string::npos);
  Outcome third;
  pool->submit(job(third));
  EXPECT_NE(third.text.get(), "ran");
}

}  // namespace
}  // namespace tocsin
