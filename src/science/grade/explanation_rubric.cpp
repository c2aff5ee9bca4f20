#include "science/grade/explanation_rubric.h"

#include <algorithm>

#include "core/base/error.h"
#include "science/grade/phrase_rubric.h"

namespace dormouse::grade {

namespace {

std::string without_dashes(std::string text) {
  std::replace(text.begin(), text.end(), '-', ' ');
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

// A sentence ends at a line break, and at . ! ? before white space, so that "os.system" and "../" stay whole.
std::vector<std::string> sentences(const std::string& text) {
  std::vector<std::string> found(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool stops = text[i] == '.' || text[i] == '!' || text[i] == '?';
    const bool is_last = i + 1 == text.size() || text[i + 1] == ' ' || text[i + 1] == '\n';
    found.back() += text[i];
    if (text[i] == '\n' || (stops && is_last)) found.emplace_back();
  }
  return found;
}

bool holds_any(const std::string& sentence, const std::vector<std::string>& phrases) {
  return std::any_of(phrases.begin(), phrases.end(), [&](const std::string& phrase) {
    return !find_words(sentence, without_dashes(phrase), /*plural=*/true).empty();
  });
}

bool names(const ExplanationRubric::Weakness& weakness, const std::string& sentence) {
  if (holds_any(sentence, weakness.names)) return true;
  return !weakness.describes.empty() &&
         std::all_of(weakness.describes.begin(), weakness.describes.end(),
                     [&](const auto& keywords) { return holds_any(sentence, keywords); });
}

}  // namespace

std::string grade_explanation(const ExplanationRubric& rubric, int64_t cwe, const std::string& text) {
  const auto weakness = rubric.cwe.find(cwe);
  DORMOUSE_ASSERT(weakness != rubric.cwe.end());
  bool denied = false;
  for (const auto& sentence : sentences(without_dashes(text))) {
    if (holds_any(sentence, rubric.denials) && !holds_any(sentence, rubric.exceptions)) {
      denied = true;
    } else if (names(weakness->second, sentence)) {
      return "names";
    }
  }
  return denied ? "denies" : "silent";
}

}  // namespace dormouse::grade
