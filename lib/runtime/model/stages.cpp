#include "model/stages.h"

#include "model/check.h"

namespace nsrt {

nsrt_rule rule_of(const Region& stgs) {
  const std::uint16_t stages = stgs.u16(0);
  const std::uint8_t* const first = stgs.data + kStagesBytes;
  return {.stages = reinterpret_cast<const nsrt_stage*>(first),
          .thresholds = reinterpret_cast<const std::uint32_t*>(first + std::size_t{stages} * kStageBytes),
          .threshold_rows = stgs.u16(8),
          .threshold_columns = stgs.u16(10),
          .classes = stgs.u16(4),
          .min_passes = stgs.u16(2),
          .max_passes = stages,
          .aggregate = stgs.u8(6),
          .confidence = stgs.u8(7)};
}

std::uint64_t stages_bytes(const nsrt_rule& rule) {
  return kStagesBytes + std::uint64_t{rule.max_passes} * kStageBytes +
         std::uint64_t{rule.threshold_rows} * rule.threshold_columns * 4;
}

Fault check_stages(const Region& file) {
  const Region stgs = stages(file);
  if (stgs.size == 0) return kNoFault;
  const auto bad = [&](std::uint32_t at, std::uint32_t stage = 0) {
    return fault(NSRT_BAD_STAGES, stgs.file_offset + at, stage);
  };
  // Even of a shorter section these bytes lie in the file: sections are padded to 32.
  const nsrt_rule rule = rule_of(stgs);
  if (stgs.size != stages_bytes(rule)) return bad(0);
  if (nsrt_check_rule(&rule) != NSRT_OK) return bad(0);
  if (stgs.u32(12) != networks_crc(file)) return bad(12);
  if (!stgs.zero(16, 16)) return bad(16);
  // Users encode an image once, for whichever network.
  const NetworkView first = network_view(file, 0);
  for (unsigned i = 1; i < file.u16(26); ++i) {
    const NetworkView net = network_view(file, i);
    const bool same_input = net.tensor(net.input()).same_shape(first.tensor(first.input())) &&
                            net.input_zero_point() == first.input_zero_point() &&
                            net.netw().u32(12) == first.netw().u32(12);
    if (!same_input) return bad(0);
  }
  for (std::uint32_t i = 0; i < rule.max_passes; ++i) {
    const std::uint32_t at = kStagesBytes + i * kStageBytes;
    const unsigned network = stgs.u16(at);
    if (network >= file.u16(26)) return bad(at, i + 1);
    const NetworkView net = network_view(file, network);
    const std::uint16_t subnet = stgs.u16(at + 2);
    if (subnet < 1 || subnet > net.subnets()) return bad(at + 2, i + 1);
    const TensorView output = net.tensor(net.last());
    const bool scores =
        output.type == TensorType::kInt16 && output.h == 1 && output.w == 1 && output.c == rule.classes;
    if (!scores) return bad(at, i + 1);
    if (stgs.u16(at + 8) > 1 || stgs.u16(at + 10) != 0) return bad(at + 8, i + 1);
  }
  return kNoFault;
}

}  // namespace nsrt

extern "C" nsrt_status nsrt_model_rule(const nsrt_model* model, nsrt_rule* rule) {
  const nsrt::Region stgs = nsrt::stages(nsrt::file_region(*model));
  if (stgs.size == 0) return NSRT_BAD_ARGUMENT;
  *rule = nsrt::rule_of(stgs);
  return NSRT_OK;
}
