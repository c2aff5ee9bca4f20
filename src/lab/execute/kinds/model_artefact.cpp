#include "lab/execute/kinds/model_artefact.h"

#include <algorithm>
#include <charconv>

namespace dormouse::lab {

fs::path model_path(const NodeContext& context, const std::string& role) {
  const fs::path path = context.input(role);
  return fs::exists(path / kModelFolder) ? path / kModelFolder : path;
}

chat::LocalModel open_model(const NodeContext& context, const std::string& role, chat::LocalModelOptions options) {
  return chat::LocalModel(weights::ModelFiles::open(model_path(context, role).string()), options);
}

weights::DType saved_dtype(const std::string& save_as) {
  return save_as == "f32" ? weights::DType::kF32 : weights::DType::kBF16;
}

std::vector<Snapshot> snapshots(const NodeContext& context, const std::string& role) {
  const fs::path folder = context.input(role) / kSnapshotFolder;
  std::vector<Snapshot> found;
  if (!fs::exists(folder)) return found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    int64_t step = 0;
    std::from_chars(name.data() + name.find('-') + 1, name.data() + name.size(), step);
    found.push_back({step, entry.path()});
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.step < b.step; });
  return found;
}

chat::SampleProgress sample_progress(Progress& progress, int64_t done_before, int64_t tokens_before) {
  return [&progress, done_before, tokens_before](int64_t done, int64_t, int64_t tokens) {
    progress.update(done_before + done, tokens_before + tokens);
  };
}

void write_json_lines(const fs::path& path, const std::vector<Json>& rows) {
  std::string text;
  for (const auto& row : rows) text += canonical_json(row) + "\n";
  write_file(path, text);
}

std::vector<Json> read_json_lines(const fs::path& path) {
  std::vector<Json> rows;
  if (!fs::exists(path)) return rows;
  for (const auto& line : read_lines(path)) rows.push_back(parse_json(line, path.string()));
  return rows;
}

std::vector<Json> rows_until(const fs::path& path, int64_t step) {
  auto rows = read_json_lines(path);
  std::erase_if(rows, [&](const Json& row) { return row.at("step").get<int64_t>() > step; });
  return rows;
}

}  // namespace dormouse::lab
