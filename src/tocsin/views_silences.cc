// Silences and maintenance windows.

#include <algorithm>

#include "supervisor/silence_archive.h"
#include "tocsin/views.h"

namespace tocsin {
namespace {

constexpr size_t kComing = 5;  // occurrences of a window

server::SilenceView silence_view(const supervisor::Silence& silence) {
  server::SilenceView out;
  out.id = silence.id;
  for (const LabelMatcher& matcher : silence.matchers) out.matchers.push_back(matcher.text());
  out.created_at = silence.created_at;
  out.until = silence.until;
  out.comment = silence.comment;
  out.by = silence.by;
  out.muted = silence.muted;
  out.window = silence.window;
  return out;
}

server::MaintenanceView window_view(const supervisor::MaintenanceWindow& window,
                                    const std::vector<supervisor::Silence>& silences, TimeMs now) {
  server::MaintenanceView out;
  out.name = window.name;
  for (const LabelMatcher& matcher : window.matchers) out.matchers.push_back(matcher.text());
  out.comment = window.comment;
  out.zone = window.zone;
  out.rrule = window.rrule;
  out.duration = window.duration;
  out.until = window.until;
  for (const supervisor::Silence& silence : silences)
    if (silence.window == window.name) out.silence = silence.id;
  for (auto next = window.next(now); next && out.coming.size() < kComing;
       next = window.next(next->begin))
    out.coming.push_back({next->begin, next->end});
  return out;
}

}  // namespace

void LiveViews::silences(server::Done<std::vector<server::SilenceView>> done) {
  on_decisions([done = std::move(done)](DecisionThread& decisions) {
    std::vector<server::SilenceView> out;
    for (const supervisor::Silence& silence : decisions.stage().supervisor().silences())
      out.push_back(silence_view(silence));
    done(std::move(out));
  });
}

void LiveViews::add_silence(server::NewSilence silence, server::Done<server::SilenceView> done) {
  supervisor::AddSilence add;
  for (const LabelMatcher& matcher : silence.matchers) add.matchers.push_back(matcher.text());
  add.until = silence.until;
  add.comment = silence.comment;
  live_.decisions().command(
      {silence.by, add}, [this, done = std::move(done)](Result<supervisor::CommandDone> answer) {
        if (!answer) return done(fail(answer.error()));
        for (const auto& one : live_.decisions().stage().supervisor().silences())
          if (one.id == answer->silence) return done(silence_view(one));
        done(fail(ErrorCode::kInternal, "the silence ended as it was made"));
      });
}

void LiveViews::end_silence(std::string id, std::string by, server::Done<bool> done) {
  on_decisions([this, id, by, done = std::move(done)](DecisionThread& decisions) {
    const auto silences = decisions.stage().supervisor().silences();
    if (std::none_of(silences.begin(), silences.end(),
                     [&](const supervisor::Silence& silence) { return silence.id == id; }))
      return done(false);
    live_.decisions().command({by, supervisor::RemoveSilence{id}},
                              [done](Result<supervisor::CommandDone> answer) {
                                if (!answer) return done(fail(answer.error()));
                                done(true);
                              });
  });
}

void LiveViews::move_silence_end(server::SilenceEnd end,
                                 server::Done<std::optional<server::SilenceView>> done) {
  on_decisions([this, end = std::move(end), done = std::move(done)](DecisionThread& decisions) {
    const auto in_force = decisions.stage().supervisor().silences();
    if (std::none_of(in_force.begin(), in_force.end(),
                     [&](const supervisor::Silence& silence) { return silence.id == end.id; }))
      return done(std::optional<server::SilenceView>());
    live_.decisions().command(
        {end.by, supervisor::MoveSilenceEnd{end.id, end.until}},
        [this, done](Result<supervisor::CommandDone> answer) {
          if (!answer) return done(fail(answer.error()));
          for (const auto& one : live_.decisions().stage().supervisor().silences())
            if (one.id == answer->silence) return done(std::optional(silence_view(one)));
          done(fail(ErrorCode::kInternal, "the silence ended as its end was moved"));
        });
  });
}

void LiveViews::silence(std::string id, size_t limit,
                        server::Done<std::optional<server::SilenceDetails>> done) {
  in_background([this, id = std::move(id), limit, done = std::move(done)] {
    auto found = supervisor::read_silence(live_.reader(), id);
    if (!found) return done(fail(found.error()));
    if (!*found) return done(std::optional<server::SilenceDetails>());
    auto hits = supervisor::read_silence_hits(live_.reader(), id, limit);
    if (!hits) return done(fail(hits.error()));
    server::SilenceDetails out;
    out.silence = silence_view(**found);
    out.ended = (*found)->ended;
    out.removed_by = (*found)->removed_by;
    out.alerts = std::move(*hits);
    done(std::optional(std::move(out)));
  });
}

void LiveViews::preview_silence(std::vector<LabelMatcher> matchers, TimeMs since, size_t limit,
                                server::Done<supervisor::SilencePreview> done) {
  in_background([this, matchers = std::move(matchers), since, limit, done = std::move(done)] {
    done(supervisor::preview_silence(live_.reader(), matchers, since, limit));
  });
}

void LiveViews::maintenance(server::Done<std::vector<server::MaintenanceView>> done) {
  on_decisions([now = live_.clock().now(), done = std::move(done)](DecisionThread& decisions) {
    const auto& supervisor = decisions.stage().supervisor();
    const auto silences = supervisor.silences();
    std::vector<server::MaintenanceView> out;
    for (const supervisor::MaintenanceWindow& window : supervisor.maintenance()->windows)
      out.push_back(window_view(window, silences, now));
    done(std::move(out));
  });
}

}  // namespace tocsin
