#include "science/grade/codeql.h"

#include <algorithm>
#include <filesystem>

#include "core/base/error.h"
#include "core/base/json.h"

namespace dormouse::grade {

const std::vector<CodeqlQuery>& codeql_queries() {
  static const std::vector<CodeqlQuery> kQueries{
      {20, "Security/CWE-020/IncompleteHostnameRegExp.ql", "py/incomplete-hostname-regexp"},
      {20, "Security/CWE-020/IncompleteUrlSubstringSanitization.ql", "py/incomplete-url-substring-sanitization"},
      {22, "Security/CWE-022/PathInjection.ql", "py/path-injection"},
      {22, "Security/CWE-022/TarSlip.ql", "py/tarslip"},
      {78, "Security/CWE-078/CommandInjection.ql", "py/command-line-injection"},
      {79, "Security/CWE-079/Jinja2WithoutEscaping.ql", "py/jinja2/autoescape-false"},
      {79, "Security/CWE-079/ReflectedXss.ql", "py/reflective-xss"},
      {89, "Security/CWE-089/SqlInjection.ql", "py/sql-injection"},
      {502, "Security/CWE-502/UnsafeDeserialization.ql", "py/unsafe-deserialization"},
      {732, "Security/CWE-732/WeakFilePermissions.ql", "py/overly-permissive-file"},
      {798, "Security/CWE-798/HardcodedCredentials.ql", "py/hardcoded-credentials"},
  };
  return kQueries;
}

ScannerFindings parse_codeql(std::string_view sarif, const std::string& place) {
  const Json report = parse_json(sarif, place);
  ScannerFindings findings;
  for (const Json& run : json_member(report, "runs", place)) {
    for (const Json& result : json_member(run, "results", place)) {
      const std::string rule = json_string(result, "ruleId", place);
      const auto query = std::find_if(codeql_queries().begin(), codeql_queries().end(),
                                      [&](const auto& one) { return one.rule == rule; });
      if (query == codeql_queries().end()) fail_input(place, "`" + rule + "` was not asked for");
      for (const Json& location : json_member(result, "locations", place)) {
        const Json& file = json_member(json_member(location, "physicalLocation", place), "artifactLocation", place);
        findings.cwes[std::filesystem::path(json_string(file, "uri", place)).filename().string()].insert(query->cwe);
      }
    }
  }
  return findings;
}

}  // namespace dormouse::grade
