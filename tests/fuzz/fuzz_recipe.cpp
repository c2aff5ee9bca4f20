// Any bytes as a recipe: it is read or refused with dormouse::Error, and what is read survives being written
// out. The toy kinds of the lab's tests stand in for the real ones, which need no other reader.
#include <cstdint>
#include <string_view>

#include "lab/recipe/recipe.h"
#include "lab/toy_kinds.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace dormouse;
  const std::string text(reinterpret_cast<const char*>(data), size);
  // The first line, when it holds a `=`, doubles as a --set.
  const std::string line = text.substr(0, text.find('\n'));
  for (const auto& sets : {std::vector<std::string>{}, std::vector<std::string>{line}}) {
    try {
      const std::string resolved =
          lab::resolved_yaml(lab::parse_recipe(sets.empty() ? text : lab::toy::kRecipe, "fuzz.yaml", sets));
      // Not inside the try's reach: a recipe that was accepted must be accepted again.
      try {
        DORMOUSE_ASSERT(lab::resolved_yaml(lab::parse_recipe(resolved, "again.yaml")) == resolved);
      } catch (const Error&) {
        DORMOUSE_ASSERT(false && "the resolved recipe was refused");
      }
    } catch (const Error&) {
    }
  }
  return 0;
}
