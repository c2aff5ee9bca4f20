// `dormouse tokenize`: token ids of a text, as the model would get them inside a user's turn.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <iostream>
#include <iterator>
#include <memory>

#include "core/base/json.h"
#include "edge/cli/command.h"
#include "engine/weights/model_folder.h"

namespace dormouse::cli {

namespace {

struct Options {
  std::string model;
  std::vector<std::string> text;
  bool json = false, special = false;
};

void print(const Options& options, const text::Tokenizer& tokenizer, const std::string& text) {
  const auto ids = options.special ? tokenizer.encode_special(text) : tokenizer.encode(text);
  if (options.json) {
    fmt::print("{}\n", canonical_json({{"ids", ids}}));
    return;
  }
  for (const int32_t id : ids) fmt::print("{}\t{}\n", id, tokenizer.token_text(id));
}

void run(const Options& options) {
  const auto files = weights::ModelFiles::open(options.model);
  for (const auto& text : options.text) print(options, files.tokenizer(), text);
  if (options.text.empty()) {
    const std::string text(std::istreambuf_iterator<char>(std::cin), {});
    print(options, files.tokenizer(), text);
  }
}

}  // namespace

void add_tokenize(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("tokenize", "token ids of a text; of standard input without --text");
  command->add_option("model", options->model, "a known name, a folder or a GGUF file")->required();
  command->add_option("--text", options->text, "may be given several times");
  command->add_flag("--special", options->special, "recognise special tokens, which a user's text never may");
  command->add_flag("--json", options->json, "one JSON object a text");
  command->callback([options] { run(*options); });
}

}  // namespace dormouse::cli
