#include "core/base/json.h"

#include <gtest/gtest.h>

#include "core/base/error.h"

namespace dormouse {
namespace {

TEST(ParseJson, RefusesWhatIsNotOneDocumentOfBoundedSize) {
  EXPECT_EQ(parse_json(R"({"a": [1, 2.5, "x"]})", "t")["a"][1], 2.5);
  for (const char* bad : {"", "{", "{\"a\": 1, \"a\": 2}", "1e999", "[1,]", "\"\xff\"", "nul"}) {
    EXPECT_THROW(parse_json(bad, "t"), Error) << bad;
  }
  EXPECT_THROW(parse_json(std::string(100, '[') + std::string(100, ']'), "t"), Error);
}

}  // namespace
}  // namespace dormouse
