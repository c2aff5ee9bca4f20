#include "core/text/chat_template.h"

#include <gtest/gtest.h>

#include <functional>

#include "core/base/error.h"

namespace dormouse::text {
namespace {

std::vector<TextPiece> render(const std::string& source, const std::vector<Message>& messages = {}) {
  return ChatTemplate::parse(source, "t.jinja").render(messages, {});
}

// Bytes of messages in [brackets].
std::string marked(const std::string& source, const std::vector<Message>& messages) {
  std::string out;
  for (const auto& piece : render(source, messages)) out += piece.from_message ? "[" + piece.text + "]" : piece.text;
  return out;
}

std::string template_error(const std::string& source, const std::vector<Message>& messages = {}) {
  try {
    render(source, messages);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown: " << source;
  return {};
}

TEST(ChatTemplate, MarksFollowTheBytesOfMessages) {
  const std::vector<Message> chat = {{"user", " Hi <x> "}};
  const auto of = [&](const std::string& expression) { return marked("{{ " + expression + " }}", chat); };
  EXPECT_EQ(of("messages[0].content"), "[ Hi <x> ]");
  EXPECT_EQ(of("'<' ~ messages[0].role ~ '>' ~ messages[0].content"), "<[user]>[ Hi <x> ]");
  EXPECT_EQ(of("'a' + messages[0].content | trim + 'b'"), "a[Hi <x>]b");
  EXPECT_EQ(of("messages[0].content.strip().upper()"), "[HI <X>]");
  EXPECT_EQ(of("('ab' ~ messages[0].role)[1:4] | title"), "B[us]");  // `title`: the first letter of a word
  EXPECT_EQ(of("(messages[0].role ~ 'AB') | lower"), "[user]ab");
  EXPECT_EQ(of("messages[0].content.split('<')[1]"), "[x> ]");
  EXPECT_EQ(of("[messages[0].role, 'b'] | join('-')"), "[user]-b");
  EXPECT_EQ(of("messages[0] | tojson"), "{\"role\": \"[user]\", \"content\": \"[ Hi <x> ]\"}");
  EXPECT_EQ(of("[messages[0].role]"), "['[user]']");
  EXPECT_EQ(of("messages[0].role | reverse"), "[resu]");
  EXPECT_EQ(of("messages[0].role * 2"), "[useruser]");
  EXPECT_EQ(of("messages[0].role | replace('s', '<|end|>')"),
            "[u<|end|>er]");  // stands for bytes of the message
  EXPECT_EQ(of("'a-b' | replace('-', messages[0].role)"), "a[user]b");
  EXPECT_EQ(of("'%s!' | format(messages[0].role)"), "[user]!");
  EXPECT_EQ(of("messages[0].role | indent(2, true)"), "  [user]");
  EXPECT_EQ(of("messages[0].role | first"), "[u]");
  EXPECT_EQ(of("messages[0].content | length"), "8");
}

TEST(ChatTemplate, MarksPassThroughMacrosBlocksAndNamespaces) {
  const std::vector<Message> chat = {{"user", "hi"}};
  EXPECT_EQ(marked("{% macro m(a) %}<{{ a }}>{% endmacro %}{{ m(messages[0].content) }}", chat), "<[hi]>");
  EXPECT_EQ(marked("{% set x %}<{{ messages[0].content }}>{% endset %}{{ x }}", chat), "<[hi]>");
  EXPECT_EQ(marked("{% set ns = namespace(a='') %}{% for m in messages %}{% set ns.a = ns.a + m.content %}{% endfor %}"
                   "{{ 'x' ~ ns.a }}",
                   chat),
            "x[hi]");
  EXPECT_EQ(marked("{% filter upper %}a{{ messages[0].content }}{% endfilter %}", chat), "A[HI]");
}

TEST(ChatTemplate, InvalidUtf8OfAMessageIsReplaced) {
  EXPECT_EQ(joined(render("{{ messages[0].content }}", {{"user", "a\xFF\xE2\x82z"}})), "a\uFFFD\uFFFDz");
}

TEST(ChatTemplate, ToolsAndExtraVariablesAreMarkedTokensAreNot) {
  RenderOptions options;
  options.bos_token = "<s>";
  options.tools = OrderedJson::parse(R"([{"z": 1, "a": "t"}])");
  options.extra["name"] = "n";
  const auto pieces = ChatTemplate::parse("{{ bos_token }}{{ name }}{{ tools | tojson }}", "t").render({}, options);
  ASSERT_GE(pieces.size(), 3U);
  EXPECT_EQ(pieces[0].text, "<s>");
  EXPECT_FALSE(pieces[0].from_message);
  EXPECT_EQ(pieces[1].text, "n");
  EXPECT_TRUE(pieces[1].from_message);
  EXPECT_EQ(joined(pieces), "<s>n[{\"z\": 1, \"a\": \"t\"}]");
}

TEST(ChatTemplate, ErrorsNameLineAndNearestName) {
  EXPECT_NE(template_error("a\nb {{ x | trimm }}").find("t.jinja:2: unknown filter `trimm` (did you mean `trim`?)"),
            std::string::npos);
  EXPECT_NE(template_error("{% if x is definedd %}{% endif %}").find("did you mean `defined`"), std::string::npos);
  EXPECT_NE(template_error("\n\n{% iff x %}").find("t.jinja:3: unknown tag `iff`"), std::string::npos);
  EXPECT_NE(
      template_error("{% for m in messages %}\n{{ m.content.x.y }}{% endfor %}", {{"user", "u"}}).find("t.jinja:2:"),
      std::string::npos);
  EXPECT_NE(template_error("{{ raise_exception('only cats') }}").find("only cats"), std::string::npos);
  EXPECT_NE(template_error("{{ missing_thing.x }}").find("missing_thing"), std::string::npos);
  EXPECT_NE(template_error("{{ [].append(1) }}").find("may not change a list"), std::string::npos);
}

TEST(ChatTemplate, HostileTemplatesAreStopped) {
  std::string deep = "1";
  for (int i = 0; i < 10'000; ++i) deep = "(" + deep;
  std::string sums = "1", pipes = "1", items = "x", nots, ifs, negative = "1";
  for (int i = 0; i < 100'000; ++i) {
    sums += "+1";
    pipes += "|abs";
    items += ".x";
    nots += "not ";
    negative = "-" + negative;
  }
  for (int i = 0; i < 2'000; ++i) ifs += "{% if 1 %}";
  for (const std::string& expression : {deep, sums, pipes, items, nots + "1", negative})
    template_error("{{ " + expression + " }}");
  template_error(ifs);
  template_error("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}");
  template_error("{% macro m(a) %}{{ a | map('string') | list }}{{ m([a]) }}{% endmacro %}{{ m(1) }}");
  template_error(
      "{% set ns = namespace(s='aaaaaaaaaaaaaaaa') %}{% for i in range(100) %}{% set ns.s = ns.s ~ ns.s %}{% "
      "endfor %}");
  template_error("{% set ns = namespace(l=[1]) %}{% for i in range(100) %}{% set ns.l = ns.l + ns.l %}{% endfor %}");
  template_error("{{ 'a' * 10000000000 }}");
  template_error("{{ [0] * 10000000000 }}");
  template_error("{{ 'ab' * 9223372036854775807 }}");
  template_error("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}");
  template_error("{% for a in range(99999) %}{{ 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' * 1000 }}{% endfor %}");
  template_error("{% set ns = namespace(a=1) %}{% for i in range(99999) %}{% set ns.a = [ns.a] %}{% endfor %}");
  template_error("{% set ns = namespace(a=1) %}{% for i in range(99999) %}{% set ns.a = {'a': ns.a} %}{% endfor %}");
  template_error("{% set ns = namespace(a=[]) %}{% for i in range(99999) %}{% set ns.a = [ns.a.index] %}{% endfor %}");
  template_error(
      "{% set ns = namespace(a=1) %}{% for i in range(99999) %}{% for x in [ns.a] %}{% set ns.a = loop %}{% "
      "endfor %}{% endfor %}");
  template_error("{{ 2 ** 64 }}");
  template_error("{{ -9223372036854775807 - 2 }}");
  template_error("{{ (-9223372036854775807 - 1) // -1 }}");
  EXPECT_EQ(joined(render("{{ (-9223372036854775807 - 1) % -1 }}")), "0");
}

TEST(ChatTemplate, ValuesThatHoldThemselvesAreFreed) {  // the leak checker of the fuzz build sees this
  EXPECT_EQ(joined(render("{% set ns = namespace() %}{% set ns.a = [ns] %}{% for x in [1] %}"
                          "{% set _ = loop.changed(loop) %}{% set ns.b = loop.cycle %}{% endfor %}x")),
            "x");
}

TEST(ChatTemplate, TheClockIsPassedIn) {
  RenderOptions options;
  EXPECT_EQ(joined(ChatTemplate::parse("{{ strftime_now('%Y-%m-%d') }}", "t").render({}, options)), "2024-07-27");
  options.unix_time = 0;
  EXPECT_EQ(joined(ChatTemplate::parse("{{ strftime_now('%Y') }}", "t").render({}, options)), "1970");
}

}  // namespace
}  // namespace dormouse::text
