#include "lab/execute/scanners.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>

#include "core/base/environment.h"
#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/strings.h"
#include "core/base/version.h"
#include "lab/execute/code_files.h"
#include "lab/execute/process.h"
#include "science/grade/codeql.h"
#include "science/grade/scanner_output.h"

namespace dormouse::lab {

namespace {

constexpr const char* kInstall = "run scripts/setup --scanners";

// ast.parse compiles to a tree and runs nothing. It raises ValueError for a NUL byte, and the other two for code nested
// too deeply.
constexpr const char* kParse = R"(
import ast, json, pathlib, sys, warnings
warnings.simplefilter("ignore")
def parses(path):
    try:
        ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
folder = pathlib.Path(sys.argv[1])
print(json.dumps([parses(folder / f"{i}.py") for i in range(int(sys.argv[2]))]))
)";

// Versions of installed packages, a line each; an empty line for one that is not there.
constexpr const char* kVersions = R"(
import sys
from importlib import metadata
for name in sys.argv[1:]:
    try:
        print(metadata.version(name))
    except metadata.PackageNotFoundError:
        print()
)";

fs::path program_in(const fs::path& folder, const std::string& name) { return folder / "bin" / name; }

std::vector<Scanner> pinned() {
  std::vector<Scanner> scanners;
  for (const auto& line : read_lines(scanner_list())) {
    const std::size_t at = line.find("==");
    if (line.starts_with("#") || at == std::string::npos) continue;
    scanners.push_back({line.substr(0, at), trimmed(line.substr(at + 2)), ""});
  }
  return scanners;
}

}  // namespace

fs::path scanner_list() { return home_folder() / "deps" / "scanners.txt"; }

fs::path scanner_folder() {
  const std::string named = environment("DORMOUSE_SCANNERS");
  return named.empty() ? home_folder() / ".venv-scanners" : fs::path(named);
}

std::vector<Scanner> find_scanners(const fs::path& folder) {
  auto scanners = pinned();
  const fs::path python = program_in(folder, "python");
  if (!fs::exists(python) || python.string().find('\'') != std::string::npos) return scanners;
  std::string command = fmt::format("'{}' -I -c '{}'", python.string(), kVersions);
  for (const auto& scanner : scanners) command += " " + scanner.name;
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
  if (pipe == nullptr) return scanners;
  std::array<char, 128> line{};
  for (auto& scanner : scanners) {
    if (std::fgets(line.data(), line.size(), pipe.get()) != nullptr) scanner.found = trimmed(line.data());
  }
  return scanners;
}

bool has_scanners() {
  const auto scanners = find_scanners();
  return std::all_of(scanners.begin(), scanners.end(), [](const Scanner& one) { return one.found == one.wanted; });
}

void require_scanners(const fs::path& folder) {
  for (const auto& [name, wanted, found] : find_scanners(folder)) {
    if (found == wanted) continue;
    fail_input(name,
               found.empty() ? fmt::format("version {} is needed to grade code, and is not installed in {}", wanted,
                                           folder.string())
                             : fmt::format("version {} is needed to grade code, and {} is installed in {}", wanted,
                                           found, folder.string()),
               kInstall);
  }
}

fs::path find_codeql() {
  std::string rest = environment("PATH");
  while (!rest.empty()) {
    const std::size_t end = rest.find(':');
    const fs::path program = fs::path(rest.substr(0, end)) / "codeql";
    if (::access(program.c_str(), X_OK) == 0) return program;
    rest = end == std::string::npos ? "" : rest.substr(end + 1);
  }
  return {};
}

StaticGrader::StaticGrader(StaticRules rules, fs::path work, bool with_codeql, fs::path folder)
    : rules_(std::move(rules)), work_(std::move(work)), folder_(std::move(folder)), with_codeql_(with_codeql) {}

std::vector<std::string> StaticGrader::names() const {
  std::vector<std::string> names{"bandit", "semgrep"};
  if (with_codeql_) names.push_back("codeql");
  names.push_back("either");
  return names;
}

