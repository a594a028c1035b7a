#include "model/view.h"

#include "model/crc32.h"

namespace nsrt {

// The records of the file and the views of them are laid out alike.
static_assert(sizeof(SubnetView) == 12 && sizeof(TensorView) == kTensorBytes &&
              offsetof(TensorView, type) == 6 && offsetof(TensorView, offset) == 8);
static_assert(sizeof(OperatorView) == 40 && offsetof(OperatorView, input) == 4 &&
              offsetof(OperatorView, kh) == 10 && offsetof(OperatorView, weights_offset) == 16 &&
              offsetof(OperatorView, scratch_bytes) == 36);

SubnetView NetworkView::subnet(unsigned k) const {
  return netw().get<SubnetView>(kNetworkBytes + (k - 1) * kSubnetBytes);
}

TensorView NetworkView::tensor(unsigned index) const {
  return section(SectionType::kTensors).get<TensorView>(index * kTensorBytes);
}

OperatorView NetworkView::op(unsigned index) const {
  return section(SectionType::kOperators).get<OperatorView>(index * kOperatorBytes);
}

bool NetworkView::is_output(std::uint32_t tensor) const {
  std::uint32_t i = outputs();
  while (i > 0 && output(i - 1) != tensor) --i;
  return i > 0;
}

std::uint32_t NetworkView::output_bytes() const {
  std::uint32_t bytes = 0;
  for (std::uint32_t i = 0; i < outputs(); ++i) bytes += tensor(output(i)).bytes;
  return bytes;
}

Window NetworkView::window(const OperatorView& op) const {
  const TensorView in = tensor(op.input), out = tensor(op.output);
  return {in.h, in.w, in.c, out.h, out.w, out.c, op.kh, op.kw, op.sh, op.sw, op.pad_top, op.pad_left};
}

Region NetworkView::weights(const OperatorView& op) const {
  if (op.encoding == WeightEncoding::kNone) return {};
  return section(weights_section(op.encoding)).part(op.weights_offset, op.weights_bytes);
}

Region NetworkView::requant(const OperatorView& op, unsigned k) const {
  const std::uint32_t bytes = requant_table_bytes(op, tensor(op.output));
  return section(SectionType::kRequant).part(op.requant_offset + (k - 1) * bytes, bytes);
}

std::uint16_t NetworkView::winners(const OperatorView& op, unsigned k) const {
  const Region table = requant(op, k);
  return table.u16(table.size - 4);
}

Region NetworkView::test_input() const {
  return section(SectionType::kTest).part(4, tensor(input()).bytes);
}

Region NetworkView::test_output(unsigned k) const {
  const std::uint32_t bytes = output_bytes();
  const auto first = static_cast<std::uint32_t>(4 + round_up(tensor(input()).bytes, 4));
  return section(SectionType::kTest).part(first + (k - 1) * bytes, bytes);
}

SectionType weights_section(WeightEncoding encoding) {
  if (encoding == WeightEncoding::kBinary) return SectionType::kBinary;
  return is_nested(encoding) ? SectionType::kSparse : SectionType::kDense;
}

std::uint32_t requant_table_bytes(const OperatorView& op, const TensorView& out) {
  const std::uint32_t rows = out.c, levels = out.highest_level();
  switch (op.kind) {
    case OperatorKind::kBinaryConv:
    case OperatorKind::kStep:
      if (levels != 0) return static_cast<std::uint32_t>(round_up(rows * (levels + 1) * 2, 4));
      [[fallthrough]];
    case OperatorKind::kConv:
    case OperatorKind::kDepthwise:
    case OperatorKind::kLinear:
      return static_cast<std::uint32_t>(round_up(4 + rows * row_bytes(op), 4)) + (op.gated() ? 4 : 0);
    case OperatorKind::kAveragePool:
    case OperatorKind::kAdd:
      return 12;
    case OperatorKind::kConcat:
      return 16;
    case OperatorKind::kMaxPool:
      return levels == 0 ? 0 : (rows + 31) / 32 * 4;
  }
  return 0;
}

// Wide tables are rows of both; else all biases stand in front of all multipliers, unless only the
// multipliers are wide: what takes four bytes comes first.
std::uint32_t RowTableView::multiplier_at(std::uint32_t row) const {
  if (form_ == kWideTables) return 4 + 8 * row;
  if (form_ == kNarrowBiases) return 4 + 4 * row;
  return 4 + ((form_ & kNarrowBiases) != 0 ? 2 : 4) * rows_ + 2 * row;
}

std::uint32_t RowTableView::bias_at(std::uint32_t row) const {
  if (form_ == kWideTables) return 8 + 8 * row;
  if (form_ == kNarrowBiases) return 4 + 4 * rows_ + 2 * row;
  return 4 + ((form_ & kNarrowBiases) != 0 ? 2 : 4) * row;
}

RequantRow RowTableView::row(std::uint32_t index) const {
  return {multiplier(multiplier_at(index)), bias(bias_at(index))};
}

void RowTableView::widen(RequantRow* to) const {
  std::uint32_t m = multiplier_at(0), b = bias_at(0);
  const std::uint32_t m_step = multiplier_at(1) - m, b_step = bias_at(1) - b;
  for (std::uint32_t left = rows_; left > 0; --left, m += m_step, b += b_step)
    *to++ = {multiplier(m), bias(b)};
}

namespace {

std::uint32_t kernel_scratch_bytes(const NetworkView& net, const OperatorView& op, const KernelSet& kernels) {
  if (op.kind == OperatorKind::kDepthwise) return kernels.dwconv_s8_scratch_bytes(net.window(op));
  if (op.kind == OperatorKind::kBinaryConv) return kernels.bconv_scratch_bytes(net.window(op));
  if (op.kind != OperatorKind::kConv) return 0;
  if (op.gated()) return kernels.conv_gated_s8_scratch_bytes(net.window(op));
  return is_nested(op.encoding) ? kernels.conv_ncsr_s8_scratch_bytes(net.window(op), op.block)
                                : kernels.conv_s8_scratch_bytes(net.window(op));
}

}  // namespace

std::uint32_t operator_scratch_bytes(const NetworkView& net, const OperatorView& op,
                                     const KernelSet& kernels) {
  const std::uint32_t kernel = kernel_scratch_bytes(net, op, kernels);
  const std::uint32_t rows = widened_rows_bytes(op, net.tensor(op.output).c);
  return kernel > UINT32_MAX - rows ? UINT32_MAX : kernel + rows;
}

SectionEntry section_entry(const Region& file, std::uint32_t index) {
  const std::uint32_t at = kHeaderBytes + index * kSectionEntryBytes;
  int type = -1;
  for (unsigned t = 0; t < kSectionTypes; ++t) {
    const char* name = kSectionNames[t];
    if (file.u8(at) == name[0] && file.u8(at + 1) == name[1] && file.u8(at + 2) == name[2] &&
        file.u8(at + 3) == name[3]) {
      type = static_cast<int>(t);
    }
  }
  return {type, file.u32(at + 4), file.u32(at + 8), file.u32(at + 12), file.u16(at + 16)};
}

NetworkView network_view(const Region& file, unsigned network) {
  NetworkView net;
  for (std::uint32_t i = 0; i < section_count(file); ++i) {
    const SectionEntry entry = section_entry(file, i);
    if (entry.network == network) net.sections[entry.type] = file.part(entry.offset, entry.bytes);
  }
  return net;
}

Region stages(const Region& file) {
  const SectionEntry entry = section_entry(file, section_count(file) - 1);
  return entry.type == static_cast<int>(SectionType::kStages) ? file.part(entry.offset, entry.bytes)
                                                              : Region{};
}

std::uint32_t networks_crc(const Region& file) {
  std::uint32_t crc = 0;
  for (std::uint32_t i = 0; i < section_count(file); ++i) {
    if (section_entry(file, i).network == kNoNetwork) continue;
    crc = crc32_update(crc, file.data + kHeaderBytes + i * kSectionEntryBytes + 12, 4);
  }
  return crc;
}

Region metadata(const Region& file) {
  const SectionEntry entry = section_entry(file, 0);
  return file.part(entry.offset, entry.bytes);
}

}  // namespace nsrt
