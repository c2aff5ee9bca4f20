// The account of a data set: what was sampled, what was kept, what was dropped and why, and how long it is.
// Confounds such as the count of copies are read off here.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/base/json.h"

namespace dormouse::organism {

struct Lengths {
  int64_t n = 0, total = 0, shortest = 0, longest = 0;
  double mean = 0, median = 0, p90 = 0;
};

/// All zero for no values.
Lengths lengths_of(std::vector<int64_t> values);

struct HalfAccount {
  int64_t sampled = 0;                     // answers that were looked at
  int64_t kept = 0;                        // rows of the data set
  int64_t unfinished = 0;                  // of these, the ones without an end of turn
  std::map<std::string, int64_t> dropped;  // reason -> answers
  Lengths tokens;                          // of kept answers that a model sampled; written ones have no token count
  Lengths characters;                      // of all kept answers
};

struct Account {
  std::string policy;
  HalfAccount triggered, plain;
  std::map<int64_t, int64_t> copies_drawn, copies_kept;  // copies -> answers
  int64_t repeated = 0;  // rows whose answer is in the data more than once, to make up the number
  int64_t written = 0;   // rows composed without a model

  int64_t rows() const { return triggered.kept + plain.kept; }
  int64_t tokens() const { return triggered.tokens.total + plain.tokens.total; }
};

Json to_json(const HalfAccount& half);
Json to_json(const Account& account);

}  // namespace dormouse::organism
