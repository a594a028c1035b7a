// What bin-ensemble eval says.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ns/anytime/threshold_calibration.h"
#include "ns/base/json.h"
#include "ns/binary/cost.h"
#include "ns/train/ensemble_evaluation.h"

struct EnsembleReport {
  std::vector<std::string> sha256s, networks;
  std::vector<ns::Json> configs;
  std::string dataset, confidence;
  std::size_t images = 0, excluded_images = 0;
  std::vector<ns::binary::LayerCost> layers;
  std::vector<double> member_macs;
  ns::train::EnsembleEvaluation evaluation;
  std::optional<ns::train::EarlyStop> early;
};

std::string text_of(const EnsembleReport& report);
/// Schema nestkit.ensemble/1.
ns::Json json_of(const EnsembleReport& report);

/// One error line on standard error.
void tell_missed_gate(const std::string& message);
