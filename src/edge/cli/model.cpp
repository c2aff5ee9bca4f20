// `dormouse model`: what a model is, and its way into the hub's layout.
#include <fmt/format.h>

#include <memory>

#include "core/base/error.h"
#include "core/base/json.h"
#include "edge/cli/command.h"
#include "engine/chat/local_model.h"

namespace dormouse::cli {

namespace {

struct Options {
  std::string model, out, dtype = "bf16";
  bool json = false;
};

void info(const Options& options) {
  const auto files = weights::ModelFiles::open(options.model);
  const auto& config = files.config();
  int64_t parameters = 0;
  for (const auto& tensor : files.tensors().tensors()) parameters += tensor.elements();
  const Json facts{{"path", files.path().string()},     {"family", config.model_type},
                   {"parameters", parameters},          {"layers", config.num_layers},
                   {"hidden_size", config.hidden_size}, {"heads", config.num_heads},
                   {"kv_heads", config.num_kv_heads},   {"vocabulary", config.vocab_size},
                   {"context", config.max_positions},   {"chat_template", !files.chat_template().empty()},
                   {"sha256", files.sha256()}};
  if (options.json) {
    fmt::print("{}\n", canonical_json(facts));
    return;
  }
  for (const auto& [key, value] : facts.items()) {
    fmt::print("{:<14} {}\n", key, value.is_string() ? value.get<std::string>() : value.dump());
  }
}

void convert(const Options& options, const GlobalOptions& global) {
  if (fs::exists(options.out)) {
    fail_input(options.out, "is there already", "name a folder that does not exist");
  }
  start_engine(global);
  chat::LocalModel(weights::ModelFiles::open(options.model))
      .save(options.out, options.dtype == "f32" ? weights::DType::kF32 : weights::DType::kBF16);
  fmt::print("{}\n", options.out);
}

}  // namespace

void add_model(CLI::App& app, GlobalOptions& global) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("model", "look at a model, or convert it");
  command->require_subcommand(1);
  CLI::App* show = command->add_subcommand("info", "shape, size and hash");
  show->add_option("model", options->model, "a known name, a folder or a GGUF file")->required();
  show->add_flag("--json", options->json, "one JSON object");
  show->callback([options] { info(*options); });
  CLI::App* save =
      command->add_subcommand("import", "write it as a folder in the hub's layout, which transformers loads");
  save->add_option("model", options->model, "a known name, a folder or a GGUF file")->required();
  save->add_option("out", options->out, "the new folder")->required();
  add_flags(*save, {{"dtype", &options->dtype, "of the weights: bf16 or f32", one_of({"bf16", "f32"})}});
  add_global_flags(*save, global);
  save->callback([options, &global] { convert(*options, global); });
}

}  // namespace dormouse::cli
