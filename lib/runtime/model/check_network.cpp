#include "model/check.h"

namespace nsrt {
namespace {

constexpr unsigned kMaxTensors = 1024;
// Far beyond any device, and low enough that sums of a few extents stay in 32 bits.
constexpr std::uint32_t kMaxArenaBytes = std::uint32_t{1} << 30;
constexpr std::uint32_t kMillion = 1'000'000;

// A positive, finite number: the image's scale.
bool positive_finite(std::uint32_t float_bits) {
  return float_bits > 0 && float_bits < 0x7F800000u;
}

}  // namespace

Fault check_network(const NetworkView& net) {
  const Region& netw = net.netw();
  const auto bad = [&](std::uint32_t at, std::uint32_t index = 0) {
    return fault(NSRT_BAD_NETWORK, netw.file_offset + at, index);
  };
  // Even of a shorter section these two bytes lie in the file: sections are padded to 32.
  if (net.subnets() < 1 || net.subnets() > kMaxSubnets) return bad(0);
  if (netw.size != kNetworkBytes + net.subnets() * kSubnetBytes) return bad(0);
  // One operator writes each tensor but the input.
  if (net.tensors() < 2 || net.tensors() > kMaxTensors) return bad(2);
  if (net.tensors() != net.operators() + 1) return bad(2);
  if (net.input() >= net.tensors()) return bad(6);
  if (net.last() >= net.tensors() || net.last() == net.input()) return bad(8);
  if (netw.u8(11) != 8) return bad(11);
  if (!positive_finite(netw.u32(12))) return bad(12);
  if (net.arena_bytes() == 0 || net.arena_bytes() % 16 != 0 || net.arena_bytes() > kMaxArenaBytes)
    return bad(16);
  if (!netw.zero(20, 12)) return bad(20);
  for (unsigned k = 1; k <= net.subnets(); ++k) {
    const std::uint32_t at = kNetworkBytes + (k - 1) * kSubnetBytes;
    const SubnetView subnet = net.subnet(k);
    if (subnet.sparsity_ppm > kMillion) return bad(at + 8, k);
    if (netw.u32(at + 12) != 0) return bad(at + 12, k);
    if (k == 1) continue;
    const SubnetView sparser = net.subnet(k - 1);
    if (subnet.macs < sparser.macs) return bad(at, k);
    if (subnet.kept_weights < sparser.kept_weights) return bad(at + 4, k);
    if (subnet.sparsity_ppm > sparser.sparsity_ppm) return bad(at + 8, k);
  }
  return kNoFault;
}

Fault check_tensors(const NetworkView& net) {
  const Region& tens = net.section(SectionType::kTensors);
  if (tens.size != net.tensors() * kTensorBytes) return fault(NSRT_BAD_TENSOR, tens.file_offset);
  for (std::uint32_t i = 0; i < net.tensors(); ++i) {
    const auto bad = [&](std::uint32_t field) {
      return fault(NSRT_BAD_TENSOR, tens.file_offset + i * kTensorBytes + field, i);
    };
    const TensorView t = net.tensor(i);
    if (t.h == 0 || t.w == 0 || t.c == 0) return bad(0);
    if (t.type > TensorType::kLevels3 || (i == net.last() && t.highest_level() != 0)) return bad(6);
    if (i == net.input() && t.type != TensorType::kInt8) return bad(6);
    if (tens.u8(i * kTensorBytes + 7) != 0) return bad(7);
    if (t.offset % 4 != 0) return bad(8);
    // h·w·c·size < 2^49: no overflow in 64 bits.
    if (t.bytes != std::uint64_t{t.h} * t.w * t.c * (t.type == TensorType::kInt16 ? 2 : 1)) return bad(12);
    if (std::uint64_t{t.offset} + t.bytes > net.arena_bytes()) return bad(8);
  }
  return kNoFault;
}

Fault check_test(const NetworkView& net) {
  const Region& test = net.section(SectionType::kTest);
  const std::uint64_t input = net.tensor(net.input()).bytes;
  const std::uint64_t padded = round_up(input, 4);
  const std::uint64_t outputs = std::uint64_t{net.subnets()} * net.output_bytes();
  if (test.size != 4 + padded + outputs) return fault(NSRT_BAD_TEST, test.file_offset);
  const auto end = static_cast<std::uint32_t>(4 + input);
  if (!test.zero(end, static_cast<std::uint32_t>(padded - input))) {
    return fault(NSRT_BAD_TEST, test.file_offset + end);
  }
  return kNoFault;
}

}  // namespace nsrt
