#include "selftest/transcript.h"

#include "model/crc32.h"

namespace nsrt::selftest {
namespace {

std::uint32_t case_crc(const KernelCase& c, const KernelSet& kernels, CaseBuffers& buffers) {
  std::uint32_t crc = 0;
  for (std::uint32_t subnet = 1; subnet <= c.levels; ++subnet) {
    const void* output = nullptr;
    switch (run_case(c, subnet, kernels, buffers, &output)) {
      case CaseVerdict::kStrayWrite:
        return kStrayWriteCrc;
      case CaseVerdict::kScratchTooLarge:
        return kScratchTooLargeCrc;
      case CaseVerdict::kRan:
        crc = crc32_update(crc, output, c.outputs() * (c.out16() ? 2 : 1));
    }
  }
  return crc;
}

}  // namespace

void run_transcript(const KernelSet& kernels, CaseBuffers& buffers,
                    void (*emit)(void* user, const char* case_id, std::uint32_t crc), void* user) {
  const std::uint32_t count = kernel_case_count();
  for (std::uint32_t i = 0; i < count; ++i) {
    const KernelCase c = kernel_case(i);
    prepare_case(c, buffers);
    emit(user, c.id, case_crc(c, kernels, buffers));
  }
}

}  // namespace nsrt::selftest
