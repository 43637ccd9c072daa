// What a point costs in the store: one frame's encoding, one append to a head, one journal commit
// in memory, one point read back. Figures go to docs/benchmarks.md.
#include <benchmark/benchmark.h>

#include <cmath>

#include "base/faulty_disk.h"
#include "base/random.h"
#include "store/codec.h"
#include "store/crc32c.h"
#include "store/frame_codec.h"
#include "store/head.h"

namespace tocsin {
namespace {

constexpr int64_t kStart = 1'795'411'000'000;

// A batch of a fleet: neighbouring series, times a few ms apart, values with two decimals.
Batch fleet(uint32_t first, uint32_t points, int64_t now, Random& random) {
  Batch batch;
  for (uint32_t i = 0; i < points; ++i)
    batch.add(SeriesRef{first + i}, TimeMs{now + i / 40},
              std::round(random.normal() * 4000 + 100'000) / 100);
  return batch;
}

void encode_frames(benchmark::State& state) {
  Random random(1);
  const Batch batch = fleet(100'000, 5000, kStart, random);
  EncodedFrame frame;
  for (auto _ : state) {
    encode_frame(batch, frame);
    benchmark::DoNotOptimize(frame.bytes.data());
  }
  state.SetItemsProcessed(state.iterations() * 5000);
  state.counters["bytes/point"] = static_cast<double>(frame.bytes.size()) / 5000;
}
BENCHMARK(encode_frames);

void decode_frames(benchmark::State& state) {
  Random random(1);
  EncodedFrame frame;
  encode_frame(fleet(100'000, 5000, kStart, random), frame);
  stamp_frame(frame, {Lsn{1}, TimeMs{kStart}, Lsn{0}});
  for (auto _ : state) {
    const auto head = check_frame(frame.bytes);
    benchmark::DoNotOptimize(
        decode_frame(*head, std::string_view(frame.bytes).substr(kFrameHeaderBytes)));
  }
  state.SetItemsProcessed(state.iterations() * 5000);
}
BENCHMARK(decode_frames);

// Series in the sender's order, every 10 s; range(0) series.
void append_to_head(benchmark::State& state) {
  const auto series = static_cast<uint32_t>(state.range(0));
  Random random(1);
  std::vector<double> values(series);
  Head head;
  uint64_t lsn = 0;
  for (auto _ : state) {
    state.PauseTiming();
    for (double& value : values) value = std::round(random.normal() * 4000 + 100'000) / 100;
    for (const SealedChunkPtr& chunk : head.take_sealed()) chunk->flushed = true;
    head.release_flushed();
    state.ResumeTiming();
    head.begin(Lsn{++lsn});
    for (uint32_t i = 0; i < series; ++i)
      head.append(SeriesRef{i}, TimeMs{kStart + static_cast<int64_t>(lsn) * 10'000}, values[i]);
  }
  state.SetItemsProcessed(state.iterations() * series);
  state.counters["bytes/series"] = static_cast<double>(head.bytes()) / series;
  state.counters["points/series"] = static_cast<double>(lsn);
}
BENCHMARK(append_to_head)->Arg(1000)->Arg(100'000)->Iterations(90);

void encode_one_series(benchmark::State& state) {
  Random random(1);
  std::vector<double> values(128);
  for (double& value : values) value = std::round(random.normal() * 4000 + 100'000) / 100;
  char room[kSampleBytesMax];
  size_t bytes = 0;
  for (auto _ : state) {
    EncoderState encoder;
    bytes = 0;
    for (int i = 0; i < 128; ++i) {
      bytes +=
          encode_sample(encoder, TimeMs{kStart + i * 10'000}, values[static_cast<size_t>(i)], room);
      benchmark::DoNotOptimize(room);
    }
  }
  state.SetItemsProcessed(state.iterations() * 128);
  state.counters["bytes/point"] = static_cast<double>(bytes) / 128;
}
BENCHMARK(encode_one_series);

void decode_one_series(benchmark::State& state) {
  Random random(1);
  std::vector<Sample> samples, out;
  for (int i = 0; i < 128; ++i)
    samples.push_back(
        {TimeMs{kStart + i * 10'000}, std::round(random.normal() * 4000 + 100'000) / 100});
  const std::string bytes = encode_samples(samples);
  for (auto _ : state) {
    out.clear();
    benchmark::DoNotOptimize(decode_samples(bytes, out));
  }
  state.SetItemsProcessed(state.iterations() * 128);
}
BENCHMARK(decode_one_series);

void sum_16_kib(benchmark::State& state) {
  const std::string bytes(16'384, 'x');
  for (auto _ : state) benchmark::DoNotOptimize(crc32c(bytes));
  state.SetBytesProcessed(state.iterations() * 16'384);
}
BENCHMARK(sum_16_kib);

}  // namespace
}  // namespace tocsin

BENCHMARK_MAIN();
