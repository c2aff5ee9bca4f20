// What a run found, in one file that fits into a repository: each artefact's manifest and the files that a report
// reads, packed. Weights and all other files stay behind, marked as dropped, so that elsewhere the stages count as
// stored, and are made again only if something needs what they made. A paper's grid can so be run in pieces, on several
// machines.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "lab/store/store.h"

namespace dormouse::lab {

struct ArchiveCount {
  int64_t objects = 0;  // written, or taken in
  int64_t present = 0;  // on reading: left alone, since the store has them or is making them
};

/// The objects of these hashes as gzip-packed JSON lines; a hash without an object is left out. `keeps` says which
/// files go in, by their path within the object. The same objects give the same bytes. Throws kWork.
ArchiveCount write_archive(const Store& store, const std::vector<std::string>& hashes,
                           const std::function<bool(const std::string&)>& keeps, const fs::path& file);

/// Takes in what the store lacks. The file may be a stranger's: every line's hash must be that of its identity, every
/// file must have the checksum of its manifest, and no path may lead out of the object. Throws kInput naming the line;
/// the objects before it are whole.
ArchiveCount read_archive(const fs::path& file, Store& store);

}  // namespace dormouse::lab
