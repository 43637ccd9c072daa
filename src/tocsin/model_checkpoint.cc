#include "tocsin/model_checkpoint.h"

#include "base/bytes.h"
#include "base/id.h"

namespace tocsin {
namespace {
constexpr uint8_t kVersion = 2;
constexpr uint64_t kShardsMax = 64;
}  // namespace

EncodedCheckpoint encode(const ModelCheckpoint& checkpoint) {
  ByteWriter head;
  head.u8(kVersion);
  head.text(checkpoint.configuration);
  head.varint(checkpoint.workers.size());
  for (const auto& [id, definition] : checkpoint.workers) {
    head.text(id);
    head.u64(definition.high);
    head.u64(definition.low);
  }
  head.varint(checkpoint.shards.size());
  EncodedCheckpoint out;
  out.own.reserve(checkpoint.shards.size() + 3);  // the pieces point into its texts
  out.own.push_back(head.take());
  out.pieces.push_back(out.own.back());
  const auto text = [&](const std::string& bytes) {
    ByteWriter length;
    length.varint(bytes.size());
    out.own.push_back(length.take());
    out.pieces.push_back(out.own.back());
    out.pieces.push_back(bytes);
  };
  for (const std::string& shard : checkpoint.shards) text(shard);
  text(checkpoint.rules);
  text(checkpoint.alerts);
  return out;
}

Result<ModelCheckpoint> decode_model_checkpoint(std::string_view bytes) {
  ByteReader in(bytes);
  const uint8_t version = in.u8();
  ModelCheckpoint out;
  out.configuration = in.text();
  for (uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    auto& worker = out.workers.emplace_back();
    worker.id = in.text();
    worker.definition.high = in.u64();
    worker.definition.low = in.u64();
  }
  const uint64_t shards = in.varint();
  if (!in.ok() || version != kVersion || shards == 0 || shards > kShardsMax)
    return fail(ErrorCode::kCorrupt, "the checkpoint of the models has another format");
  for (uint64_t i = 0; i < shards; ++i) out.shards.emplace_back(in.text());
  out.rules = in.text();
  out.alerts = in.text();
  if (!in.done()) return fail(ErrorCode::kCorrupt, "the checkpoint of the models is cut short");
  return out;
}

uint64_t configuration_tag(std::string_view version) { return hash64(version); }

}  // namespace tocsin
