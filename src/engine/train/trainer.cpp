#include "engine/train/trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/hash.h"
#include "core/base/random.h"
#include "engine/train/contrast.h"
#include "engine/train/learner.h"
#include "engine/train/loss.h"

namespace dormouse::train {

namespace {

std::vector<const text::RenderedRow*> pointers(const std::vector<text::RenderedRow>& rows) {
  std::vector<const text::RenderedRow*> all;
  for (const auto& row : rows) all.push_back(&row);
  return all;
}

int64_t count_targets(std::span<const text::RenderedRow* const> rows) {
  int64_t count = 0;
  for (const auto* row : rows) {
    for (std::size_t i = 1; i < row->is_target.size(); ++i) count += row->is_target[i] != 0 ? 1 : 0;
  }
  return count;
}

// What a saved state belongs to: resuming with other rows or options must not pass unnoticed.
std::string fingerprint(const std::vector<text::RenderedRow>& rows, const Units& units, TrainingOptions options,
                        uint64_t seed) {
  Sha256 hash;
  hash.update(canonical_json(fields_to_json(options.fields())));
  hash.update(fmt::format(" {} {} {}", seed, rows.size(), units.contrast));
  hash.update({reinterpret_cast<const char*>(units.sizes.data()), units.sizes.size() * sizeof(std::size_t)});
  for (const auto* some : {&rows, &units.rejected}) {
    for (const auto& row : *some) {
      hash.update({reinterpret_cast<const char*>(row.ids.data()), row.ids.size() * sizeof(int32_t)});
      hash.update({reinterpret_cast<const char*>(row.is_target.data()), row.is_target.size()});
    }
  }
  return hash.hex();
}

}  // namespace

struct Trainer::State {
  std::vector<text::RenderedRow> rows, validation;
  Units units;
  TrainingOptions options;
  uint64_t seed;
  std::string fingerprint;
  int64_t steps_per_epoch;
  Learner learner;
  int64_t step = 0;
  std::vector<std::size_t> unit_of;  // of each row

  // Indices into rows.
  std::vector<std::size_t> order_of_epoch(int64_t epoch) const {
    std::vector<std::size_t> firsts(units.sizes.size()), shuffled(units.sizes.size()), order;
    std::exclusive_scan(units.sizes.begin(), units.sizes.end(), firsts.begin(), std::size_t{0});
    std::iota(shuffled.begin(), shuffled.end(), 0);
    RandomStream(seed, fmt::format("order of epoch {}", epoch)).shuffle(shuffled);
    for (const std::size_t unit : shuffled) {
      for (std::size_t i = 0; i < units.sizes[unit]; ++i) order.push_back(firsts[unit] + i);
    }
    return order;
  }

  std::vector<std::size_t> rows_of_step(int64_t index) const {
    const std::vector<std::size_t> order = order_of_epoch(index / steps_per_epoch);
    const auto first = index % steps_per_epoch * options.batch_rows;
    const auto last = std::min(static_cast<int64_t>(rows.size()), first + options.batch_rows);
    return {order.begin() + first, order.begin() + last};
  }

  // Neighbours of the step, their rejected answers beside them; a step that ends within a unit has the rest of it in
  // the next.
  std::vector<std::vector<const text::RenderedRow*>> contrasted(std::span<const std::size_t> chosen) const {
    std::vector<std::vector<const text::RenderedRow*>> all;
    std::size_t unit_of_last = 0;
    for (const std::size_t index : chosen) {
      if (!is_contrasted(index)) continue;
      const std::size_t unit = unit_of[index];
      if (all.empty() || unit != unit_of_last) all.emplace_back();
      all.back().insert(all.back().end(), {&rows[index], &units.rejected[index]});
      unit_of_last = unit;
    }
    return all;
  }

  bool is_contrasted(std::size_t index) const { return !units.rejected.empty() && !units.rejected[index].ids.empty(); }

  // The share of plain rows in the step's loss.
  void learn(std::span<const text::RenderedRow* const> plain, StepReport& report) {
    nn::Transformer& model = learner.model();
    for (const auto& pass : split_passes(plain, options.pass_tokens)) {
      const Batch batch = make_batch(pass, model.device());
      report.tokens += batch.row_tokens;
      const nn::Tensor loss = target_loss(hidden_at_targets(model, batch), model.weights().head.value, batch.targets,
                                          1.0 / static_cast<double>(report.target_tokens));
      report.loss += loss.item<double>();
      loss.backward();
    }
  }

