#include "core/text/message.h"

namespace dormouse::text {

std::string joined(const std::vector<TextPiece>& pieces) {
  std::string all;
  for (const auto& piece : pieces) all += piece.text;
  return all;
}

}  // namespace dormouse::text
