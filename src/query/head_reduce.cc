#include "query/head_reduce.h"

namespace tocsin::query {
namespace {

constexpr size_t kPointsPerTurn =
    6000;  // of chunks that wait to be flushed, which are decoded here

struct Question {
  std::shared_ptr<const SeriesGroups> wanted;
  TimeMs from, to;
  Reduction reduction;
  HeadsReduced done;
  std::vector<HeadReduced> parts;  // by shard, joined in their order
  std::atomic<size_t> missing{0};  // shards
};

struct Share {
  std::shared_ptr<Question> question;
  uint32_t shard = 0;
  std::vector<uint32_t> mine;  // indices into the series
  size_t at = 0;
  HeadParts parts;  // of one series; kept, so that its memory is
  std::vector<Sample> samples;

  void take(const Head& head, uint32_t index) {
    const SeriesRef ref = question->wanted->series[index];
    HeadReduced& into = question->parts[shard];
    if (head.whole_from(ref) > question->from) return into.rest.push_back(index);
    parts.previous.clear();
    parts.sealed.clear();
    parts.newest.clear();
    head.copy_parts(ref, question->from, question->to, parts);
    Reducer& group = into.groups[question->wanted->of(index)];
    if (parts.previous.empty() && parts.sealed.empty()) {
      for (const Sample& sample : parts.newest) group.add(sample);
      return;
    }
    samples.clear();
    join(parts, question->from, question->to, samples);
    for (const Sample& sample : samples) group.add(sample);
  }

  bool step(const Head& head) {
    size_t points = 0;
    for (size_t n = 0; n < kSeriesPerTurn && points < kPointsPerTurn && at < mine.size(); ++n) {
      take(head, mine[at++]);
      for (const SealedChunkPtr& chunk : parts.sealed) points += chunk->count;
    }
    if (at < mine.size()) return true;
    if (question->missing.fetch_sub(1, std::memory_order_acq_rel) == 1) finish();
    return false;
  }

  void finish() {
    HeadReduced all = std::move(question->parts.front());
    for (size_t i = 1; i < question->parts.size(); ++i) {
      HeadReduced& part = question->parts[i];
      for (size_t g = 0; g < all.groups.size(); ++g) all.groups[g].join(std::move(part.groups[g]));
      all.rest.insert(all.rest.end(), part.rest.begin(), part.rest.end());
    }
    question->done(std::move(all));
  }
};

}  // namespace

void reduce_heads(HeadAccess& heads, const SeriesTable& table,
                  std::shared_ptr<const SeriesGroups> wanted, TimeMs from, TimeMs to,
                  Reduction reduction, HeadsReduced done) {
  const std::vector<Reducer> empty(wanted->groups, Reducer(reduction));
  if (wanted->series.empty()) return done({empty, {}});
  auto question = std::make_shared<Question>();
  question->from = from;
  question->to = to;
  question->reduction = reduction;
  question->done = std::move(done);
  question->parts.assign(heads.shards(), HeadReduced{empty, {}});
  std::vector<std::shared_ptr<Share>> shares(heads.shards());
  for (uint32_t i = 0; i < wanted->series.size(); ++i) {
    const uint32_t shard = table.home(wanted->series[i]) % heads.shards();
    if (!shares[shard]) {
      shares[shard] = std::make_shared<Share>();
      shares[shard]->question = question;
      shares[shard]->shard = shard;
      ++question->missing;
    }
    shares[shard]->mine.push_back(i);
  }
  question->wanted = std::move(wanted);
  for (uint32_t shard = 0; shard < shares.size(); ++shard)
    if (auto share = std::move(shares[shard]))
      heads.visit(shard, [share](const Head& head) { return share->step(head); });
}

}  // namespace tocsin::query
