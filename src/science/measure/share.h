// Shares of graded samples, with an interval that knows which samples belong together.
#pragma once

#include <string>
#include <vector>

#include "science/measure/rows.h"

namespace dormouse::measure {

/// One grade, in [0, 1]; NaN: unscored.
struct UnitGrade {
  std::string unit;  // what is resampled: a prompt, a trigger's text. Samples of one unit are not independent
  double value;
};

/// Mean grade. Where every unit has one sample: Wilson's interval if all grades are 0 or 1, else the bootstrap. Where
/// units have several: the bootstrap over units, with all samples of a unit, and where all units agree the interval of
/// as many grades as there are units. n counts samples. n = 0: value 0, which means nothing, and the interval [0, 1].
Measurement share(const std::string& name, const std::string& trigger, const std::vector<UnitGrade>& grades,
                  const Subject& subject);

}  // namespace dormouse::measure
