#include "vocabulary/labels.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>

namespace tocsin {
namespace {

using Pairs = std::vector<Labels::Pair>;

// The same as a map, which knows nothing of how Labels lie in memory.
std::map<std::string, std::string> twin_of(const Pairs& pairs) {
  std::map<std::string, std::string> out;
  for (const auto& [name, value] : pairs) out[name] = value;
  std::erase_if(out, [](const auto& pair) { return pair.second.empty(); });
  return out;
}

Pairs as_pairs(const std::map<std::string, std::string>& twin) {
  return {twin.begin(), twin.end()};
}

rc::Gen<Pairs> some_pairs() {
  const auto text = rc::gen::oneOf(
      rc::gen::element<std::string>("", "a", "b", "job", "__name__", std::string(127, 'x'),
                                    std::string(128, 'y'), std::string(20'000, 'z')),
      rc::gen::arbitrary<std::string>());
  return rc::gen::container<Pairs>(rc::gen::pair(text, text));
}

RC_GTEST_PROP(Labels, AreWhatAMapWouldBe, ()) {
  const Pairs pairs = *some_pairs();
  const Labels labels(pairs);
  const auto twin = twin_of(pairs);
  RC_ASSERT(labels.to_pairs() == as_pairs(twin));
  RC_ASSERT(labels.pairs().size() == twin.size());
  RC_ASSERT(labels.empty() == twin.empty());
  for (const auto& [name, value] : twin) RC_ASSERT(labels.get(name) == value);
  RC_ASSERT(labels.get("not there") == std::string_view());
}

RC_GTEST_PROP(Labels, OneChangedIsAMapsOneChanged, ()) {
  const Pairs pairs = *some_pairs();
  const auto [name, value] =
      *rc::gen::pair(rc::gen::element<std::string>("a", "b", "job", "zzz"),
                     rc::gen::element<std::string>("", "other", std::string(300, 'o')));
  auto twin = twin_of(pairs);
  twin[name] = value;
  const Labels changed = Labels(pairs).with(name, value);
  RC_ASSERT(changed == Labels(as_pairs(twin)));
  RC_ASSERT(changed.hash() == Labels(as_pairs(twin)).hash());
}

RC_GTEST_PROP(Labels, AreOrderedPairByPair, ()) {
  const Pairs a = *some_pairs(), b = *some_pairs();
  const Pairs left = as_pairs(twin_of(a)), right = as_pairs(twin_of(b));
  RC_ASSERT((Labels(a) < Labels(b)) == (left < right));
  RC_ASSERT((Labels(a) == Labels(b)) == (left == right));
}

}  // namespace
}  // namespace tocsin
