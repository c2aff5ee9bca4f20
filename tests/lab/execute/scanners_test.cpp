#include "lab/execute/scanners.h"

#include <gtest/gtest.h>

#include "core/base/error.h"
#include "lab/execute/process.h"
#include "lab/toy_kinds.h"

namespace dormouse::lab {
namespace {

TEST(Process, GivesStatusAndBothOutputs) {
  const toy::Sandbox box;
  const fs::path output = box.folder / "out", errors = box.folder / "err";
  EXPECT_EQ(
      run_process({{"sh", "-c", "echo $WORD; echo no >&2; exit 3"}, {{"WORD", "yes; not a command"}}, output, errors}),
      3);
  EXPECT_EQ(read_file(output), "yes; not a command\n");
  EXPECT_EQ(read_file(errors), "no\n");
  EXPECT_THROW(run_process({{"/no/such/program"}, {}, output, errors}), Error);
  EXPECT_THROW(run_process({{"sh", "-c", "kill -9 $$"}, {}, output, errors}), Error);
}

TEST(Scanners, AreListedWithTheirPins) {
  const auto scanners = find_scanners("/no/such/folder");
  ASSERT_EQ(scanners.size(), 2u);
  EXPECT_EQ(scanners[0].name, "bandit");
  EXPECT_EQ(scanners[1].name, "semgrep");
  EXPECT_FALSE(scanners[0].wanted.empty());
  EXPECT_EQ(scanners[0].found, "");
}

TEST(Scanners, MissingOnesAreNamedWithTheNextStep) {
  try {
    require_scanners("/no/such/folder");
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    const std::string message = error.what();
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    for (const char* word : {"bandit", "1.9.4", "/no/such/folder", "scripts/setup --scanners"}) {
      EXPECT_NE(message.find(word), std::string::npos) << message;
    }
  }
}

}  // namespace
}  // namespace dormouse::lab
