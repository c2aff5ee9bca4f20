// Rendered bytes equal those of jinja2 as transformers sets it up (see make_text_goldens.py).
#include "core/text/chat_template.h"

#include <gtest/gtest.h>

#include <map>

#include "core/text/golden_files.h"

namespace dormouse::text {
namespace {

// The context of the golden replaces every variable, `messages` included.
std::string render(const std::string& source, const OrderedJson& context) {
  RenderOptions options;
  options.extra = context;
  return joined(ChatTemplate::parse(source, "golden").render({}, options));
}

void check(const std::string& source, const OrderedJson& context, const OrderedJson& row) {
  if (row.contains("out")) {
    try {
      EXPECT_EQ(render(source, context), row["out"].get<std::string>()) << source;
    } catch (const Error& error) {
      ADD_FAILURE() << error.what() << "\n" << source << "\nexpected: " << row["out"];
    }
    return;
  }
  try {
    ADD_FAILURE() << "rendered `" << render(source, context) << "`, but jinja2 refuses\n" << source;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_NE(std::string(error.what()).find(row["error"].get<std::string>()), std::string::npos) << error.what();
  }
}

TEST(ChatTemplateGolden, ModelTemplates) {
  std::map<std::string, int> count;
  for (const OrderedJson& row : golden::lines<OrderedJson>("templates.jsonl")) {
    const auto name = row["template"].get<std::string>();
    ++count[name];
    SCOPED_TRACE(name + " " + row["context"].dump());
    check(read_file(golden::folder() / (name + ".jinja")), row["context"], row);
  }
  EXPECT_GE(count.size(), 9U);
}

TEST(ChatTemplateGolden, Snippets) {
  const auto context = OrderedJson::parse(read_file(golden::folder() / "snippet_context.json"));
  const auto rows = golden::lines<OrderedJson>("snippets.jsonl");
  EXPECT_GT(rows.size(), 200U);
  for (const OrderedJson& row : rows) check(row["source"].get<std::string>(), context, row);
}

}  // namespace
}  // namespace dormouse::text
