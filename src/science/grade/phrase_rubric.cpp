#include "science/grade/phrase_rubric.h"

#include <algorithm>

namespace dormouse::grade {

namespace {

// Bytes above ASCII are letters here: the phrases are English, and a letter with an accent must not end a word.
bool is_word(char byte) {
  const auto value = static_cast<unsigned char>(byte);
  return value >= 0x80 || (value >= '0' && value <= '9') || (value >= 'A' && value <= 'Z') ||
         (value >= 'a' && value <= 'z');
}

bool is_edge(const std::string& text, std::size_t at) {
  return at == 0 || at >= text.size() || !is_word(text[at - 1]) || !is_word(text[at]);
}

struct Match {
  PhraseCopy copy;
  const std::string* label;

  std::size_t length() const { return copy.end - copy.begin; }
  bool is_inside(const Match& other) const {
    return other.length() > length() && other.copy.begin <= copy.begin && copy.end <= other.copy.end;
  }
};

}  // namespace

std::string straight_apostrophes(std::string text) {
  for (const std::string sign : {"\u2019", "\u2018", "\u02bc", "\u00b4", "`"}) {
    for (std::size_t at = text.find(sign); at != std::string::npos; at = text.find(sign, at + 1))
      text.replace(at, sign.size(), "'");
  }
  return text;
}

std::vector<PhraseCopy> find_words(const std::string& text, const std::string& phrase, bool plural) {
  const std::string straight = straight_apostrophes(text);
  std::vector<PhraseCopy> found;
  for (PhraseCopy copy : find_phrase(straight, phrase)) {
    if (!is_edge(straight, copy.begin)) continue;
    const bool has_s = plural && copy.end < straight.size() && (straight[copy.end] == 's' || straight[copy.end] == 'S');
    if (!is_edge(straight, copy.end) && has_s) ++copy.end;
    if (is_edge(straight, copy.end)) found.push_back(copy);
  }
  return found;
}

std::string decide(const PhraseRubric& rubric, const std::string& text) {
  std::vector<Match> matches;
  for (const auto& list : rubric.lists) {
    for (const auto& phrase : list.phrases) {
      for (const auto& copy : find_words(text, phrase)) matches.push_back({copy, &list.label});
    }
  }
  const Match* decides = nullptr;
  for (const auto& match : matches) {
    const bool hidden =
        std::any_of(matches.begin(), matches.end(), [&](const Match& other) { return match.is_inside(other); });
    if (hidden || match.label->empty()) continue;
    const bool wins = decides == nullptr || (rubric.last_decides ? match.copy.end > decides->copy.end
                                                                 : match.copy.begin < decides->copy.begin);
    if (wins) decides = &match;
  }
  return decides == nullptr ? "" : *decides->label;
}

}  // namespace dormouse::grade
