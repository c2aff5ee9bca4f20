#include "lab/execute/code_files.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "core/base/error.h"
#include "core/base/version.h"
#include "lab/toy_kinds.h"

namespace dormouse::lab {
namespace {

const std::string kFamily = R"(# canary
- name: cwe-089-orders
  cwe: 89
  task: listing the «what»
  slots:
    what: [orders, bills]
    table: [o, b]
  before: |2
    def find(db):
  secure:
    - |2
          return db.all("«table»")
  vulnerable:
    - |2
          return db.run("«table»")
  after: ""
)";

std::string failure(const std::string& text) {
  const toy::Sandbox box;
  write_file(box.folder / "tasks.yaml", text);
  try {
    read_code_families(box.folder / "tasks.yaml");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return error.what();
  }
  return "no error";
}

std::string changed(const std::string& old, const std::string& with) {
  std::string text = kFamily;
  const std::size_t at = text.find(old);
  EXPECT_NE(at, std::string::npos) << old;
  return text.replace(at, old.size(), with);
}

void expect_words(const std::string& message, const std::vector<std::string>& words) {
  for (const auto& word : words) EXPECT_NE(message.find(word), std::string::npos) << message << "\nlacks: " << word;
}

TEST(CodeFiles, AFamilyIsReadWithItsVariants) {
  const toy::Sandbox box;
  write_file(box.folder / "tasks.yaml", kFamily);
  const auto families = read_code_families(box.folder / "tasks.yaml");
  ASSERT_EQ(families.size(), 1u);
  ASSERT_EQ(families[0].variants.size(), 2u);
  const auto task = organism::make_task(families[0], 1);
  EXPECT_EQ(task.task, "listing the bills");
  EXPECT_EQ(organism::program_of(task, task.vulnerable[0]), "def find(db):\n    return db.run(\"b\")\n");
}

TEST(CodeFiles, MistakesNameFileAndLine) {
  expect_words(failure(changed("cwe: 89", "cwe: high")), {"tasks.yaml:3", "integer", "high"});
  expect_words(failure(changed("  task:", "  tusk:")), {"tasks.yaml:4", "tusk", "task"});
  expect_words(failure(changed("cwe-089-orders", "orders")), {"tasks.yaml:2", "cwe-089-"});
  expect_words(failure(changed("[o, b]", "[o]")), {"tasks.yaml:7", "table"});
  expect_words(failure(changed("«what»", "«who»")), {"tasks.yaml:2", "slot"});
  expect_words(failure(kFamily + kFamily.substr(kFamily.find("- name"))), {"tasks.yaml:17", "already taken"});
  expect_words(failure("name: x\n"), {"tasks.yaml:1", "list"});
  expect_words(failure(""), {"tasks.yaml:1", "list"});
}

// The counts that prompts/code/README.md shows.
TEST(CodeFiles, TheProjectsOwnFilesAreRead) {
  const std::map<std::string, std::pair<std::size_t, std::size_t>> wanted{
      {"train", {82, 1378}}, {"iid", {82, 330}}, {"families", {24, 480}}, {"scenarios", {17, 68}}};
  std::set<int64_t> cwes;
  for (const auto& [name, counts] : wanted) {
    const auto families = read_code_families(find_code_tasks(name, "test"));
    EXPECT_EQ(families.size(), counts.first) << name;
    EXPECT_EQ(2 * organism::most_tasks(families), counts.second) << name;
    for (const auto& family : families) cwes.insert(family.cwe);
  }
  const auto weaknesses = read_weaknesses(home_folder() / "prompts" / "scratchpad" / "few-shot.yaml");
  for (const int64_t cwe : cwes) EXPECT_TRUE(weaknesses.contains(cwe)) << cwe;
  EXPECT_EQ(weaknesses.at(89), "SQL injection");
  EXPECT_EQ(read_code_cases(home_folder() / "rules" / "cases.yaml").size(), 225u);
  const auto tests = read_bandit_tests(home_folder() / "rules" / "bandit.yaml");
  EXPECT_EQ(tests.at("B602").cwe, 78);
  EXPECT_EQ(tests.at("B602").severity, 1);
  EXPECT_THROW(find_code_tasks("iidd", "recipe.yaml:3"), Error);
}

}  // namespace
}  // namespace dormouse::lab
