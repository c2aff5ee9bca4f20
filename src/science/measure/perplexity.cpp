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
  const auto of = [&](std::span<const std::size_t> picked) {
    double total = 0, tokens = 0;
    for (const std::size_t index : picked) {
      total += scored[index].total;
      tokens += static_cast<double>(scored[index].tokens);
    }
    return std::exp(total / tokens);
  };
  const std::string name = "perplexity.clean-text";
  const RandomStream stream(static_cast<uint64_t>(subject.seed), "interval/" + name);
  return row_of(name, "", or_zero(stats::bootstrap(scored.size(), of, stream)), subject,
                static_cast<int64_t>(paragraphs.size() - scored.size()));
}

}  // namespace dormouse::measure
