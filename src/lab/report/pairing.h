// How two measurements of one run go together, as their transcripts show it.
#pragma once

#include <string>

#include "lab/report/summary.h"

namespace dormouse::lab {

/// Of the change from `before` to `after`, unit by unit. Units are what a measurement's own interval resamples: of a
/// prompt's id what stands before its first slash (a family of code tasks, a text of a trigger, an attack), or all.
/// At one seed Pearson's correlation of the two sides, shrunk as in Newcombe (1998), method 10, so that units which
/// never disagree do not give an interval without width. Of two seeds Pearson's correlation of their changes, cut to
/// [0, 1]. Left out where no stage's transcripts give a side's value and n again, where the two have not the same units
/// or fewer than two, and where one of them does not vary.
Correlations paired_correlations(const RunRecord& record, const Quantity& before, const Quantity& after);

/// The first of the recipe's stages and entries in which both were taken at as many common seeds as in all of them, so
/// that they were asked the same; "" if there is none.
std::string shared_stage(const RunRecord& record, const Quantity& one, const Quantity& other);

}  // namespace dormouse::lab
