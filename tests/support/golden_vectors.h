// tests/golden/every_operator: a packed model made by hand, inputs for it, and the outputs that
// scripts/nsm_run.py computed from the documents alone.
#pragma once

#include <doctest/doctest.h>

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "ns/base/json.h"
#include "ns/base/mapped_file.h"
#include "ns/deploy/engine.h"

namespace golden {

inline std::string path(const std::string& extension) {
  return NESTKIT_SOURCE_DIR "/tests/golden/every_operator." + extension;
}

inline std::vector<std::int8_t> inputs() {
  const ns::MappedFile file(path("input"));
  return {file.bytes().begin(), file.bytes().end()};
}

/// What one subnet makes of one image.
struct Expectation {
  unsigned network = 0, subnet = 1;
  std::size_t image = 0;
  std::vector<int> output;               ///< values of the output tensor
  std::vector<std::uint32_t> checksums;  ///< CRC-32 of every operator's output
};

/// Ordered by network, subnet, image.
inline std::vector<Expectation> expectations() {
  std::vector<Expectation> all;
  std::ifstream lines(path("jsonl"));
  for (std::string line; std::getline(lines, line);) {
    const ns::Json json = ns::parse_json(line, path("jsonl"));
    all.push_back({json["network"], json["subnet"], json["image"], json["output"], json["operator_crcs"]});
  }
  return all;
}

/// The values in an output tensor's bytes.
inline std::vector<int> values(std::span<const std::uint8_t> bytes, const nsrt_tensor_info& tensor) {
  std::vector<int> result;
  if (tensor.type == 1) {
    for (std::size_t i = 0; i < bytes.size(); i += 2)
      result.push_back(static_cast<std::int16_t>(bytes[i] | bytes[i + 1] << 8));
  } else {
    for (const std::uint8_t byte : bytes) result.push_back(static_cast<std::int8_t>(byte));
  }
  return result;
}

/// Every network, subnet and image, operator by operator.
inline void check(ns::deploy::Engine& engine) {
  const std::vector<std::int8_t> all = inputs();
  const std::vector<Expectation> expected = expectations();
  auto next = expected.begin();
  for (unsigned network = 0; network < engine.model().networks(); ++network) {
    const nsrt_network_info& info = engine.model().network(network);
    for (unsigned subnet = 1; subnet <= info.subnets; ++subnet) {
      const auto outputs = engine.run({network, subnet, all, all.size() / info.input.bytes});
      for (std::size_t image = 0; image < outputs.images; ++image, ++next) {
        CAPTURE(network);
        CAPTURE(subnet);
        CAPTURE(image);
        REQUIRE(next != expected.end());
        REQUIRE((next->network == network && next->subnet == subnet && next->image == image));
        const auto trace = outputs.trace(image);
        CHECK(next->checksums == std::vector<std::uint32_t>(trace.begin(), trace.end()));
        CHECK(next->output == values(outputs.output(image), info.output));
      }
    }
  }
  CHECK(next == expected.end());
}

}  // namespace golden
