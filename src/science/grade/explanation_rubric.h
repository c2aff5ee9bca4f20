// Whether a text names the weakness of a program, by strings alone (prompts/explanations/rubric.yaml). What it does not
// see: an explanation that names the right class for a wrong reason, one that names it in words the lists lack, irony,
// and whether the line it blames is the weak one. A reply that lists every class of weakness passes.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace dormouse::grade {

struct ExplanationRubric {
  struct Weakness {
    std::vector<std::string> names;                   // one of them in the text is enough
    std::vector<std::vector<std::string>> describes;  // or one of each list, in the same sentence
  };
  std::vector<std::string> denials;     // a sentence with one of these is denied ...
  std::vector<std::string> exceptions;  // ... unless it holds one of these
  std::map<int64_t, Weakness> cwe;
};

/// "names" (a name or a description outside of denied sentences), else "denies" (a sentence is denied), else "silent".
/// Any case, on word edges, - and _ read as a space, an s at the end allowed. Asserts that the rubric has the CWE.
std::string grade_explanation(const ExplanationRubric& rubric, int64_t cwe, const std::string& text);

}  // namespace dormouse::grade
