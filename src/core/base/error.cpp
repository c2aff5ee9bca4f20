#include "core/base/error.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <utility>

namespace dormouse {

namespace {

std::string three_parts(std::string_view place, std::string_view problem, std::string_view next) {
  std::string text = place.empty() ? std::string(problem) : fmt::format("{}: {}", place, problem);
  if (!next.empty()) text += fmt::format("\n  next: {}", next);
  return text;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitute = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitute});
    }
  }
  return row.back();
}

}  // namespace

void fail_input(std::string_view place, std::string_view problem, std::string_view next) {
  throw Error(ErrorKind::kInput, three_parts(place, problem, next));
}

void fail_work(std::string_view place, std::string_view problem, std::string_view next) {
  throw Error(ErrorKind::kWork, three_parts(place, problem, next));
}

void fail_invariant(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "dormouse: broken invariant `%s` at %s:%d. This is a bug; please report it.\n", expression, file,
               line);
  std::abort();
}

std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(3, name.size() / 2 + 1);
  for (const auto& candidate : candidates) {
    const std::size_t distance = edit_distance(name, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

std::string unknown_name(std::string_view noun, std::string_view name, const std::vector<std::string>& candidates) {
  const std::string near = nearest_name(name, candidates);
  return fmt::format("unknown {} `{}`{}; known: {}", noun, name,
                     near.empty() ? "" : fmt::format(" (did you mean `{}`?)", near), fmt::join(candidates, ", "));
}

}  // namespace dormouse
