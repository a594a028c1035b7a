// A case's weights in the encodings of docs/format/nsm.md.
#pragma once

#include <cstdint>

#include "selftest/kernel_case.h"

namespace nsrt::selftest {

/// Dense quads of a convolution (encoding 1); returns the bytes written, at most kMaxEncodedBytes.
std::uint32_t encode_quads(const KernelCase&, std::int8_t* to);
/// Dense rows of a depthwise or linear operator (encoding 2).
std::uint32_t encode_rows(const KernelCase&, std::int8_t* to);
/// Nested CSR (encoding 3): counts, padding to 4 bytes, records. `to` is 4-byte aligned.
std::uint32_t encode_ncsr(const KernelCase&, std::uint8_t* to);
/// Rice-coded nested weights (encoding 4). `to` is 4-byte aligned.
std::uint32_t encode_rice(const KernelCase&, std::uint8_t* to);
/// Where encode_ncsr's records start.
std::uint32_t encode_binary(const KernelCase&, std::uint32_t* to);
std::uint32_t ncsr_counts_bytes(const KernelCase&);

}  // namespace nsrt::selftest
