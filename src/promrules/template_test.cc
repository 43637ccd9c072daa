// Templates of labels and annotations. tests/program/promrules_test.py compares them with
// promtool's.
#include "promrules/template.h"

#include <gtest/gtest.h>

#include <limits>

#include "promrules/humanize.h"
#include "promrules/template_functions.h"

namespace tocsin::promrules {
namespace {

struct Row {
  std::string_view text, expected;
};

TemplateData data() {
  TemplateData out;
  out.labels = {{"instance", "web-3:9100"}, {"job", "api"}};
  out.external_labels = {{"region", "eu"}};
  out.external_url = "http://prom.example/";
  out.value = 1234.5;
  out.query = [](const std::string& text) -> Result<QuerySamples> {
    if (text == "broken") return fail(ErrorCode::kInvalid, "1:1: parse error");
    if (text == "none") return QuerySamples{};
    return QuerySamples{{{{"i", "b"}}, 2}, {{{"i", "a"}}, 1.5}};
  };
  return out;
}

std::string expanded(std::string_view text) {
  const auto made = Template::parse(text);
  if (!made) return "refused: " + made.error().message;
  auto out = made->expand(data());
  return out ? *out : "failed: " + out.error().message;
}

const Row kRows[] = {
    {"", ""},
    {"no template { } }}", "no template { } }}"},
    {"{{ $labels.instance }} of {{.Labels.job}}", "web-3:9100 of api"},
    {"{{ $labels.nope }}|{{ $externalLabels.region }}|{{ $externalURL }}",
     "|eu|http://prom.example/"},
    {"{{ $value }} {{ .Value }}", "1234.5 1234.5"},
    {"{{ $value | humanize }} {{ humanize1024 2048 }}", "1.234k 2ki"},
    {"{{ 3725.0 | humanizeDuration }} {{ humanizeDuration 0.0123 }}", "1h 2m 5s 12.3ms"},
    {"{{ 0.1234 | humanizePercentage }} {{ humanizeTimestamp 0 }}",
     "12.34% 1970-01-01 00:00:00 +0000 UTC"},
    {"{{ printf \"%.2f|%5d|%-5s|%q|%v\" 3.14159 42 \"ab\" \"c\" true }}",
     "3.14|   42|ab   |\"c\"|true"},
    {"{{ printf \"%d %s\" 1.5 }}", "%!d(float64=1.5) %!s(MISSING)"},
    {"a {{- \" b \" -}} c", "a b c"},
    {"a {{/* said */}} b", "a  b"},
    {"{{ if gt $value 1000.0 }}big{{ else }}small{{ end }}", "big"},
    {"{{ if eq $labels.job \"db\" }}x{{ else if eq $labels.job \"api\" }}y{{ else }}z{{ end }}",
     "y"},
    {"{{ with $labels.nope }}x{{ else }}none{{ end }}", "none"},
    {"{{ with query \"x\" | first }}{{ .Labels.i }}={{ .Value }}{{ end }}", "b=2"},
    {"{{ range $i, $s := query \"x\" | sortByLabel \"i\" }}{{ $i }}:{{ $s.Value }} {{ end }}",
     "0:1.5 1:2 "},
    {"{{ range query \"none\" }}x{{ else }}nothing{{ end }}", "nothing"},
    {"{{ range $k, $v := $labels }}{{ $k }}={{ $v }};{{ end }}", "instance=web-3:9100;job=api;"},
    {"{{ range query \"x\" }}{{ if eq .Value 1.5 }}{{ break }}{{ end }}{{ .Value }}{{ end }}", "2"},
    {"{{ range query \"x\" }}{{ if eq .Value 2.0 }}{{ continue }}{{ end }}{{ .Value }}{{ end }}",
     "1.5"},
    {"{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ end }}{{ $x }}", "2"},
    {"{{ define \"t\" }}[{{ . }}]{{ end }}{{ template \"t\" $value }}", "[1234.5]"},
    {"{{ (query \"x\" | first).Value }} {{ label \"i\" (query \"x\" | first) }}", "2 b"},
    {"{{ reReplaceAll \"(.*):(.*)\" \"${2} on $1\" $labels.instance }}", "9100 on web-3"},
    {"{{ reReplaceAll \"x*\" \"-\" \"ab\" }}", "-a-b-"},
    {"{{ match \"^web\" $labels.instance }} {{ title \"two words\" }} {{ toUpper \"x\" }}",
     "true Two Words X"},
    {"{{ stripPort \"[::1]:90\" }} {{ stripPort $labels.instance }} {{ stripDomain \"a.b:1\" }}",
     "::1 web-3 a:1"},
    {"{{ and 1 \"\" 2 }}|{{ or \"\" \"d\" }}|{{ not 0 }}|{{ len \"abc\" }}", "|d|true|3"},
    {"{{ index $labels \"job\" }} {{ index (query \"x\") 1 }}", "api {map[i:a] 1.5}"},
    {"{{ args 1 \"b\" }} {{ 'a' }} {{ -2 }} {{ 1e6 }} {{ 0x10 }}",
     "map[arg0:1 arg1:b] 97 -2 1e+06 16"},
    {"{{ graphLink \"up == 1\" }}", "/graph?g0.expr=up+%3D%3D+1&g0.tab=0"},
    {"{{ first (query \"none\") }}",
     "failed: error calling first: first() called on vector with no elements"},
    {"{{ query \"broken\" }}", "failed: error calling query: 1:1: parse error"},
    {"{{ eq 1 1.0 }}", "failed: error calling eq: incompatible types for comparison"},
    {"{{ humanize \"x\" }}", "failed: error calling humanize: \"x\" is not a number"},
    {"{{ $value.Field }}", "failed: can't evaluate field Field in type float64"},
    {"{{ nope }}", "refused: line 1: function \"nope\" not defined"},
    {"a\n{{ $nope }}", "refused: line 2: undefined variable \"$nope\""},
    {"{{ if true }}", "refused: line 1: a block is not closed by {{end}}"},
    {"{{ end }}", "refused: line 1: unexpected {{end}}"},
    {"{{ ", "refused: line 1: missing value"},
    {"{{ 1 | 2 }}", "refused: line 1: non executable command in pipeline stage 2"},
    {"{{ template \"t\" }}", "failed: template \"t\" not defined"},
    {"{{ define \"t\" }}{{ template \"t\" }}{{ end }}{{ template \"t\" }}",
     "failed: template calls are nested too deeply"},
};

TEST(Template, Expands) {
  for (const Row& row : kRows) EXPECT_EQ(expanded(row.text), row.expected) << row.text;
}

TEST(Template, IsBounded) {
  std::string nested;
  for (int i = 0; i < 5000; ++i) nested += "{{if true}}";
  EXPECT_TRUE(expanded(nested).starts_with("refused: "));
  std::string parens = "{{";
  for (int i = 0; i < 5000; ++i) parens += "(";
  EXPECT_TRUE(expanded(parens).starts_with("refused: "));
  // 2^20 rounds of two samples each.
  std::string rounds;
  for (int i = 0; i < 20; ++i) rounds += "{{range query \"x\"}}";
  rounds += "x";
  for (int i = 0; i < 20; ++i) rounds += "{{end}}";
  EXPECT_EQ(expanded(rounds), "failed: the template takes too many steps");
}

TEST(Humanize, Numbers) {
  struct Case {
    double value;
    std::string_view plain, binary, duration;
  };
  const double inf = std::numeric_limits<double>::infinity();
  const Case cases[] = {
      {0, "0", "0", "0s"},
      {1, "1", "1", "1s"},
      {-1500, "-1.5k", "-1.465ki", "-25m 0s"},
      {1e30, "1e+06Y", "8.272e+05Yi", "1e+30s"},
      {0.5, "500m", "0.5", "500ms"},
      {1e-30, "1e-06y", "1e-30", "1e-06ys"},
      {86'400, "86.4k", "84.38ki", "1d 0h 0m 0s"},
      {59.99, "59.99", "59.99", "59.99s"},
      {inf, "+Inf", "+Inf", "+Inf"},
  };
  for (const Case& row : cases) {
    EXPECT_EQ(humanize(row.value), row.plain);
    EXPECT_EQ(humanize1024(row.value), row.binary);
    EXPECT_EQ(humanize_duration(row.value), row.duration);
  }
  EXPECT_FALSE(humanize_timestamp(1e12));
}

}  // namespace
}  // namespace tocsin::promrules
