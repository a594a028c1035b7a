// Runs one case on one set of kernels, between guards that notice a stray write.
#pragma once

#include <cstdint>

#include "selftest/kernel_case.h"

namespace nsrt::selftest {

/// Everything a case needs, about 68 KB on the device; the caller chooses where it lives.
struct alignas(16) CaseBuffers {
  static constexpr std::uint32_t kGuard = 16;
#if defined(__arm__)
  static constexpr std::uint32_t kScratch = 32 * 1024;
#else
  static constexpr std::uint32_t kScratch = 128 * 1024;  // the host kernels expand whole layers
#endif
  std::int8_t input[2][kMaxActivationBytes];
  std::uint8_t output[kGuard + kMaxActivationBytes + kGuard];
  std::uint8_t scratch[kScratch + kGuard];
  std::uint8_t encoded[kMaxEncodedBytes];
  RequantRow rows[kMaxRows];
  std::int16_t steps[8 * kMaxRows];
};

enum class CaseVerdict : std::uint8_t { kRan, kStrayWrite, kScratchTooLarge };

/// Writes inputs and encoded weights into the buffers: once per case.
void prepare_case(const KernelCase&, CaseBuffers&);

/// Runs subnet 1…levels after prepare_case. *output then points at case.outputs() results (int16 where
/// out16()).
CaseVerdict run_case(const KernelCase&, std::uint32_t subnet, const KernelSet&, CaseBuffers&,
                     const void** output);

}  // namespace nsrt::selftest
