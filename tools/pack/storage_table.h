// What ns-pack says about the model it made.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "ns/data/dataset.h"
#include "ns/pack/storage_report.h"

std::string storage_table(const ns::pack::StorageReport& report, std::uint32_t fast_ram);

/// One record of schema nestkit.pack/1 (docs/format/results.md).
nlohmann::ordered_json storage_json(const ns::pack::StorageReport& report, const std::string& model,
                                    const std::string& sha256, std::uint32_t fast_ram);
