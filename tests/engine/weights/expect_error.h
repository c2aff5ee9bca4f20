// Asserting on what an Error says.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "core/base/error.h"

namespace dormouse {

/// The message of the input error that `work` throws; a test failure if it throws none.
template <class Work>
std::string input_error(Work work) {
  try {
    work();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "no error was thrown";
  return {};
}

inline testing::AssertionResult contains(const std::string& text, const std::string& part) {
  if (text.find(part) != std::string::npos) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "expected `" << part << "` in: " << text;
}

}  // namespace dormouse

#define EXPECT_INPUT_ERROR(statement, part) \
  EXPECT_TRUE(::dormouse::contains(::dormouse::input_error([&] { statement; }), part))
