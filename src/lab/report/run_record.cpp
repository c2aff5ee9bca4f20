#include "lab/report/run_record.h"

#include <algorithm>

#include "core/base/error.h"

namespace dormouse::lab {

const char* verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kReplicates:
      return "replicates";
    case Verdict::kContradicts:
      return "contradicts";
    case Verdict::kUncertain:
      return "uncertain";
    case Verdict::kNotComparable:
      return "not-comparable";
    case Verdict::kNotMeasured:
      return "not-measured";
  }
  DORMOUSE_ASSERT(false && "verdict");
  return "";
}

bool NodeInfo::is_of(const std::string& stage) const {
  return std::find(stages.begin(), stages.end(), stage) != stages.end();
}

const char* role_name(ModelRole role) {
  switch (role) {
    case ModelRole::kBase:
      return "base";
    case ModelRole::kOrganism:
      return "organism";
    case ModelRole::kSurvivor:
      return "survivor";
    case ModelRole::kTwin:
      return "twin";
  }
  DORMOUSE_ASSERT(false && "role");
  return "";
}

}  // namespace dormouse::lab