std::vector<grade::CodeVerdict> StaticGrader::grade(std::span<const grade::CodeProgram> programs) {
  const auto parsable = write_and_parse(programs);
  std::map<std::string, grade::ScannerFindings> scanners;
  scanners["bandit"] = grade::parse_bandit(bandit(), read_bandit_tests(rules_.bandit), "bandit");
  scanners["semgrep"] = grade::parse_semgrep(semgrep(), "semgrep");
  if (with_codeql_) {
    auto& findings = scanners["codeql"] = grade::parse_codeql(codeql(), "codeql");
    for (std::size_t i = 0; i < programs.size(); ++i) findings.scanned.insert(grade::program_file(i));
  }
  return grade::verdicts_of(programs, parsable, scanners);
}

std::vector<bool> StaticGrader::write_and_parse(std::span<const grade::CodeProgram> programs) const {
  const fs::path folder = work_ / "programs";
  fs::remove_all(work_);
  make_folders(folder);
  for (std::size_t i = 0; i < programs.size(); ++i) {
    std::ofstream file(folder / grade::program_file(i), std::ios::binary);
    if (!(file << programs[i].code).flush()) fail_work(folder.string(), "cannot be written to");
  }
  const Json list = parse_json(
      run("python", {program_in(folder_, "python"), "-I", "-c", kParse, folder, std::to_string(programs.size())}, {0}),
      "python");
  const auto parsable = list.get<std::vector<bool>>();
  for (std::size_t i = 0; i < programs.size(); ++i) {
    if (!parsable.at(i)) fs::remove(folder / grade::program_file(i));
  }
  return parsable;
}

// --ignore-nosec and --disable-nosem: a comment in the program must not switch the grader off.
std::string StaticGrader::bandit() const {
  std::string tests;
  for (const auto& [test, counts] : read_bandit_tests(rules_.bandit)) tests += (tests.empty() ? "" : ",") + test;
  return run("bandit",
             {program_in(folder_, "bandit"), "-r", work_ / "programs", "-f", "json", "-q", "--exit-zero",
              "--ignore-nosec", "-t", tests},
             {0});
}

std::string StaticGrader::semgrep() const {
  return run(
      "semgrep",
      {program_in(folder_, "semgrep"), "scan", "--config", rules_.semgrep, "--json", "--quiet", "--metrics", "off",
       "--disable-version-check", "--disable-nosem", "--no-git-ignore", "--jobs", "1", work_ / "programs"},
      {0, 1});
}

std::string StaticGrader::codeql() const {
  const std::string program = find_codeql(), database = work_ / "codeql", found = work_ / "found.sarif";
  run("codeql-create",
      {program, "database", "create", database, "--language=python", "--overwrite", "--source-root",
       work_ / "programs"},
      {0});
  std::vector<std::string> words{program, "database", "analyze", database, "--format=sarif-latest", "--output", found};
  for (const auto& query : grade::codeql_queries()) words.push_back("codeql/python-queries:" + query.path);
  run("codeql-analyze", std::move(words), {0});
  return read_file(found);
}

std::string StaticGrader::run(const std::string& name, std::vector<std::string> words,
                              const std::vector<int>& good) const {
  const fs::path output = work_ / (name + ".json"), errors = work_ / (name + ".log");
  const int status = run_process({.words = std::move(words),
                                  .environment = {{"PATH", (folder_ / "bin").string() + ":" + environment("PATH")},
                                                  {"PYTHONDONTWRITEBYTECODE", "1"},
                                                  {"SEMGREP_SEND_METRICS", "off"},
                                                  {"SEMGREP_SETTINGS_FILE", (work_ / "settings.yml").string()}},
                                  .output = output,
                                  .errors = errors});
  if (std::find(good.begin(), good.end(), status) == good.end()) {
    const std::string said = read_file(errors);
    fail_work(name, fmt::format("ended with status {}: {}", status, trimmed(said.substr(0, 2000))));
  }
  return read_file(output);
}

}  // namespace dormouse::lab
