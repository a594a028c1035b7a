// The shared cases as tests: any set of kernels against the naive oracle, or against another set's
// transcript.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "selftest/run_case.h"
#include "selftest/transcript.h"
#include "support/kernel_oracle.h"

namespace nestkit_test {

using Transcript = std::vector<std::pair<std::string, std::uint32_t>>;

inline Transcript transcript_of(const nsrt::KernelSet& kernels) {
  Transcript lines;
  const auto buffers = std::make_unique<nsrt::selftest::CaseBuffers>();
  nsrt::selftest::run_transcript(
      kernels, *buffers,
      [](void* user, const char* id, std::uint32_t crc) {
        static_cast<Transcript*>(user)->emplace_back(id, crc);
      },
      &lines);
  return lines;
}

/// Empty if every subnet of the case agrees with the oracle, else a sentence about the first difference.
inline std::string first_difference(const nsrt::selftest::KernelCase& c, const nsrt::KernelSet& kernels,
                                    nsrt::selftest::CaseBuffers& buffers) {
  using nsrt::selftest::CaseVerdict;
  prepare_case(c, buffers);
  for (std::uint32_t k = 1; k <= c.levels; ++k) {
    const std::string where = std::string(c.id) + ", subnet " + std::to_string(k) + ": ";
    const void* output = nullptr;
    const CaseVerdict verdict = run_case(c, k, kernels, buffers, &output);
    if (verdict == CaseVerdict::kScratchTooLarge) return where + "asks for too much scratch";
    const std::vector<std::int64_t> expected = expected_outputs(c, k);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const std::int64_t found = c.out16() ? static_cast<const std::int16_t*>(output)[i]
                                           : static_cast<const std::int8_t*>(output)[i];
      if (found != expected[i]) {
        return where + "output " + std::to_string(i) + " is " + std::to_string(found) + ", expected " +
               std::to_string(expected[i]);
      }
    }
    if (verdict == CaseVerdict::kStrayWrite) return where + "writes outside its output and scratch";
  }
  return {};
}

}  // namespace nestkit_test
