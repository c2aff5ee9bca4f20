// Any names, texts and manifests as an archive: it is taken in or refused with dormouse::Error, and nothing is written
// outside of the store. Random bytes would fail at the first checksum, so the sums are made right here: the input's
// first line is an identity, each further line a file, `name text`. An input that begins with "{" is the archive's
// second line as it stands.
#include "lab/store/archive.h"

#include <cstdint>
#include <sstream>

#include "core/base/hash.h"
#include "lab/toy_kinds.h"

namespace {

using namespace dormouse;

std::string line_of(const std::string& input) {
  if (input.starts_with('{')) return input.substr(0, input.find('\n'));
  std::istringstream lines(input);
  std::string identity, line;
  std::getline(lines, identity);
  lab::Manifest manifest;
  manifest.identity = identity;
  Json files = Json::object();
  while (std::getline(lines, line)) {
    const std::string name = line.substr(0, line.find(' ')), text = line.substr(name.size());
    manifest.files[name] = {static_cast<int64_t>(text.size()), sha256(text), text.empty()};
    if (!text.empty()) files[name] = text;
  }
  return canonical_json({{"hash", sha256(canonical_json(manifest.identity))},
                         {"manifest", lab::to_json(manifest)},
                         {"files", std::move(files)}});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  const lab::toy::Sandbox box;
  const auto entries = [&] { return std::distance(fs::directory_iterator(box.folder), fs::directory_iterator()); };
  lab::Store store(box.folder / "store");
  const fs::path file = box.folder / "archive.jsonl.gz";
  write_gzip(file, "{\"objects\":1,\"version\":1}\n" + line_of({reinterpret_cast<const char*>(data), size}) + "\n");
  const auto before = entries();
  try {
    lab::read_archive(file, store);
  } catch (const Error&) {
  }
  DORMOUSE_ASSERT(entries() == before);
  return 0;
}
