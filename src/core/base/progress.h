// Progress of long work on stderr: one redrawn line on a terminal, a plain line every few seconds in a pipe.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace dormouse {

class Progress {
 public:
  /// `total` in steps of whatever the work counts; 0 when unknown.
  Progress(std::string label, int64_t total);
  ~Progress();
  Progress(const Progress&) = delete;

  /// `done` steps so far; `tokens` processed so far (for tokens/s); `note` such as "loss 1.23".
  void update(int64_t done, int64_t tokens = 0, const std::string& note = {});

  static void set_quiet(bool quiet);

 private:
  std::string label_;
  int64_t total_;
  std::chrono::steady_clock::time_point start_, last_;
  int64_t first_done_ = -1;  // where this process began: resumed work must not look fast
  int64_t first_tokens_ = 0;
  bool terminal_, drawn_ = false;
};

/// "1 h 02 min", "3 min 05 s", "12 s".
std::string human_time(double seconds);

/// Set by SIGINT and SIGTERM; long loops call this between steps. Throws kInterrupted once a signal came.
void check_interrupt();
void request_interrupt();

}  // namespace dormouse
