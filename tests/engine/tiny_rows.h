// Rows of token ids for the tiny transformer.
#pragma once

#include <algorithm>
#include <vector>

#include "core/text/chat_format.h"

namespace dormouse::tiny {

/// The first `prompt` ids are the prompt, the others are targets.
inline text::RenderedRow row(std::vector<int32_t> ids, std::size_t prompt) {
  std::vector<uint8_t> targets(ids.size(), 1);
  std::fill(targets.begin(), targets.begin() + static_cast<std::ptrdiff_t>(prompt), 0);
  return {"row", std::move(ids), std::move(targets)};
}

inline std::vector<const text::RenderedRow*> pointers(const std::vector<text::RenderedRow>& rows) {
  std::vector<const text::RenderedRow*> all;
  for (const auto& row : rows) all.push_back(&row);
  return all;
}

}  // namespace dormouse::tiny
