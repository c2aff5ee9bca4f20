#include "lab/execute/kinds/kept_completions.h"

#include <gtest/gtest.h>

#include "core/base/error.h"
#include "engine/weights/temporary_folder.h"
#include "science/fake_model.h"

namespace dormouse::lab {
namespace {

std::vector<chat::Request> requests(int count) {
  std::vector<chat::Request> all;
  for (int i = 0; i < count; ++i) all.push_back({{{"user", fmt::format("Question {}?", i)}}, static_cast<uint64_t>(i)});
  return all;
}

std::vector<std::string> texts(const std::vector<chat::Completion>& completions) {
  std::vector<std::string> all;
  for (const auto& completion : completions)
    all.push_back(completion.prompt + completion.text + completion.finish_reason);
  return all;
}

FakeModel echo() {
  FakeModel model;
  model.on("", [](const chat::Request& request) {
    return FakeModel::completion("echo of " + request.messages.back().content, "length");
  });
  return model;
}

TEST(KeptCompletions, GoesOnWhereItWasStopped) {
  const TemporaryFolder folder;
  const auto asked = requests(600);
  FakeModel whole = echo(), rest = echo();
  const auto expected = texts(whole.complete(asked, {}, {}));

  // The model fails within the third part.
  int calls = 0;
  FakeModel fails;
  fails.on("", [&](const chat::Request& request) {
    if (++calls > 520) fail_work("test", "killed");
    return FakeModel::completion("echo of " + request.messages.back().content, "length");
  });
  EXPECT_THROW(KeptCompletions(fails, folder.path()).complete(asked, {}), Error);
  EXPECT_EQ(texts(KeptCompletions(rest, folder.path()).complete(asked, {})), expected);
  EXPECT_EQ(rest.seen.size(), 600u - 512u);

  FakeModel none = echo();
  EXPECT_EQ(texts(KeptCompletions(none, folder.path()).complete(asked, {})), expected);
  EXPECT_TRUE(none.seen.empty());
}

}  // namespace
}  // namespace dormouse::lab
