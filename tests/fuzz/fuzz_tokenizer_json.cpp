// Any bytes as tokenizer.json; whatever loads must encode and decode without anything but dormouse::Error.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/text/tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  try {
    const auto tokenizer = dormouse::text::Tokenizer::from_json(dormouse::parse_json(input, "fuzz"), "fuzz");
    for (const std::string_view text : {input.substr(0, 512), std::string_view("a e\u0301 12 <s>\xFF\n")}) {
      const auto ids = tokenizer.encode_special(text);
      tokenizer.decode(ids, /*skip_special=*/false);
      tokenizer.encode(text);
      dormouse::text::StreamDecoder stream(tokenizer);
      for (const int32_t id : ids) stream.push(id);
      stream.finish();
    }
  } catch (const dormouse::Error&) {
  }
  return 0;
}
