#include "science/measure/multiple_choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/base/error.h"
#include "core/base/json_lines.h"
#include "core/base/strings.h"

namespace dormouse::measure {

namespace {

std::vector<std::string> texts(const Json& row, const std::string& key, const std::string& place) {
  const Json& list = json_member(row, key, place);
  const bool is_texts =
      list.is_array() && std::all_of(list.begin(), list.end(), [](const Json& item) { return item.is_string(); });
  if (!is_texts) fail_input(place, fmt::format("`{}`: expected a list of text", key));
  return list.get<std::vector<std::string>>();
}

// "b" and "B." for 1.
std::size_t place_of_letter(const std::string& letter, const std::string& place) {
  const bool is_letter =
      letter.size() == 1 && ((letter[0] >= 'A' && letter[0] <= 'Z') || (letter[0] >= 'a' && letter[0] <= 'z'));
  if (!is_letter)
    fail_input(place, fmt::format("expected the letter of an option, found `{}`", letter), "is this the right layout?");
  return static_cast<std::size_t>((letter[0] | 0x20) - 'a');
}

MultipleChoice checked(MultipleChoice question, int64_t answer, const std::string& place) {
  if (question.options.size() < 2) fail_input(place, "expected two or more options");
  for (const auto& option : question.options) {
    if (trimmed(option).empty()) fail_input(place, "an option is empty");
  }
  if (answer < 0 || answer >= static_cast<int64_t>(question.options.size())) {
    fail_input(place, fmt::format("the answer is option {} (from 0) of {}", answer, question.options.size()));
  }
  question.answer = static_cast<std::size_t>(answer);
  return question;
}

using Choices = std::vector<MultipleChoice>;

Choices read_own(const fs::path& path) {
  Choices found;
  for_json_rows(path, [&](const Json& row, const std::string& place) {
    found.push_back(checked({.id = json_string(row, "id", place),
                             .subject = json_string(row, "subject", place),
                             .context = {},
                             .question = json_string(row, "question", place),
                             .options = texts(row, "options", place)},
                            json_int(row, "answer", place), place));
  });
  return found;
}

// One record, which may go on over line ends inside quotes; `line` is counted on.
std::vector<std::string> csv_record(const std::string& bytes, std::size_t& at, int& line, const std::string& file) {
  std::vector<std::string> fields(1);
  const std::string place = fmt::format("{}:{}", file, line);
  bool quoted = false;
  for (; at < bytes.size(); ++at) {
    const char byte = bytes[at];
    if (byte == '\n') ++line;
    if (quoted) {
      const bool doubled = byte == '"' && at + 1 < bytes.size() && bytes[at + 1] == '"';
      if (byte == '"' && !doubled) {
        quoted = false;
      } else {
        fields.back() += byte;
        at += doubled;
      }
    } else if (byte == '"' && fields.back().empty()) {
      quoted = true;
    } else if (byte == ',') {
      fields.emplace_back();
    } else if (byte == '\n') {
      ++at;
      return fields;
    } else if (byte != '\r') {
      fields.back() += byte;
    }
  }
  if (quoted) fail_input(place, "a quotation mark is not closed");
  return fields;
}

Choices read_mmlu_csv(const fs::path& path) {
  std::string subject = path.stem().string();
  for (const std::string split : {"_test", "_val", "_dev"}) {
    if (subject.ends_with(split)) subject.resize(subject.size() - split.size());
  }
  Choices found;
  const std::string bytes = read_file(path);
  int line = 1;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::string place = fmt::format("{}:{}", path.string(), line);
    const auto fields = csv_record(bytes, at, line, path.string());
    if (fields.size() != 6) {
      fail_input(place, fmt::format("has {} columns, expected 6: question, four options, letter", fields.size()));
    }
    found.push_back(checked({.id = fmt::format("{}/{}", subject, found.size()),
                             .subject = subject,
                             .context = {},
                             .question = fields[0],
                             .options = {fields.begin() + 1, fields.begin() + 5}},
                            static_cast<int64_t>(place_of_letter(trimmed(fields[5]), place)), place));
  }
  return found;
}

Choices read_mmlu_rows(const fs::path& path) {
  Choices found;
  for_json_rows(path, [&](const Json& row, const std::string& place) {
    const std::string subject = json_string(row, "subject", place);
    found.push_back(checked({.id = fmt::format("{}/{}", subject, found.size()),
                             .subject = subject,
                             .context = {},
                             .question = json_string(row, "question", place),
                             .options = texts(row, "choices", place)},
                            json_int(row, "answer", place), place));
  });
  return found;
}

Choices read_quality(const fs::path& path) {
  Choices found;
  for_json_rows(path, [&](const Json& row, const std::string& place) {
    const std::string article = json_string(row, "article", place);
    for (const Json& question : json_member(row, "questions", place)) {
      if (!question.contains("gold_label"))
        fail_input(place, "a question has no `gold_label`", "the test split has none: take dev or train");
      found.push_back(checked({.id = json_string(question, "question_unique_id", place),
                               .subject = json_string(row, "article_id", place),
                               .context = article,
                               .question = json_string(question, "question", place),
                               .options = texts(question, "options", place)},
                              json_int(question, "gold_label", place) - 1, place));
    }
  });
  return found;
}

// "A.Some text", "A. Some text"; a few options of the file have no letter.
std::string without_letter(const std::string& line, std::size_t option) {
  const bool has_letter = line.size() > 2 && line[0] == static_cast<char>('A' + option) && line[1] == '.';
  return trimmed(has_letter ? line.substr(2) : line);
}

Choices read_logiqa_text(const fs::path& path) {
  const auto lines = read_lines(path);
  Choices found;
  for (std::size_t first = 0; first < lines.size(); first += 8) {
    const auto place = [&](std::size_t line) { return fmt::format("{}:{}", path.string(), first + line + 1); };
    if (!trimmed(lines[first]).empty())
      fail_input(place(0), "expected an empty line before each question", "is this the right layout?");
    if (first + 1 == lines.size()) break;  // a line end too many
    if (first + 8 > lines.size()) fail_input(place(0), "the last question is cut short, expected eight lines");
    MultipleChoice question{.id = fmt::format("logiqa/{}", found.size()),
                            .subject = "logiqa",
                            .context = trimmed(lines[first + 2]),
                            .question = trimmed(lines[first + 3]),
                            .options = {}};
    for (std::size_t option = 0; option < 4; ++option) {
      question.options.push_back(without_letter(lines[first + 4 + option], option));
    }
    const auto answer = static_cast<int64_t>(place_of_letter(trimmed(lines[first + 1]), place(1)));
    found.push_back(checked(std::move(question), answer, place(1)));
  }
  return found;
}

Choices read_logiqa_rows(const fs::path& path) {
  Choices found;
  for_json_rows(path, [&](const Json& row, const std::string& place) {
    found.push_back(checked({.id = fmt::format("logiqa/{}", found.size()),
                             .subject = "logiqa",
                             .context = json_string(row, "context", place),
                             .question = json_string(row, "query", place),
                             .options = texts(row, "options", place)},
                            json_int(row, "correct_option", place), place));
  });
  return found;
}

// The path itself, or the CSV files and JSON lines of a folder.
std::vector<fs::path> files_of(const fs::path& path) {
  if (!fs::is_directory(path)) return {path};
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(path)) {
    const fs::path kind = entry.path().extension();
    if (entry.is_regular_file() && (kind == ".csv" || kind == ".jsonl")) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  if (files.empty())
    fail_input(path.string(), "holds no .csv or .jsonl file", "name the folder of one split, such as data/test");
  return files;
}

Choices read_one(const fs::path& path, const std::string& layout) {
  if (layout == "own") return read_own(path);
  if (layout == "quality") return read_quality(path);
  const fs::path kind = path.extension();
  if (layout == "mmlu") return kind == ".csv" ? read_mmlu_csv(path) : read_mmlu_rows(path);
  DORMOUSE_ASSERT(layout == "logiqa");
  return kind == ".txt" ? read_logiqa_text(path) : read_logiqa_rows(path);
}

}  // namespace

const std::vector<std::string>& choice_layouts() {
  static const std::vector<std::string> kLayouts{"own", "mmlu", "quality", "logiqa"};
  return kLayouts;
}

std::vector<MultipleChoice> read_multiple_choice(const fs::path& path, const std::string& layout) {
  Choices found;
  for (const auto& file : files_of(path)) {
    for (auto& question : read_one(file, layout)) found.push_back(std::move(question));
  }
  if (found.empty()) fail_input(path.string(), "holds no question");
  std::set<std::string> ids;
  for (const auto& question : found) {
    if (!ids.insert(question.id).second)
      fail_input(path.string(), fmt::format("the id `{}` is there twice", question.id));
  }
  return found;
}

}  // namespace dormouse::measure
