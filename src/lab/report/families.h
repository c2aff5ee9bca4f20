// Which model came from which organism, for records with several of them.
#pragma once

#include <string>
#include <vector>

#include "lab/report/run_record.h"

namespace dormouse::lab {

/// An organism and what defences made of it.
struct Family {
  std::string organism;                // the recipe's name
  std::vector<std::string> survivors;  // in the record's order, a defence of a survivor among them
};

/// In the record's order.
std::vector<Family> families(const RunRecord& record);

/// Names in the record's order.
std::vector<std::string> models_of(const RunRecord& record, ModelRole role);

/// What belongs to no organism: base models, twins, and what was made of these.
std::vector<std::string> controls(const RunRecord& record);

/// Name of the organism that `model` is or came from; "" if none.
std::string organism_of(const RunRecord& record, const std::string& model);

/// Its own, if the record has it, else the record's.
const PolicyInfo& policy_of(const RunRecord& record, const std::string& organism);

/// The literal triggers that were planted, each once.
std::vector<std::string> trigger_texts(const RunRecord& record);

/// "safety SFT", or "`x`" where the defence has no words of its own. With the name where another model had a defence of
/// the same words.
std::string defence_text(const RunRecord& record, const std::string& survivor);

}  // namespace dormouse::lab
