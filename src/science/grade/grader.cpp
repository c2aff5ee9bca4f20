#include "science/grade/grader.h"

namespace dormouse::grade {

std::vector<std::unique_ptr<Grader>> make_graders(const std::vector<std::string>& names, const GraderTarget& target,
                                                  const std::string& place) {
  std::vector<std::unique_ptr<Grader>> graders;
  for (const auto& name : names) graders.push_back(Graders::get().make(name, place, target));
  return graders;
}

}  // namespace dormouse::grade
