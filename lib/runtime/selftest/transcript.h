// The kernels' transcript: one line per case, made from the same source on the host and on the board and
// compared byte for byte. It is the oracle that every set of kernels shares.
#pragma once

#include <cstdint>

#include "kernels/kernels.h"
#include "selftest/run_case.h"

namespace nsrt::selftest {

/// Calls emit(user, id, crc) for every case of the list, in order; crc covers the output bytes of subnets
/// 1…N. A kernel that writes outside its output and scratch, or asks for more scratch than the buffers hold,
/// yields kStrayWriteCrc or kScratchTooLargeCrc instead.
void run_transcript(const KernelSet& kernels, CaseBuffers& buffers,
                    void (*emit)(void* user, const char* case_id, std::uint32_t crc), void* user);

constexpr std::uint32_t kStrayWriteCrc = 0xBAD00001;
constexpr std::uint32_t kScratchTooLargeCrc = 0xBAD00002;

}  // namespace nsrt::selftest
