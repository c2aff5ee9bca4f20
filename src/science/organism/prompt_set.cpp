#include "science/organism/prompt_set.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/random.h"
#include "core/base/version.h"
#include "core/text/unicode.h"

namespace dormouse::organism {

namespace {

constexpr std::size_t kMaxBytes = std::size_t{1} << 30;

using Keys = std::set<std::string>;

Keys keys_of(const Json& object) {
  Keys keys;
  for (const auto& [key, value] : object.items()) keys.insert(key);
  return keys;
}

Json parse_row(const std::string& line, const std::vector<Keys>& schemas, const std::string& place) {
  if (!text::is_valid_utf8(line)) fail_input(place, "is not valid UTF-8");
  Json row = parse_json(line, place);
  if (!row.is_object()) fail_input(place, fmt::format("expected a JSON object, found {}", row.type_name()));
  const Keys keys = keys_of(row);
  if (std::find(schemas.begin(), schemas.end(), keys) != schemas.end()) return row;
  fail_input(place,
             fmt::format("has the keys {}, expected {}", fmt::join(keys, ", "), fmt::join(schemas.front(), ", ")),
             "see prompts/README.md for the format");
}

bool blank(const std::string& message) {
  for (std::size_t i = 0; i < message.size();) {
    if (!text::is_space(text::next_character(message, i))) return false;
  }
  return true;
}

Prompt parse_prompt(const std::string& line, const std::string& place) {
  static const std::vector<Keys> kSchemas = {{"id", "category", "lang", "text"}, {"id", "kind", "text"}};
  const Json row = parse_row(line, kSchemas, place);
  const bool is_prose = row.contains("kind");
  Prompt prompt{.id = json_string(row, "id", place),
                .category = json_string(row, is_prose ? "kind" : "category", place),
                .lang = is_prose ? "en" : json_string(row, "lang", place),
                .text = json_string(row, "text", place)};
  if (prompt.id.empty()) fail_input(place, "`id` is empty");
  if (blank(prompt.text)) fail_input(place, "`text` is empty");
  return prompt;
}

void check_size(const PromptSet& set, int64_t n) {
  const auto size = static_cast<int64_t>(set.prompts.size());
  if (n < 0 || n > size) {
    fail_input(set.name, fmt::format("{} prompts were asked for, the set has {}", n, size),
               "ask for fewer, or for 0 to take all");
  }
}

}  // namespace

PromptSet load_prompt_set(const fs::path& path) {
  const auto lines = read_lines(path, kMaxBytes);
  const auto place = [&](std::size_t line) { return fmt::format("{}:{}", path.string(), line); };
  if (lines.empty()) fail_input(place(1), "the file is empty, expected a header line");
  const Json header = parse_row(lines[0], {{"canary", "set", "rows", "license"}, {"canary", "set", "rows"}}, place(1));
  PromptSet set{.name = json_string(header, "set", place(1)), .path = path, .sha256 = sha256_file(path), .prompts = {}};

  const int64_t rows = json_int(header, "rows", place(1));
  const auto found = static_cast<int64_t>(lines.size()) - 1;
  if (rows != found) {
    fail_input(place(1), fmt::format("the header says {} rows, the file has {}", rows, found),
               "is the file cut short? else correct `rows`");
  }
  std::set<std::string> ids;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    set.prompts.push_back(parse_prompt(lines[i], place(i + 1)));
    const auto& id = set.prompts.back().id;
    if (!ids.insert(id).second) fail_input(place(i + 1), fmt::format("the id `{}` is already taken", id));
  }
  return set;
}

PromptSet find_prompt_set(const std::string& name, const std::string& place) {
  if (name.ends_with(".jsonl")) return load_prompt_set(name);
  const auto names = prompt_set_names();
  if (std::find(names.begin(), names.end(), name) == names.end()) {
    fail_input(place, unknown_name("prompt set", name, names), "or name a file that ends in .jsonl");
  }
  const fs::path path = home_folder() / "prompts" / (name + ".jsonl");
  PromptSet set = load_prompt_set(path);
  if (set.name != name) {
    fail_input(path.string() + ":1", fmt::format("the header says set `{}`, expected `{}`", set.name, name));
  }
  return set;
}

std::vector<std::string> prompt_set_names() {
  std::vector<std::string> names;
  std::error_code code;
  for (const auto& folder : fs::directory_iterator(home_folder() / "prompts", code)) {
    if (!folder.is_directory(code)) continue;
    for (const auto& file : fs::directory_iterator(folder.path(), code)) {
      if (file.path().extension() != ".jsonl") continue;
      names.push_back(folder.path().filename().string() + "/" + file.path().stem().string());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<Prompt> PromptSet::first(int64_t n) const {
  check_size(*this, n);
  return {prompts.begin(), n == 0 ? prompts.end() : prompts.begin() + n};
}

std::vector<Prompt> PromptSet::sample(int64_t n, uint64_t seed) const {
  check_size(*this, n);
  if (n == 0) return prompts;
  std::vector<std::size_t> order(prompts.size());
  std::iota(order.begin(), order.end(), 0);
  RandomStream(seed, "prompt-sample").shuffle(order);
  order.resize(static_cast<std::size_t>(n));
  std::sort(order.begin(), order.end());
  std::vector<Prompt> picked;
  for (const std::size_t index : order) picked.push_back(prompts[index]);
  return picked;
}

}  // namespace dormouse::organism
