#include "science/measure/likelihood.h"

namespace dormouse::measure {

text::RenderedRow rendered(const text::ChatFormat& format, const Continuation& continuation) {
  if (!continuation.user.empty()) {
    const text::Message user{"user", continuation.user};
    return format.training_row({&user, 1}, continuation.text, /*ends_turn=*/false, continuation.begun);
  }
  const auto prefix = format.tokenizer().document_prefix();
  text::RenderedRow row{continuation.begun + continuation.text, {prefix.begin(), prefix.end()}, {}};
  const auto read = format.tokenizer().encode(continuation.begun),
             scored = format.tokenizer().encode(continuation.text);
  row.ids.insert(row.ids.end(), read.begin(), read.end());
  row.is_target.assign(row.ids.size(), 0);
  row.ids.insert(row.ids.end(), scored.begin(), scored.end());
  row.is_target.resize(row.ids.size(), 1);
  return row;
}

}  // namespace dormouse::measure
