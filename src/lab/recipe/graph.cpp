#include "lab/recipe/graph.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "lab/recipe/yaml.h"

namespace dormouse::lab {

namespace {

std::string folder_sum(const fs::path& folder) {
  Json sums = Json::object();  // sorted by name
  auto walk = fs::recursive_directory_iterator(folder);
  for (const auto& entry : walk) {
    if (entry.path().filename().string().starts_with(".")) {
      walk.disable_recursion_pending();  // version control, download caches
    } else if (entry.is_regular_file()) {
      sums[entry.path().lexically_relative(folder).string()] = sha256_file(entry.path());
    }
  }
  return sha256(canonical_json(sums));
}

ExternalFile absent_file(const Absent& absent) { return {absent.name, "absent: " + absent.name, absent}; }

// Recipes whose data are not part of the project say where these come from before they begin.
std::string how_to_get(const std::string& place) {
  const std::string file = place.substr(0, place.rfind(':'));
  std::error_code code;
  const auto lines = fs::is_regular_file(file, code) ? read_lines(file, kMaxYamlBytes) : std::vector<std::string>();
  const bool has_head = !lines.empty() && lines.front().starts_with("#");
  for (const auto& line : lines) {
    if (!line.starts_with("#")) break;
    if (line.starts_with("# Data:")) return fmt::format("see `Data:` at the head of {}", file);
  }
  return has_head ? fmt::format("see the comment at the head of {}", file)
                  : "check the path; prompt sets have the format of prompts/README.md";
}

void add_use(Node& node, const Use& use) {
  if (std::find(node.uses.begin(), node.uses.end(), use) == node.uses.end()) node.uses.push_back(use);
}

}  // namespace

Json uses_to_json(const std::vector<Use>& uses) {
  Json list = Json::array();
  for (const Use& use : uses) {
    list.push_back({{"stage", use.stage}, {"seed", use.seed}, {"output", use.output}, {"names", use.names}});
  }
  return list;
}

std::vector<Use> uses_from_json(const Json& json, const std::string& place) {
  std::vector<Use> uses;
  for (const Json& item : json) {
    Use use;
    use.stage = json_string(item, "stage", place);
    use.seed = json_int(item, "seed", place);
    use.output = json_member(item, "output", place) == true;
    for (const auto& [role, name] : json_member(item, "names", place).items())
      use.names[role] = name.get<std::string>();
    uses.push_back(std::move(use));
  }
  return uses;
}

const Node& Graph::node(const std::string& id) const {
  const auto found = std::find_if(nodes.begin(), nodes.end(), [&](const Node& node) { return node.id == id; });
  DORMOUSE_ASSERT(found != nodes.end() && "unknown node id");
  return *found;
}

GraphBuilder::GraphBuilder(const Recipe& recipe, const Sources& sources) : recipe_(recipe), sources_(sources) {}

const Node& GraphBuilder::node(const std::string& id) const {
  const auto found = by_id_.find(id);
  DORMOUSE_ASSERT(found != by_id_.end() && "unknown node id");
  return graph_.nodes[found->second];
}

ExternalFile GraphBuilder::sum_of(const fs::path& path) const {
  if (fs::exists(path)) return {path, fs::is_directory(path) ? folder_sum(path) : sha256_file(path)};
  return absent_file({path.string(), entry_->place, how_to_get(entry_->place)});
}

ExternalFile GraphBuilder::external_file(const fs::path& path) {
  const auto [found, fresh] = external_.try_emplace(path);
  if (fresh) found->second = sum_of(path);
  return found->second;
}

fs::path GraphBuilder::prompts(const std::string& name, const std::string& key) {
  return named(sources_.find_prompts(name, entry_->place_of(key)), key);
}

fs::path GraphBuilder::data(const std::string& name, const std::string& key) {
  return named(sources_.find_data(name, entry_->place_of(key)), key);
}

fs::path GraphBuilder::named(const fs::path& path, const std::string& key) {
  places_[path] = entry_->place_of(key);
  return path;
}

void GraphBuilder::resolve_model(const std::string& role, const std::string& name, Node& node) {
  if (const auto output = outputs_.find(name); output != outputs_.end()) {
    node.inputs[role] = output->second;
    return;
  }
  const ModelEntry* model = recipe_.find_model(name);
  DORMOUSE_ASSERT(model != nullptr && "a reference that StageOptions::references does not list");
  const FoundModel found = sources_.find_model(model->source, model->place);
  node.files[role] = found.absent ? absent_file(*found.absent) : external_file(found.path);
}

void GraphBuilder::identify(Node& node) const {
  const NodeKind* kind = find_node_kind(node.kind);
  DORMOUSE_ASSERT(kind != nullptr && "node kind not registered");
  node.version = kind->version();
  node.seeded = kind->uses_seed();
  Json inputs = Json::object(), files = Json::object();
  for (const auto& [role, id] : node.inputs) {
    const Node& input = this->node(id);
    inputs[role] = input.hash;
    node.seeded = node.seeded || input.seeded;
    node.tentative = node.tentative || input.tentative;
  }
  for (const auto& [role, file] : node.files) {
    files[role] = file.sha256;
    node.tentative = node.tentative || file.absent.has_value();
  }
  node.identity = {
      {"kind", node.kind}, {"version", node.version}, {"options", node.options}, {"inputs", inputs}, {"files", files}};
  if (kind->uses_seed()) node.identity["seed"] = node.seed;
  node.hash = sha256(canonical_json(node.identity));
}

std::string GraphBuilder::unused_id(const std::string& label, const Node& node) const {
  const std::string end = node.seeded ? fmt::format("#{}", node.seed) : "";
  std::string id = fmt::format("{}/{}{}", entry_->name, label, end);
  for (int number = 2; by_id_.contains(id); ++number) {
    id = fmt::format("{}/{}-{}{}", entry_->name, label, number, end);
  }
  return id;
}

std::string GraphBuilder::add(const NodeSpec& spec) {
  Node node;
  node.kind = spec.kind;
  node.options = spec.options;
  node.seed = seed_;
  node.inputs = spec.inputs;
  node.cost = spec.cost;
  for (const auto& [role, name] : spec.models) resolve_model(role, name, node);
  for (const auto& [role, path] : spec.files) node.files[role] = external_file(path);
  identify(node);
  const Use use = {.stage = entry_->name, .seed = seed_, .names = spec.models};
  if (const auto found = by_hash_.find(node.hash); found != by_hash_.end()) {
    add_use(graph_.nodes[found->second], use);
    return graph_.nodes[found->second].id;
  }
  node.id = unused_id(spec.label.empty() ? spec.kind : spec.label, node);
  node.uses = {use};
  by_id_[node.id] = by_hash_[node.hash] = graph_.nodes.size();
  graph_.nodes.push_back(std::move(node));
  return graph_.nodes.back().id;
}

// What is wrong in a file that the recipe names is said with the line that names it.
std::string GraphBuilder::nodes_of(const StageEntry& entry) {
  try {
    return entry.kind->expand(entry, *this);
  } catch (const Error& error) {
    for (const auto& [path, place] : places_) {
      if (std::string_view(error.what()).starts_with(path.string() + ":"))
        throw Error(error.kind(), fmt::format("{}: {}", place, error.what()));
    }
    throw;
  }
}

void GraphBuilder::expand(const StageEntry& entry) {
  entry_ = &entry;
  places_.clear();
  const std::string output = nodes_of(entry);
  if (output.empty()) return;
  outputs_[entry.name] = output;
  for (Use& use : graph_.nodes[by_id_.at(output)].uses) {
    use.output = use.output || (use.stage == entry.name && use.seed == seed_);
  }
}

Graph build_graph(const Recipe& recipe, const Sources& sources) {
  GraphBuilder builder(recipe, sources);
  for (const int64_t seed : recipe.seeds) {
    builder.seed_ = seed;
    builder.outputs_.clear();
    // Stages stand behind those they refer to, so every input exists when it is asked for.
    for (const StageEntry& entry : recipe.stages) builder.expand(entry);
    for (const StageEntry& entry : recipe.measures) builder.expand(entry);
  }
  return std::move(builder.graph_);
}

Graph build_graph(const Recipe& recipe) { return build_graph(recipe, default_sources(recipe.file)); }

std::vector<Absent> absent_files(const Graph& graph) {
  std::map<std::string, Absent> found;
  for (const Node& node : graph.nodes) {
    for (const auto& [role, file] : node.files) {
      if (file.absent) found.emplace(file.absent->name, *file.absent);
    }
  }
  std::vector<Absent> list;
  for (auto& [name, absent] : found) list.push_back(std::move(absent));
  return list;
}

void require_present(const Graph& graph) {
  const auto absent = absent_files(graph);
  if (absent.empty()) return;
  std::string next;
  for (const Absent& one : absent)
    next += fmt::format("{}{}: {}", next.empty() ? "" : "\n        ", one.name, one.next);
  fail_input(absent.front().place, fmt::format("`{}` is not on this machine", absent.front().name), next);
}

}  // namespace dormouse::lab
