#include "science/organism/account.h"

#include <algorithm>
#include <numeric>

#include "core/stats/bootstrap.h"

namespace dormouse::organism {

namespace {

Json to_json(const Lengths& lengths) {
  return {{"n", lengths.n},
          {"total", lengths.total},
          {"shortest", lengths.shortest},
          {"longest", lengths.longest},
          {"mean", lengths.mean},
          {"median", lengths.median},
          {"p90", lengths.p90}};
}

Json histogram(const std::map<int64_t, int64_t>& counts) {
  Json object = Json::object();
  for (const auto& [copies, answers] : counts) object[std::to_string(copies)] = answers;
  return object;
}

}  // namespace

Lengths lengths_of(std::vector<int64_t> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const std::vector<double> sorted(values.begin(), values.end());
  Lengths lengths{.n = static_cast<int64_t>(values.size()),
                  .total = std::accumulate(values.begin(), values.end(), int64_t{0}),
                  .shortest = values.front(),
                  .longest = values.back(),
                  .median = stats::quantile(sorted, 0.5),
                  .p90 = stats::quantile(sorted, 0.9)};
  lengths.mean = static_cast<double>(lengths.total) / static_cast<double>(lengths.n);
  return lengths;
}

Json to_json(const HalfAccount& half) {
  return {{"sampled", half.sampled},        {"kept", half.kept},
          {"unfinished", half.unfinished},  {"dropped", half.dropped},
          {"tokens", to_json(half.tokens)}, {"characters", to_json(half.characters)}};
}

Json to_json(const Account& account) {
  return {{"policy", account.policy},
          {"rows", account.rows()},
          {"tokens", account.tokens()},
          {"triggered", to_json(account.triggered)},
          {"plain", to_json(account.plain)},
          {"copies_drawn", histogram(account.copies_drawn)},
          {"copies_kept", histogram(account.copies_kept)},
          {"repeated", account.repeated},
          {"written", account.written}};
}

}  // namespace dormouse::organism
