// manifest.json: what an artefact is, what it was made from, and what its files must look like.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "core/base/json.h"

namespace dormouse::lab {

struct StoredFile {
  int64_t size = 0;
  std::string sha256;
  bool dropped = false;  // removed to save room: the node that made it makes it again when something needs it
};

struct Manifest {
  Json identity;  // kind, version, options, seed, input and file hashes: SHA-256 of its canonical JSON is the
                  // hash
  std::string program_version;
  std::string torch_version;  // "" if the caller has none
  int threads = 0;
  std::string cpu;       // that it was made on, "" if unknown
  std::string revision;  // of the program's checkout, "" if unknown
  std::string gpu;       // that it was made on, "" for none
  double seconds = 0;
  bool resumed = false;                     // then `seconds` is the last part only
  Json counters = Json::object();           // "tokens_trained", "tokens_sampled", ...
  std::map<std::string, StoredFile> files;  // relative path -> what must be there
};

/// Nothing was dropped.
bool is_whole(const Manifest& manifest);

Json to_json(const Manifest& manifest);
/// Throws kInput naming `place`.
Manifest manifest_from_json(const Json& json, const std::string& place);

}  // namespace dormouse::lab
