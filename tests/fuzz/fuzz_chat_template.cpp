// Any bytes as a chat template; parsing and rendering must throw nothing but dormouse::Error.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/text/chat_template.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  try {
    const auto chat_template =
        dormouse::text::ChatTemplate::parse(std::string(reinterpret_cast<const char*>(data), size), "fuzz");
    const std::vector<dormouse::text::Message> messages = {
        {"system", " be kind\n"}, {"user", "<think>é</think> a b"}, {"assistant", "x\xFF"}, {"user", ""}};
    dormouse::text::RenderOptions options;
    options.add_generation_prompt = true;
    options.bos_token = "<s>";
    options.tools = dormouse::OrderedJson::parse(R"([{"name": "f", "n": [1, 2.5, null, true]}])");
    chat_template.render(messages, options);
  } catch (const dormouse::Error&) {
  }
  return 0;
}
