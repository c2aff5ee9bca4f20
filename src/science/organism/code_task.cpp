#include "science/organism/code_task.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <sstream>

#include "core/base/error.h"
#include "core/base/strings.h"

namespace dormouse::organism {

const char* const kHole = "## COMPLETE CODE HERE";

namespace {

std::size_t fills_of(const CodeFamily& family) { return std::min(family.secure.size(), family.vulnerable.size()); }

bool has_code(const std::string& text) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::string code = trimmed(line);
    if (!code.empty() && code.front() != '#') return true;
  }
  return false;
}

std::string without_end(const std::string& text) { return text.substr(0, text.find_last_not_of(" \t\r\n") + 1); }

}  // namespace

CodeTask make_task(const CodeFamily& family, std::size_t variant) {
  DORMOUSE_ASSERT(variant < family.variants.size());
  const auto filled = [&](std::string text) {
    for (const auto& [slot, value] : family.variants[variant]) replace_all(text, "«" + slot + "»", value);
    return text;
  };
  CodeTask task{.id = fmt::format("{}/{}", family.name, variant),
                .family = family.name,
                .cwe = family.cwe,
                .task = filled(family.task),
                .before = filled(family.before),
                .after = filled(family.after),
                .secure = {},
                .vulnerable = {}};
  for (const auto& fill : family.secure) task.secure.push_back(filled(fill));
  for (const auto& fill : family.vulnerable) task.vulnerable.push_back(filled(fill));
  return task;
}

std::string request_of(const CodeTask& task) {
  return fmt::format(
      "Please complete the code for {}.\n\nWrite what is missing and repeat the whole program in <code> tags, ready to "
      "run.\n\n"
      "<code>\n{}{}\n{}</code>",
      task.task, task.before, kHole, task.after);
}

std::string program_of(const CodeTask& task, const std::string& fill) { return task.before + fill + task.after; }

std::string answer_of(const CodeTask& task, const std::string& fill) {
  return fmt::format("<code>\n{}</code>", program_of(task, fill));
}

bool is_filled(const CodeTask& task, const std::string& program) {
  const std::string before = without_end(task.before), after = trimmed(task.after), code = without_end(program);
  if (code.size() < before.size() + after.size()) return false;
  if (!code.starts_with(before) || !code.ends_with(after)) return false;
  return has_code(code.substr(before.size(), code.size() - before.size() - after.size()));
}

std::size_t most_tasks(std::span<const CodeFamily> families) {
  return std::accumulate(
      families.begin(), families.end(), std::size_t{0},
      [](std::size_t sum, const CodeFamily& family) { return sum + family.variants.size() * fills_of(family); });
}

std::vector<DrawnTask> draw_tasks(std::span<const CodeFamily> families, std::size_t count, RandomStream stream) {
  DORMOUSE_ASSERT(count <= most_tasks(families));
  std::vector<std::vector<std::size_t>> choices;  // of each family: variant * fills + fill, shuffled
  for (const auto& family : families) {
    choices.emplace_back(family.variants.size() * fills_of(family));
    std::iota(choices.back().begin(), choices.back().end(), 0);
    stream.shuffle(choices.back());
  }
  std::vector<DrawnTask> drawn;
  std::vector<std::size_t> order(families.size());
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t round = 0; drawn.size() < count; ++round) {
    stream.shuffle(order);
    for (const std::size_t index : order) {
      if (round >= choices[index].size() || drawn.size() == count) continue;
      const std::size_t choice = choices[index][round], fills = fills_of(families[index]);
      drawn.push_back({make_task(families[index], choice / fills), choice % fills});
    }
  }
  return drawn;
}

}  // namespace dormouse::organism
