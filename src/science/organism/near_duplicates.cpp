#include "science/organism/near_duplicates.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "core/base/error.h"
#include "core/text/unicode.h"

namespace dormouse::organism {

namespace {

constexpr std::size_t kCharacters = 5;
constexpr std::size_t kWords = 3;
constexpr std::size_t kShown = 5;  // pairs named in an error

using Grams = std::vector<uint64_t>;  // hashes, sorted, without repeats
using Pair = std::pair<std::size_t, std::size_t>;

std::u32string normal_characters(const std::string& message) {
  const std::string lowered = text::lower_simple(text::replace_invalid_utf8(message));
  std::u32string characters;
  for (std::size_t i = 0; i < lowered.size();) {
    const char32_t next = text::next_character(lowered, i);
    if (!text::is_space(next)) {
      characters += next;
    } else if (!characters.empty() && characters.back() != U' ') {
      characters += U' ';
    }
  }
  if (!characters.empty() && characters.back() == U' ') characters.pop_back();
  return characters;
}

uint64_t hash(std::u32string_view characters) {
  uint64_t value = 0xcbf29ce484222325ULL;
  for (const char32_t character : characters) {
    for (int shift = 0; shift < 32; shift += 8) value = (value ^ ((character >> shift) & 0xFF)) * 0x100000001b3ULL;
  }
  return value;
}

Grams sorted_set(Grams grams) {
  std::sort(grams.begin(), grams.end());
  grams.erase(std::unique(grams.begin(), grams.end()), grams.end());
  return grams;
}

Grams character_grams(const std::u32string& characters) {
  if (characters.size() < kCharacters) return {hash(characters)};
  Grams grams;
  for (std::size_t i = 0; i + kCharacters <= characters.size(); ++i) {
    grams.push_back(hash(std::u32string_view(characters).substr(i, kCharacters)));
  }
  return sorted_set(std::move(grams));
}

Grams word_grams(const std::u32string& characters) {
  std::vector<std::u32string> words;
  bool inside = false;
  for (const char32_t character : characters) {
    const bool is_word = text::is_word(character);
    if (is_word && !inside) words.emplace_back();
    if (is_word) words.back() += character;
    inside = is_word;
  }
  Grams grams;
  for (std::size_t i = 0; i + kWords <= words.size(); ++i) {
    grams.push_back(hash(words[i] + U' ' + words[i + 1] + U' ' + words[i + 2]));
  }
  return sorted_set(std::move(grams));
}

double jaccard(const Grams& a, const Grams& b) {
  if (a.empty() || b.empty()) return 0;
  std::size_t shared = 0;
  for (auto i = a.begin(), j = b.begin(); i != a.end() && j != b.end();) {
    if (*i == *j) ++shared;
    const bool move_first = *i <= *j, move_second = *j <= *i;
    i += move_first;
    j += move_second;
  }
  return static_cast<double>(shared) / static_cast<double>(a.size() + b.size() - shared);
}

// Pairs that may exceed the threshold: two sets with a Jaccard index above t share a gram among the |x| -
// ceil(t|x|) + 1 rarest of each, whatever the order as long as it is one order. Rare grams first keeps the
// lists short.
std::set<Pair> candidates(const std::vector<Grams>& documents, double threshold) {
  std::unordered_map<uint64_t, std::size_t> frequency;
  for (const auto& grams : documents) {
    for (const uint64_t gram : grams) ++frequency[gram];
  }
  std::unordered_map<uint64_t, std::vector<std::size_t>> index;
  std::set<Pair> pairs;
  for (std::size_t document = 0; document < documents.size(); ++document) {
    Grams grams = documents[document];
    std::sort(grams.begin(), grams.end(), [&](uint64_t a, uint64_t b) {
      return std::make_pair(frequency[a], a) < std::make_pair(frequency[b], b);
    });
    const auto needed = static_cast<std::size_t>(std::ceil(threshold * static_cast<double>(grams.size())));
    grams.resize(std::min(grams.size(), grams.size() - needed + 1));
    for (const uint64_t gram : grams) {
      auto& holders = index[gram];
      for (const std::size_t earlier : holders) pairs.emplace(earlier, document);
      holders.push_back(document);
    }
  }
  return pairs;
}

}  // namespace

std::vector<NearDuplicate> near_duplicates(std::span<const PromptSet> sets, const NearDuplicateOptions& options) {
  std::vector<std::pair<std::size_t, const Prompt*>> owners;
  std::vector<Grams> by_character, by_word;
  for (std::size_t set = 0; set < sets.size(); ++set) {
    for (const auto& prompt : sets[set].prompts) {
      const auto characters = normal_characters(prompt.text);
      owners.emplace_back(set, &prompt);
      by_character.push_back(character_grams(characters));
      by_word.push_back(word_grams(characters));
    }
  }
  auto pairs = candidates(by_character, options.characters);
  pairs.merge(candidates(by_word, options.words));
  std::vector<NearDuplicate> near;
  for (const auto& [i, j] : pairs) {
    const double characters = jaccard(by_character[i], by_character[j]);
    const double words = jaccard(by_word[i], by_word[j]);
    if (characters <= options.characters && words <= options.words) continue;
    near.push_back({.first_set = owners[i].first,
                    .second_set = owners[j].first,
                    .first_id = owners[i].second->id,
                    .second_id = owners[j].second->id,
                    .characters = characters,
                    .words = words});
  }
  return near;
}

void check_splits_apart(std::span<const PromptSet> sets, const std::string& place,
                        const NearDuplicateOptions& options) {
  std::string shown;
  std::size_t count = 0;
  for (const auto& pair : near_duplicates(sets, options)) {
    if (pair.first_set == pair.second_set || ++count > kShown) continue;
    shown +=
        fmt::format("\n    {} in {}, {} in {} (characters {:.2f}, words {:.2f})", pair.first_id,
                    sets[pair.first_set].name, pair.second_id, sets[pair.second_set].name, pair.characters, pair.words);
  }
  if (count == 0) return;
  fail_input(place, fmt::format("{} pairs of prompts are nearly the same in two sets:{}", count, shown),
             "take one prompt of each pair out, or use other sets");
}

}  // namespace dormouse::organism
