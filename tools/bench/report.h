// ns-bench's output for people, and its gates.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ns/deploy/benchmark.h"

std::string result_table(const std::vector<ns::deploy::BenchRecord>& records);
/// Instructions per layer: a table per model, with a column per subnet of the emulator's records.
std::string layer_tables(const std::vector<ns::deploy::BenchRecord>& records);

/// Average precision of every class, of the host's records of detectors; empty without any.
std::string class_table(const std::vector<ns::deploy::BenchRecord>& records);

/// Stage by stage, of the records of cooperative models; empty without any.
std::string stage_tables(const std::vector<ns::deploy::BenchRecord>& records);

struct Gates {
  std::optional<double> min_accuracy, min_map, max_instructions;
  std::optional<std::uint64_t> max_flash, max_ram;
};
/// One line per record and gate that is missed.
std::vector<std::string> missed_gates(const std::vector<ns::deploy::BenchRecord>& records,
                                      const Gates& gates);
