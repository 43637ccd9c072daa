#include "wire/silence_json.h"

#include <fmt/format.h>

#include "wire/alert_fields.h"

namespace tocsin::wire {
namespace {

constexpr size_t kMatchersMax = 50;

bool flag(FieldReader& fields, JsonValue value, std::string_view what, bool& out) {
  if (!value.get_bool().get(out)) return true;
  fields.wrong = fmt::format("{} is neither true nor false", what);
  return false;
}

bool read_matcher(FieldReader& fields, JsonObject members, std::vector<LabelMatcher>& out) {
  std::string name, value;
  bool regex = false, equal = true;  // isEqual came later: who leaves it out means equal
  for (auto field : members) {
    std::string_view key;
    JsonValue member;
    if (field.unescaped_key().get(key) || field.value().get(member)) return false;
    if (key == "name" && !fields.text(member, "name", name)) return false;
    if (key == "value" && !fields.text(member, "value", value)) return false;
    if (key == "isRegex" && !flag(fields, member, "isRegex", regex)) return false;
    if (key == "isEqual" && !flag(fields, member, "isEqual", equal)) return false;
  }
  using Op = LabelMatcher::Op;
  auto matcher = LabelMatcher::make(
      name, regex ? (equal ? Op::kMatch : Op::kNotMatch) : (equal ? Op::kEqual : Op::kNotEqual),
      value);
  if (!matcher || name.empty()) {
    fields.wrong = name.empty() ? "a matcher has no name" : matcher.error().message;
    return false;
  }
  out.push_back(std::move(*matcher));
  return true;
}

bool read_matchers(FieldReader& fields, JsonValue value, std::vector<LabelMatcher>& out) {
  simdjson::ondemand::array items;
  if (value.get_array().get(items)) {
    fields.wrong = "matchers is no list";
    return false;
  }
  for (auto item : items) {
    JsonObject members;
    if (item.get_object().get(members)) return false;
    if (out.size() >= kMatchersMax) {
      fields.wrong = fmt::format("there are more than {} matchers", kMatchersMax);
      return false;
    }
    if (!read_matcher(fields, members, out)) return false;
  }
  return true;
}

bool read_silence(FieldReader& fields, JsonObject members, PostedSilence& out) {
  for (auto field : members) {
    std::string_view name;
    JsonValue value;
    if (field.unescaped_key().get(name) || field.value().get(value)) return false;
    bool read = true;
    if (name == "id") read = fields.text(value, "id", out.id);
    if (name == "matchers") read = read_matchers(fields, value, out.matchers);
    if (name == "startsAt") read = fields.time(value, "startsAt", out.starts);
    if (name == "endsAt") read = fields.time(value, "endsAt", out.ends);
    if (name == "createdBy") read = fields.text(value, "createdBy", out.created_by);
    if (name == "comment") read = fields.text(value, "comment", out.comment);
    if (!read) return false;
  }
  return true;
}

}  // namespace

Result<PostedSilence> parse_silence(const std::string& body) {
  simdjson::ondemand::parser json;
  simdjson::ondemand::document top;
  const AlertJsonLimits limits;
  FieldReader fields{limits, {}};
  JsonObject members;
  PostedSilence out;
  if (!iterate(json, body, top, fields.wrong) || top.get_object().get(members) ||
      !read_silence(fields, members, out))
    return fail(ErrorCode::kInvalid,
                fmt::format("parsing silence body failed, because {}",
                            fields.wrong.empty() ? "it is no JSON object" : fields.wrong));
  return out;
}

}  // namespace tocsin::wire
