// Brings one run's record together from the ledger and the store.
#pragma once

#include <string>

#include "lab/report/run_record.h"
#include "lab/store/ledger.h"
#include "lab/store/store.h"

namespace dormouse::lab {

/// `run` is an id, a unique prefix of one, or "latest". The scorecard is left empty: its rules are not the
/// run's. Throws kInput for an unknown run. Of an artefact that has left the store since then the record has
/// the measurements alone.
RunRecord collect(const std::string& run, const Store& store, const Ledger& ledger);

}  // namespace dormouse::lab
