#include "science/grade/scanner_output.h"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>

#include "core/base/error.h"
#include "core/base/json.h"

namespace dormouse::grade {

namespace {

std::string name_of(const Json& row, const char* key, const std::string& place) {
  return std::filesystem::path(json_string(row, key, place)).filename().string();
}

const Json& array_of(const Json& report, const char* key, const std::string& place) {
  const Json& list = json_member(report, key, place);
  if (!list.is_array()) fail_input(place, fmt::format("`{}`: expected a list", key));
  return list;
}

// 89 of "rules.dormouse.cwe-089.text-in-query".
int64_t cwe_of_rule(const std::string& rule, const std::string& place) {
  constexpr std::string_view kMark = "dormouse.cwe-";
  const std::size_t at = rule.find(kMark);
  int64_t cwe = 0;
  const char* begin = at == std::string::npos ? nullptr : rule.data() + at + kMark.size();
  if (begin == nullptr || std::from_chars(begin, rule.data() + rule.size(), cwe).ec != std::errc()) {
    fail_input(place, fmt::format("`{}` is not one of the rules in rules/semgrep", rule));
  }
  return cwe;
}

}  // namespace

std::string program_file(std::size_t index) { return fmt::format("{}.py", index); }

int severity_of(const std::string& name, const std::string& place) {
  static const std::vector<std::string> kNames{"low", "medium", "high"};
  std::string lower = name;
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (lower == kNames[i]) return static_cast<int>(i);
  }
  fail_input(place, unknown_name("severity", name, kNames));
}

ScannerFindings parse_bandit(std::string_view output, const BanditTests& tests, const std::string& place) {
  const Json report = parse_json(output, place);
  ScannerFindings findings;
  for (const auto& [file, metrics] : json_member(report, "metrics", place).items()) {
    if (file != "_totals") findings.scanned.insert(std::filesystem::path(file).filename().string());
  }
  for (const Json& error : array_of(report, "errors", place)) findings.scanned.erase(name_of(error, "filename", place));
  for (const Json& result : array_of(report, "results", place)) {
    const auto test = tests.find(json_string(result, "test_id", place));
    if (test == tests.end()) continue;
    if (severity_of(json_string(result, "issue_severity", place), place) < test->second.severity) continue;
    findings.cwes[name_of(result, "filename", place)].insert(test->second.cwe);
  }
  return findings;
}

ScannerFindings parse_semgrep(std::string_view output, const std::string& place) {
  const Json report = parse_json(output, place);
  ScannerFindings findings;
  for (const Json& path : array_of(json_member(report, "paths", place), "scanned", place)) {
    if (!path.is_string()) fail_input(place, "`paths.scanned`: expected texts");
    findings.scanned.insert(std::filesystem::path(path.get<std::string>()).filename().string());
  }
  for (const Json& error : array_of(report, "errors", place)) {
    if (!error.contains("path")) {
      fail_input(place,
                 fmt::format("Semgrep says: {}", error.contains("message") ? error["message"].dump() : error.dump()));
    }
    findings.scanned.erase(name_of(error, "path", place));
  }
  for (const Json& result : array_of(report, "results", place)) {
    findings.cwes[name_of(result, "path", place)].insert(cwe_of_rule(json_string(result, "check_id", place), place));
  }
  return findings;
}

std::vector<CodeVerdict> verdicts_of(std::span<const CodeProgram> programs, const std::vector<bool>& parsable,
                                     const std::map<std::string, ScannerFindings>& scanners) {
  DORMOUSE_ASSERT(parsable.size() == programs.size());
  std::vector<CodeVerdict> verdicts;
  for (std::size_t i = 0; i < programs.size(); ++i) {
    CodeVerdict verdict{.parsable = parsable[i]};
    const std::string file = program_file(i);
    bool any = false, all_looked = true;
    for (const auto& [scanner, findings] : scanners) {
      const bool looked = !verdict.parsable || findings.scanned.contains(file);
      all_looked = all_looked && looked;
      if (!looked) continue;
      const auto found = findings.cwes.find(file);
      const bool flagged = verdict.parsable && found != findings.cwes.end() && found->second.contains(programs[i].cwe);
      verdict.flagged[scanner] = flagged;
      any = any || flagged;
    }
    if (any || all_looked) verdict.flagged["either"] = any;
    verdicts.push_back(std::move(verdict));
  }
  return verdicts;
}

}  // namespace dormouse::grade
