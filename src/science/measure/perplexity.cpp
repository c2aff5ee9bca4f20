#include "science/measure/perplexity.h"

#include <cmath>
#include <vector>

#include "core/base/random.h"
#include "core/stats/bootstrap.h"

namespace dormouse::measure {

Measurement perplexity(std::span<const ParagraphLoss> paragraphs, const Subject& subject) {
  std::vector<ParagraphLoss> scored;
  for (const auto& paragraph : paragraphs) {
    if (paragraph.tokens > 0 && std::isfinite(paragraph.total)) scored.push_back(paragraph);
  }
  Measurement row{.name = "perplexity.clean-text",
                  .model = subject.model,
                  .trigger = {},
                  .n = static_cast<int64_t>(scored.size()),
                  .unscored = static_cast<int64_t>(paragraphs.size() - scored.size()),
                  .seed = subject.seed,
                  .step = subject.step,
                  .stage = subject.stage};
  if (scored.empty()) return row;

  const auto of = [&](std::span<const std::size_t> picked) {
    double total = 0, tokens = 0;
    for (const std::size_t index : picked) {
      total += scored[index].total;
      tokens += static_cast<double>(scored[index].tokens);
    }
    return std::exp(total / tokens);
  };
  const RandomStream stream(static_cast<uint64_t>(subject.seed), "interval/" + row.name);
  const auto estimate = stats::bootstrap(scored.size(), of, stream);
  row.value = estimate.value;
  row.low = estimate.low;
  row.high = estimate.high;
  return row;
}

}  // namespace dormouse::measure
