#include "lab/execute/kinds/chat_models.h"

#include "engine/chat/api_model.h"
#include "lab/execute/kinds/model_artefact.h"
#include "lab/recipe/options_reader.h"

namespace dormouse::lab {

bool is_api_file(const fs::path& path) { return path.extension() == ".yaml"; }

chat::ApiOptions read_api_file(const fs::path& path) {
  chat::ApiOptions options;
  const YamlNode root = parse_yaml(read_file(path, kMaxYamlBytes), path.string());
  read_fields([&] { return options.fields(); }, root, "an API's file");
  chat::endpoint_of(options.base_url, root.place);
  return options;
}

std::unique_ptr<chat::ChatModel> open_chat_model(const NodeContext& context, const std::string& role) {
  const fs::path path = model_path(context, role);
  if (is_api_file(path)) return std::make_unique<chat::ApiModel>(read_api_file(path), path.string());
  return std::make_unique<chat::LocalModel>(open_model(context, role, {.sampling_only = true}));
}

}  // namespace dormouse::lab
