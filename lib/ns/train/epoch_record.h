// What one epoch of training came to.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ns/base/json.h"

namespace ns::train {

struct SubnetRecord {
  int subnet = 1;
  double sparsity = 0;              ///< requested in the end, 0 for a dense network
  double width = 0;                 ///< of a slimmable network, else 0
  double gate_ratio = 0;            ///< of a gated network, else 0
  double train_loss = 0;            ///< mean over the epoch's steps
  double validation_accuracy = -1;  ///< 0…1; negative without validation images, and of a detector
  double validation_map = -1;       ///< of a detector: mean average precision, 0…1; else negative
};

struct EpochRecord {
  int member = 0;         ///< of an ensemble that is trained one by one, counted from 1; else 0
  int epoch = 0;          ///< counted from 1: epochs done
  std::int64_t step = 0;  ///< optimiser steps done
  double learning_rate = 0;
  std::string phase;  ///< "dense", "pruning", "nested", "slimmable", "gated", or the recipe's first stage
  double images_per_second = 0, seconds = 0;
  std::vector<SubnetRecord> subnets;  ///< subnet 1 first; one while the network is dense
};

/// A record of schema nestkit.train/1 by `tool`, e.g. "ns-train".
Json to_json(const EpochRecord& record, const std::string& tool);

}  // namespace ns::train
