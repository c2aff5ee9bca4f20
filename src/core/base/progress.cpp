#include "core/base/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>

#include "core/base/error.h"

namespace dormouse {

namespace {

std::atomic<bool> quiet{false};
std::atomic<bool> interrupted{false};

double seconds_between(std::chrono::steady_clock::time_point a, std::chrono::steady_clock::time_point b) {
  return std::chrono::duration<double>(b - a).count();
}

}  // namespace

Progress::Progress(std::string label, int64_t total)
    : label_(std::move(label)),
      total_(total),
      start_(std::chrono::steady_clock::now()),
      last_(start_ - std::chrono::hours(1)),
      terminal_(::isatty(STDERR_FILENO) != 0) {}

Progress::~Progress() {
  if (drawn_ && terminal_ && !quiet) std::fputs("\n", stderr);
}

void Progress::update(int64_t done, int64_t tokens, const std::string& note) {
  const auto now = std::chrono::steady_clock::now();
  if (first_done_ < 0) {
    first_done_ = done;
    first_tokens_ = tokens;
    start_ = now;
  }
  const double wait = terminal_ ? 0.2 : 10.0;
  if (quiet || (seconds_between(last_, now) < wait && done != total_)) return;
  last_ = now;
  drawn_ = true;
  const double elapsed = seconds_between(start_, now);
  std::string line = total_ > 0 ? fmt::format("{}  {}/{}", label_, done, total_) : fmt::format("{}  {}", label_, done);
  if (tokens > first_tokens_ && elapsed > 0.5) {
    line += fmt::format("  {:.0f} tokens/s", static_cast<double>(tokens - first_tokens_) / elapsed);
  }
  if (!note.empty()) line += "  " + note;
  if (done > first_done_ && done < total_) {
    const double left = elapsed / static_cast<double>(done - first_done_) * static_cast<double>(total_ - done);
    line += "  " + human_time(left) + " left";
  }
  if (terminal_) {
    fmt::print(stderr, "\r\033[K{}", line);
    std::fflush(stderr);
  } else {
    fmt::print(stderr, "{}\n", line);
  }
}

void Progress::set_quiet(bool value) { quiet = value; }

std::string human_time(double seconds) {
  const auto whole = static_cast<int64_t>(seconds + 0.5);
  if (whole >= 3600) return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
  if (whole >= 60) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} s", whole);
}

void check_interrupt() {
  if (interrupted) throw Error(ErrorKind::kInterrupted, "interrupted");
}

void request_interrupt() { interrupted = true; }

}  // namespace dormouse
