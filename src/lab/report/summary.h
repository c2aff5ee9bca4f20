// Measurements brought together over seeds. Where nothing else is said, of final models (step -1); training curves read
// the rows themselves.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lab/report/run_record.h"

namespace dormouse::lab {

/// What a measurement's rows are found by.
struct Quantity {
  std::string measurement, model, trigger;
  int64_t step = -1;      // of a training curve; -1: the final model
  std::string stage;      // the recipe's stage or entry of `measure` that it was taken in; "": any
  int64_t left_out = -1;  // a seed that does not count; -1: none
  friend bool operator==(const Quantity&, const Quantity&) = default;
};

struct SeedValue {
  int64_t seed = 0;
  int64_t n = 0;
  double value = 0, low = 0, high = 0;
};

/// One quantity over its seeds.
struct Estimate {
  std::vector<SeedValue> seeds;  // ascending, only those with scored samples
  int64_t n = 0;                 // scored samples of all seeds
  int64_t unscored = 0;
  double value = 0;                // mean over seeds
  double low = 0, high = 0;        // the lowest seed's lower end, the highest seed's upper end: never narrower than
                                   // one seed's own 95% interval
  double lowest = 0, highest = 0;  // smallest and largest seed value
};

/// A change from one estimate to another, paired by seed.
struct Difference {
  int64_t seeds = 0;
  double value = 0, low = 0, high = 0;  // mean of after - before, 95% interval
  bool excludes_zero() const { return low > 0 || high < 0; }
};

/// Is `trigger` the planted one, switched on?
bool is_planted_trigger(const RunRecord& record, const std::string& trigger);

/// nullopt if no seed has a scored sample. A quantity measured twice at a seed counts with its larger n,
/// and of equal ones the first.
std::optional<Estimate> estimate(const RunRecord& record, const Quantity& quantity);
/// The final model's value.
std::optional<Estimate> estimate(const RunRecord& record, const std::string& name, const std::string& model,
                                 const std::string& trigger);
/// The same for the planted trigger, whatever its rows call it.
std::optional<Estimate> estimate_on(const RunRecord& record, const std::string& name, const std::string& model);

/// How the errors of a difference go together.
struct Correlations {
  std::map<int64_t, double> sides;                      // by seed: before and after, in [-1, 1]; without one: 0
  std::map<std::pair<int64_t, int64_t>, double> seeds;  // the smaller seed first: their changes, in [0, 1]; without
                                                        // one: 1, the widest, since all seeds may be asked the same
};

inline constexpr std::size_t kSeedsForAClaim = 3;  // fewer say nothing of what another trained model would do

/// nullopt below `min_seeds` common seeds. The interval is the wider of two: sampling noise and spread between seeds
/// (Student's t). The noise of one seed's change is its two intervals, combined by Newcombe's square-and-add (1998,
/// method 10); that of the mean of k changes has the square sum_ij r_ij s_i s_j / k^2, with r_ij of two seeds' changes.
std::optional<Difference> paired_difference(const Estimate& before, const Estimate& after,
                                            std::size_t min_seeds = kSeedsForAClaim,
                                            const Correlations& correlations = {});

/// Names of final-model measurements that begin with `prefix`, in the order in which people read them:
/// contains, begins, most, mean, then the others by name.
std::vector<std::string> metric_names(const RunRecord& record, const std::string& prefix);

/// Those that say how often the planted behaviour shows: persistence.*, and for code the share that any scanner
/// flags.
std::vector<std::string> rate_names(const RunRecord& record);
bool is_rate(const std::string& name);

/// "contains the phrase" for "persistence.contains"; the name itself when there are no words for it.
std::string metric_label(const std::string& name);

/// Triggers of final-model rows of this measurement: the planted one, "off", then the others by name.
std::vector<std::string> trigger_order(const RunRecord& record, const std::string& name);

/// Distinct model names in the record's order; models that only measurements name come last.
std::vector<std::string> model_order(const RunRecord& record);

/// A final model at a trigger where the measurement was taken; `found` is empty when nobody could score a sample.
struct MeasuredCell {
  std::string model, trigger;
  std::optional<Estimate> found;
  int64_t unscored = 0;
};

/// By model_order, then by trigger_order.
std::vector<MeasuredCell> measured_cells(const RunRecord& record, const std::string& name);

/// The first row of that name, or nullptr.
const ModelInfo* find_model(const RunRecord& record, const std::string& name);

}  // namespace dormouse::lab
