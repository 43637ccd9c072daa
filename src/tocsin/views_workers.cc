// Workers and their series; senders and what became of their points.

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "models/kinds.h"
#include "tocsin/views.h"
#include "tocsin/worker_calendars.h"

namespace tocsin {
namespace {

constexpr size_t kWorkerSeriesMax = 500;
constexpr size_t kSparkPoints = 40;

std::string selects_text(const streamer::Worker& worker) {
  std::string out;
  for (const SeriesSelector& selector : worker.select)
    out += (out.empty() ? "" : ", ") + selector.text();
  return out.empty() ? "every series that no other worker selects" : out;
}

server::SenderView::Verdict verdict_of(const streamer::TestView& test) {
  switch (test.state) {
    case streamer::TestView::State::kLearning:
      return server::SenderView::Verdict::kLearning;
    case streamer::TestView::State::kGuarded:
    case streamer::TestView::State::kAbsent:
    case streamer::TestView::State::kOpen:
      break;
  }
  return test.last.outside ? server::SenderView::Verdict::kOutside
                           : server::SenderView::Verdict::kInside;
}

}  // namespace

server::WorkerView LiveViews::worker_view(uint32_t index,
                                          const std::vector<ShardSummary::States>& parts) const {
  const auto configuration = live_.configuration();
  const streamer::Worker& worker = configuration->workers->workers()[index];
  server::WorkerView view;
  view.id = worker.id;
  view.place = worker.place;
  view.tier = worker.tier;
  view.selects = selects_text(worker);
  for (const ShardSummary::States& states : parts) {
    view.learning += states[0];
    view.guarded += states[1] + states[3];
    view.absent += states[2];
    view.open += states[3];
  }
  view.series = view.learning + view.guarded + view.absent;
  return view;
}

void LiveViews::workers(server::Done<std::vector<server::WorkerView>> done) {
  using Parts = std::vector<ShardSummary::States>;
  gather<Parts>(
      [](ShardThread& shard) {
        Parts out;
        for (uint32_t w = 0; w < shard.stage().workers().workers().size(); ++w)
          out.push_back(shard.summary().of_worker(w));
        return out;
      },
      [this, done = std::move(done)](std::vector<Parts> parts) {
        auto out = std::make_shared<std::vector<server::WorkerView>>();
        for (uint32_t w = 0; w < parts.front().size(); ++w) {
          Parts of_worker;
          for (const Parts& shard : parts) of_worker.push_back(shard[w]);
          if (w < live_.configuration()->workers->workers().size())
            out->push_back(worker_view(w, of_worker));
        }
        on_decisions([this, out, done](DecisionThread& decisions) {
          for (uint32_t w = 0; w < out->size(); ++w)
            (*out)[w].violations_7d = decisions.violations_7d(w, live_.clock().now());
          done(std::move(*out));
        });
      });
}

void LiveViews::worker(std::string id, server::Done<std::optional<server::WorkerDetails>> done) {
  const auto configuration = live_.configuration();
  const auto found = configuration->workers->find(id);
  if (!found) return done(std::optional<server::WorkerDetails>());
  const WorkerRef ref = *found;
  struct Part {
    ShardSummary::States states{};
    std::vector<server::WorkerDetails::Series> series;
    std::vector<ModelBand> models;  // of its first series: the weights now
  };
  gather<Part>(
      [this, ref](ShardThread& shard) {
        Part part;
        part.states = shard.summary().of_worker(ref.index);
        const streamer::Streamer& streamer = shard.stage().streamer();
        for (const uint32_t index : shard.summary().tests_of(ref.index)) {
          if (part.series.size() >= kWorkerSeriesMax) break;
          const streamer::TestView test = streamer.test(index);
          if (part.models.empty()) part.models = streamer.models(test.series, ref);
          part.series.push_back(series_view(streamer, test, ref));
        }
        return part;
      },
      [this, configuration, ref, done = std::move(done)](std::vector<Part> parts) {
        server::WorkerDetails out;
        const streamer::Worker& worker = configuration->workers->worker(ref);
        std::vector<ShardSummary::States> states;
        for (const Part& part : parts) states.push_back(part.states);
        out.worker = worker_view(ref.index, states);
        out.strategy = streamer::to_text(worker.strategy);
        const auto names = worker.model_names();
        const auto kinds = worker.model_kinds();
        for (size_t m = 0; m < names.size(); ++m) {
          const streamer::ModelSpec* spec = worker.model(kinds[m]);
          out.models.push_back({names[m], std::string(models::to_text(kinds[m])), 0,
                                spec == nullptr ? "switched off" : models::says_of(*spec)});
        }
        for (Part& part : parts) {
          for (const ModelBand& band : part.models)
            if (band.model < out.models.size())
              out.models[band.model].weight =
                  std::max(out.models[band.model].weight, static_cast<double>(band.weight));
          std::move(part.series.begin(), part.series.end(), std::back_inserter(out.series));
        }
        std::sort(out.series.begin(), out.series.end(),
                  [](const auto& a, const auto& b) { return a.labels < b.labels; });
        for (const streamer::Mark& mark : configuration->workers->marks()) {
          std::string selects;
          for (const SeriesSelector& selector : mark.match)
            selects += (selects.empty() ? "" : ", ") + selector.text();
          out.marks.push_back({mark.from, mark.to, mark.why, selects});
        }
        out.calendars = calendars_of(*configuration->workers, worker, live_.clock().now());
        const auto shared = std::make_shared<server::WorkerDetails>(std::move(out));
        on_decisions([this, shared, ref, done](DecisionThread& decisions) {
          shared->worker.violations_7d = decisions.violations_7d(ref.index, live_.clock().now());
          done(std::optional<server::WorkerDetails>(std::move(*shared)));
        });
      });
}

server::WorkerDetails::Series LiveViews::series_view(const streamer::Streamer& streamer,
                                                     const streamer::TestView& test,
                                                     WorkerRef worker) const {
  server::WorkerDetails::Series out;
  out.labels = live_.series().labels(test.series);
  out.state = guard_state(test.state);
  out.direction = test.direction;
  if (test.state == streamer::TestView::State::kOpen && test.direction != Direction::kSilent)
    out.change = change_text(test.last);
  out.guarded_from = test.guarded_from;
  out.learned = test.learned;
  const std::vector<JudgedPoint> tail = streamer.tail(test.series, worker);
  const size_t from = tail.size() > kSparkPoints ? tail.size() - kSparkPoints : 0;
  for (size_t i = from; i < tail.size(); ++i)
    out.points.push_back({tail[i].time, tail[i].value, tail[i].lower, tail[i].upper});
  return out;
}

void LiveViews::senders(server::Done<std::vector<server::SenderView>> done) {
  const auto list = std::make_shared<std::vector<intake::SenderView>>(live_.senders().list());
  using Verdicts = std::map<uint32_t, std::vector<std::pair<std::string, streamer::TestView>>>;
  gather<Verdicts>(
      [list](ShardThread& shard) {
        Verdicts out;
        for (const intake::SenderView& sender : *list)
          for (const Point& point : sender.recent)
            if (!out.contains(point.series.index))
              for (streamer::TestView& test : shard.stage().streamer().tests(point.series))
                out[point.series.index].emplace_back(shard.stage().workers().worker(test.worker).id,
                                                     std::move(test));
        return out;
      },
      [this, list, done = std::move(done)](std::vector<Verdicts> parts) {
        Verdicts verdicts;
        for (Verdicts& part : parts)
          for (auto& [ref, tests] : part)
            std::move(tests.begin(), tests.end(), std::back_inserter(verdicts[ref]));
        std::vector<server::SenderView> out;
        for (const intake::SenderView& sender : *list) {
          server::SenderView view;
          view.id = sender.ref.index;
          view.name = sender.name;
          view.protocol = sender.protocol;
          view.address = sender.address;
          view.first_seen_at = sender.first_seen;
          view.last_seen_at = sender.last_seen;
          view.points = static_cast<int64_t>(sender.points);
          view.points_per_s = sender_rates_[sender.ref.index].second;
          view.rejected = static_cast<int64_t>(sender.rejected);
          view.last_error = sender.last_error;
          view.last_error_at = sender.last_error_at;
          view.series = static_cast<int64_t>(sender.series);
          for (const Point& point : sender.recent) {
            server::SenderView::Recent recent;
            recent.labels = live_.series().labels(point.series);
            recent.time = point.time;
            recent.value = point.value;
            recent.reason = "no worker selects it";
            if (const auto found = verdicts.find(point.series.index); found != verdicts.end()) {
              recent.worker = found->second.front().first;
              recent.verdict = verdict_of(found->second.front().second);
              recent.reason = found->second.front().second.reason;
            }
            view.recent.push_back(std::move(recent));
          }
          out.push_back(std::move(view));
        }
        done(std::move(out));
      });
}

}  // namespace tocsin