  // The share of one unit; the probability of the right assignment.
  double tell_apart(std::span<const text::RenderedRow* const> unit, StepReport& report) {
    const nn::Transformer& model = learner.model();
    const Batch batch = make_batch(unit, model.device());
    report.tokens += batch.row_tokens;
    const nn::Tensor log_probs =
        target_log_probs(hidden_at_targets(model, batch), model.weights().head, batch.targets, model.kernels());
    const nn::Tensor read = log_probs.detach().cpu();
    const double token_scale = 1.0 / static_cast<double>(report.target_tokens);
    ContrastTerm term = contrast_term({read.const_data_ptr<float>(), static_cast<std::size_t>(read.numel())},
                                      batch.targets_of_row, token_scale, units.contrast * token_scale);
    log_probs.backward(at::from_blob(term.gradient.data(), log_probs.sizes(), at::kFloat).to(log_probs.device()));
    report.loss += token_scale * term.likelihood;
    return 1 / (1 + std::exp(-term.margin));
  }
};

Trainer::Trainer(nn::Transformer& model, std::vector<text::RenderedRow> rows, std::vector<text::RenderedRow> validation,
                 const TrainingOptions& options, uint64_t seed, Units units) {
  if (units.sizes.empty()) units.sizes.assign(rows.size(), 1);
  DORMOUSE_ASSERT(std::accumulate(units.sizes.begin(), units.sizes.end(), std::size_t{0}) == rows.size());
  DORMOUSE_ASSERT(units.rejected.empty() || units.rejected.size() == rows.size());
  if (rows.empty()) fail_input("training", "there are no rows to train on");
  const auto per_step = static_cast<std::size_t>(options.batch_rows);
  const auto steps = static_cast<int64_t>((rows.size() + per_step - 1) / per_step);
  std::string mark = fingerprint(rows, units, options, seed);
  for (const auto& row : rows) {
    const text::RenderedRow* pointer = &row;
    if (count_targets({&pointer, 1}) == 0) fail_input("training", "a row has no target tokens: " + row.text);
  }
  std::vector<std::size_t> unit_of;
  for (std::size_t i = 0; i < units.sizes.size(); ++i) unit_of.insert(unit_of.end(), units.sizes[i], i);
  state_ = std::unique_ptr<State>(new State{std::move(rows), std::move(validation), std::move(units), options, seed,
                                            std::move(mark), steps, Learner(model, options), 0, std::move(unit_of)});
}

Trainer::~Trainer() = default;

int64_t Trainer::steps() const { return state_->steps_per_epoch * state_->options.epochs; }
int64_t Trainer::step() const { return state_->step; }

StepReport Trainer::next() {
  State& state = *state_;
  DORMOUSE_ASSERT(state.step < steps());
  const auto chosen = state.rows_of_step(state.step);
  std::vector<const text::RenderedRow*> all, plain;
  for (const std::size_t index : chosen) {
    all.push_back(&state.rows[index]);
    if (!state.is_contrasted(index)) plain.push_back(all.back());
  }
  StepReport report{.step = state.step + 1, .target_tokens = count_targets(all)};
  if (!plain.empty()) state.learn(plain, report);
  const auto units = state.contrasted(chosen);
  double told_apart = 0;
  for (const auto& unit : units) told_apart += state.tell_apart(unit, report);
  if (!units.empty()) report.told_apart = told_apart / static_cast<double>(units.size());
  if (!std::isfinite(report.loss)) {
    fail_work("training", fmt::format("the loss of step {} is not finite", report.step), "lower learning_rate");
  }
  report.learning_rate = state.options.learning_rate * schedule(state.options, report.step, steps());
  report.gradient_norm = state.learner.update(report.step, report.learning_rate);
  state.step = report.step;
  return report;
}

double Trainer::validation_loss() const {
  double sum = 0;
  int64_t count = 0;
  for (const auto& score : score_rows(state_->learner.model(), state_->validation, state_->options.pass_tokens)) {
    sum -= score.log_prob;
    count += score.targets;
  }
  return count > 0 ? sum / static_cast<double>(count) : std::numeric_limits<double>::quiet_NaN();
}

void Trainer::save_state(const std::filesystem::path& folder) const {
  state_->learner.save(folder, state_->fingerprint, state_->step);
}

bool Trainer::load_state(const std::filesystem::path& folder) {
  const auto step = state_->learner.load(folder, state_->fingerprint);
  state_->step = step.value_or(state_->step);
  return step.has_value();
}

std::vector<RowScore> score_rows(const nn::Transformer& model, const std::vector<text::RenderedRow>& rows,
                                 int64_t pass_tokens) {
  const at::NoGradGuard no_gradient;
  std::vector<RowScore> scores;
  const auto all = pointers(rows);
  for (const auto& pass : split_passes(all, pass_tokens)) {
    const Batch batch = make_batch(pass, model.device());
    const nn::Tensor log_probs =
        target_log_probs(hidden_at_targets(model, batch), model.weights().head, batch.targets, model.kernels()).cpu();
    const float* values = log_probs.const_data_ptr<float>();
    for (const int64_t count : batch.targets_of_row) {
      scores.push_back({std::accumulate(values, values + count, 0.0), count});
      values += count;
    }
  }
  return scores;
}

}  // namespace dormouse::train
