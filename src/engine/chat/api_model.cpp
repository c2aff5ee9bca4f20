#include "engine/chat/api_model.h"

#include <fmt/format.h>
#include <httplib.h>

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "core/base/environment.h"
#include "core/base/error.h"
#include "core/base/progress.h"

namespace dormouse::chat {

namespace {

constexpr std::size_t kLongestAnswer = 8 << 20;  // bytes

std::string key_of(const ApiOptions& options, const Endpoint& endpoint, const std::string& place) {
  std::string key = environment(options.key_from);
  if (key.empty()) return key;
  if (std::any_of(key.begin(), key.end(), [](char c) { return c <= ' ' || c > '~'; })) {
    fail_input(options.key_from, "holds a space, a line's end or the like, and no key does");
  }
  if (!endpoint.keeps_secrets) {
    fail_input(place, fmt::format("the key of ${} would go over the network unencrypted", options.key_from),
               "give an https:// address, or `key_from: \"\"` to send none");
  }
  return key;
}

/// All requests of one call, and what came of them so far.
class Errand {
 public:
  Errand(const ApiOptions& options, const Endpoint& endpoint, const std::string& key, const std::string& place,
         std::span<const Request> requests, const sample::SamplingOptions& sampling)
      : options_(options),
        endpoint_(endpoint),
        key_(key),
        place_(place),
        requests_(requests),
        sampling_(sampling),
        results_(requests.size()) {}

  std::vector<Completion> run(const SampleProgress& progress) {
    const auto count = std::min(static_cast<std::size_t>(options_.parallel), requests_.size());
    for (std::size_t i = 0; i < count; ++i) clients_.push_back(make_client());
    std::vector<std::thread> workers;
    for (const auto& client : clients_) workers.emplace_back([this, &client] { work(*client); });
    std::exception_ptr failure;
    try {
      wait(progress);
    } catch (...) {
      failure = std::current_exception();
    }
    stop();
    for (auto& worker : workers) worker.join();
    if (failure) std::rethrow_exception(failure);
    return std::move(results_);
  }

 private:
  std::unique_ptr<httplib::Client> make_client() const {
    auto client = std::make_unique<httplib::Client>(endpoint_.server);
    client->set_keep_alive(true);
    client->set_connection_timeout(std::min<int64_t>(options_.timeout, 30));
    client->set_read_timeout(options_.timeout);
    client->set_write_timeout(options_.timeout);
    client->set_follow_location(false);  // the key belongs to this server alone
    return client;
  }

  // Until all is done, or one has failed; looks up every now and then, for progress and for an interrupt.
  void wait(const SampleProgress& progress) {
    std::unique_lock lock(mutex_);
    while (done_ < requests_.size() && !failure_) {
      changed_.wait_for(lock, std::chrono::milliseconds(100));
      const std::size_t done = done_;
      const int64_t tokens = tokens_;
      lock.unlock();
      check_interrupt();
      if (progress) progress(static_cast<int64_t>(done), static_cast<int64_t>(requests_.size()), tokens);
      lock.lock();
    }
    if (failure_) std::rethrow_exception(failure_);
  }

  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    changed_.notify_all();
    for (const auto& client : clients_) client->stop();
  }

  void work(httplib::Client& client) {
    try {
      while (const auto index = take()) {
        auto completion = ask(client, requests_[*index]);
        if (!completion) return;
        const std::lock_guard lock(mutex_);
        tokens_ += completion->tokens;
        results_[*index] = std::move(*completion);
        ++done_;
      }
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!failure_) failure_ = std::current_exception();
    }
    changed_.notify_all();
  }

  std::optional<std::size_t> take() {
    const std::lock_guard lock(mutex_);
    if (stopped_ || failure_ || next_ == requests_.size()) return std::nullopt;
    return next_++;
  }

  // False if the work was stopped meanwhile.
  bool pause(double seconds) {
    std::unique_lock lock(mutex_);
    return !changed_.wait_for(lock, std::chrono::duration<double>(seconds), [&] { return stopped_; });
  }

  /// nullopt if the work was stopped.
  std::optional<Completion> ask(httplib::Client& client, const Request& request) {
    const std::string body = canonical_json(request_body(options_, request, sampling_));
    for (int64_t attempt = 1;; ++attempt) {
      std::string answer;
      const httplib::Result result = send(client, body, answer);
      if (result && result->status == 200) return read_completion(answer, request, endpoint_.server);
      const int status = result ? result->status : 0;
      const auto seconds = seconds_until_retry(status, result ? result->get_header_value("Retry-After") : "", attempt);
      if (!seconds || attempt == options_.attempts) fail(status, answer, result.error());
      if (!pause(*seconds)) return std::nullopt;
    }
  }

  httplib::Result send(httplib::Client& client, const std::string& body, std::string& answer) const {
    httplib::Request request;
    request.method = "POST";
    request.path = endpoint_.path;
    request.headers = {{"Content-Type", "application/json"}};
    if (!key_.empty()) request.headers.emplace("Authorization", "Bearer " + key_);
    request.body = body;
    request.content_receiver = [&](const char* data, std::size_t size, uint64_t, uint64_t) {
      if (answer.size() + size > kLongestAnswer) return false;
      answer.append(data, size);
      return true;
    };
    return client.send(request);
  }

  [[noreturn]] void fail(int status, const std::string& answer, httplib::Error error) const {
    if (status == 0) {
      fail_work(endpoint_.server, fmt::format("no answer: {}", httplib::to_string(error)),
                fmt::format("see that the server runs, and `base_url` in {}", place_));
    }
    const std::string what = fmt::format("answered {}: {}", status, error_text(answer, key_));
    if (status == 401 || status == 403) {
      fail_input(endpoint_.server, what,
                 options_.key_from.empty() ? fmt::format("name the key's variable in {}, `key_from`", place_)
                                           : fmt::format("set ${} to a key that is good there", options_.key_from));
    }
    if (status >= 400 && !may_pass(status)) fail_input(endpoint_.server, what, "see " + place_);
    fail_work(endpoint_.server, what, "try again later: what is done is kept");
  }

  const ApiOptions& options_;
  const Endpoint& endpoint_;
  const std::string &key_, &place_;
  const std::span<const Request> requests_;
  const sample::SamplingOptions& sampling_;
  std::vector<std::unique_ptr<httplib::Client>> clients_;
  std::mutex mutex_;  // of all below
  std::condition_variable changed_;
  std::vector<Completion> results_;
  std::size_t next_ = 0, done_ = 0;
  int64_t tokens_ = 0;
  std::exception_ptr failure_;
  bool stopped_ = false;
};

}  // namespace

ApiModel::ApiModel(ApiOptions options, std::string place)
    : options_(std::move(options)),
      place_(std::move(place)),
      endpoint_(endpoint_of(options_.base_url, place_)),
      key_(key_of(options_, endpoint_, place_)) {}

std::vector<Completion> ApiModel::complete(std::span<const Request> requests, const sample::SamplingOptions& options,
                                           const SampleProgress& progress) {
  if (options.top_k > 0) fail_input(place_, "the API has no `top_k`", "set it to 0");
  for (const auto& request : requests) {
    if (!request.begun.empty()) {
      fail_input(place_, "the API cannot go on with a turn that has begun", "use a model on this machine");
    }
  }
  return Errand(options_, endpoint_, key_, place_, requests, options).run(progress);
}

}  // namespace dormouse::chat
