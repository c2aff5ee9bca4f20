// The static scanners of generated code as programs on this machine: Bandit and Semgrep, pinned in deps/scanners.txt,
// in a Python environment of their own; CodeQL if the user has it. The programs that they read are data: parsed, never
// executed.
#pragma once

#include <string>
#include <vector>

#include "core/base/files.h"
#include "science/grade/code.h"

namespace dormouse::lab {

struct Scanner {
  std::string name;    // "bandit"
  std::string wanted;  // its pinned version
  std::string found;   // the one that is installed; "" if there is none
};

/// The pinned list, deps/scanners.txt below home_folder().
fs::path scanner_list();

/// $DORMOUSE_SCANNERS, else .venv-scanners below home_folder(): a Python environment.
fs::path scanner_folder();

/// The scanners of the list, and what of them is installed in the folder.
std::vector<Scanner> find_scanners(const fs::path& folder = scanner_folder());

/// Whether all of them are there in the wanted versions.
bool has_scanners();

/// Throws kInput, with the command that installs them, if one is missing or has another version.
void require_scanners(const fs::path& folder = scanner_folder());

/// The program's path if CodeQL's command line tool is on PATH, else "".
fs::path find_codeql();

struct StaticRules {
  fs::path bandit;   // rules/bandit.yaml
  fs::path semgrep;  // the folder rules/semgrep
};

/// Bandit, Semgrep and, if asked for, CodeQL over all programs at once; "either" is any of them. Each program is one
/// file below `work`, which is emptied first. What Python's parser refuses is not scanned.
class StaticGrader : public grade::CodeGrader {
 public:
  StaticGrader(StaticRules rules, fs::path work, bool with_codeql, fs::path folder = scanner_folder());

  std::vector<std::string> names() const override;
  std::vector<grade::CodeVerdict> grade(std::span<const grade::CodeProgram> programs) override;

 private:
  std::vector<bool> write_and_parse(std::span<const grade::CodeProgram> programs) const;
  std::string bandit() const;
  std::string semgrep() const;
  std::string codeql() const;
  std::string run(const std::string& name, std::vector<std::string> words, const std::vector<int>& good) const;

  const StaticRules rules_;
  const fs::path work_, folder_;
  const bool with_codeql_;
};

}  // namespace dormouse::lab
