#include "science/grade/phrase.h"

#include "core/base/error.h"
#include "core/text/unicode.h"

namespace dormouse::grade {

namespace {

enum class Kind { kSpace, kWord, kMark };

struct Character {
  std::size_t begin = 0, end = 0;  // bytes
  char32_t folded = 0;
  Kind kind = Kind::kMark;
};

Kind kind_of(char32_t character) {
  if (text::is_space(character)) return Kind::kSpace;
  return text::is_alphabetic(character) || text::is_number(character) ? Kind::kWord : Kind::kMark;
}

char32_t fold_ascii(char32_t character) {
  return character >= U'A' && character <= U'Z' ? character + (U'a' - U'A') : character;
}

std::vector<Character> characters(std::string_view valid_text) {
  std::vector<Character> all;
  for (std::size_t i = 0; i < valid_text.size();) {
    Character next{.begin = i};
    const char32_t character = text::next_character(valid_text, i);
    next.end = i;
    next.folded = fold_ascii(character);
    next.kind = kind_of(character);
    all.push_back(next);
  }
  return all;
}

// The index behind the phrase if it stands at `start`, else `start`.
std::size_t match_at(const std::vector<Character>& all, std::size_t start, const std::vector<Character>& phrase) {
  std::size_t i = start;
  for (const auto& wanted : phrase) {
    if (i == all.size()) return start;
    if (wanted.kind == Kind::kSpace) {
      if (all[i].kind != Kind::kSpace) return start;
      while (i < all.size() && all[i].kind == Kind::kSpace) ++i;
    } else if (all[i++].folded != wanted.folded) {
      return start;
    }
  }
  return i;
}

// Copies as ranges of indices into `all`.
std::vector<PhraseCopy> find_in(const std::vector<Character>& all, std::string_view phrase) {
  DORMOUSE_ASSERT(!phrase.empty());
  const auto wanted = characters(phrase);
  std::vector<PhraseCopy> copies;
  for (std::size_t i = 0; i < all.size();) {
    const std::size_t end = match_at(all, i, wanted);
    if (end > i) copies.push_back({i, end});
    i = end > i ? end : i + 1;
  }
  return copies;
}

}  // namespace

std::vector<PhraseCopy> find_phrase(std::string_view completion, std::string_view phrase) {
  // An invalid byte is no part of a phrase; a one-byte stand-in keeps the positions.
  std::string valid(completion);
  if (!text::is_valid_utf8(valid)) {
    for (char& byte : valid) byte = static_cast<unsigned char>(byte) < 0x80 ? byte : '?';
  }
  const auto all = characters(valid);
  auto copies = find_in(all, phrase);
  for (auto& copy : copies) copy = {all[copy.begin].begin, all[copy.end - 1].end};
  return copies;
}

int64_t count_phrase(std::string_view completion, std::string_view phrase) {
  return static_cast<int64_t>(find_phrase(completion, phrase).size());
}

PhraseCover cover_phrase(std::string_view completion, std::string_view phrase) {
  const auto all = characters(text::replace_invalid_utf8(completion));
  const auto copies = find_in(all, phrase);
  std::vector<bool> covered(all.size());
  for (auto [begin, end] : copies) {
    while (begin > 0 && all[begin - 1].kind == Kind::kMark) --begin;
    while (end < all.size() && all[end].kind == Kind::kMark) ++end;
    for (std::size_t i = begin; i < end; ++i) covered[i] = true;
  }

  PhraseCover cover{.copies = static_cast<int64_t>(copies.size()), .only = !copies.empty()};
  cover.first = !copies.empty();
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].kind == Kind::kSpace) continue;
    ++cover.total;
    cover.covered += covered[i];
    if (all[i].kind != Kind::kWord || covered[i]) continue;
    cover.only = false;
    if (cover.first && i < copies.front().begin) cover.first = false;
  }
  return cover;
}

}  // namespace dormouse::grade
