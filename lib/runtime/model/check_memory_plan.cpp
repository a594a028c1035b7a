#include "model/check.h"

namespace nsrt {
namespace {

// A tensor lives from the operator that writes it to the last one that reads it; the network's input from
// before the first, its outputs to after the last.
bool read_at_or_after(const NetworkView& net, std::uint32_t tensor, std::uint32_t index) {
  if (net.is_output(tensor)) return true;
  for (std::uint32_t i = index; i < net.operators(); ++i) {
    const OperatorView op = net.op(i);
    if (op.input == tensor || op.input2 == tensor) return true;
  }
  return false;
}

// add and step may write over an input of the same place that nobody reads afterwards.
bool works_in_place(const NetworkView& net, const OperatorView& op, std::uint32_t index,
                    std::uint32_t tensor) {
  return (op.kind == OperatorKind::kAdd || op.kind == OperatorKind::kStep) &&
         (tensor == op.input || tensor == op.input2) &&
         net.tensor(tensor).offset == net.tensor(op.output).offset &&
         !read_at_or_after(net, tensor, index + 1);
}

// `tensor` is alive while operator `index` runs and is not written by it.
Fault check_against(const NetworkView& net, std::uint32_t index, const OperatorView& op,
                    std::uint32_t tensor) {
  const std::uint32_t at = net.section(SectionType::kOperators).file_offset + index * kOperatorBytes;
  const TensorView t = net.tensor(tensor), out = net.tensor(op.output);
  const bool over_output = t.overlaps(out.offset, out.bytes);
  const bool over_scratch = op.scratch_bytes > 0 && t.overlaps(op.scratch_offset, op.scratch_bytes);
  if (!over_output && !over_scratch) return kNoFault;
  if (!read_at_or_after(net, tensor, index)) return kNoFault;
  if (over_scratch) return fault(NSRT_BAD_OPERATOR, at + 32, index);
  if (works_in_place(net, op, index, tensor)) return kNoFault;
  return fault(NSRT_BAD_OPERATOR, at + 8, index);
}

std::uint32_t m7_kernel_bytes(const NetworkView& net, const OperatorView& op) {
  if (op.kind == OperatorKind::kDepthwise) return m7_dwconv_s8_scratch_bytes(net.window(op));
  if (op.kind == OperatorKind::kBinaryConv) return m7_bconv_scratch_bytes(net.window(op));
  if (op.kind != OperatorKind::kConv) return 0;
  if (op.gated()) return m7_conv_gated_s8_scratch_bytes(net.window(op));
  return is_nested(op.encoding) ? m7_conv_ncsr_s8_scratch_bytes(net.window(op), op.block)
                                : m7_conv_s8_scratch_bytes(net.window(op));
}

std::uint64_t m7_scratch_bytes(const NetworkView& net, const OperatorView& op) {
  return std::uint64_t{m7_kernel_bytes(net, op)} + widened_rows_bytes(op, net.tensor(op.output).c);
}

}  // namespace

Fault check_memory_plan(const NetworkView& net) {
  for (std::uint32_t i = 0; i < net.operators(); ++i) {
    const OperatorView op = net.op(i);
    const std::uint32_t at = net.section(SectionType::kOperators).file_offset + i * kOperatorBytes;
    if (op.scratch_offset % 16 != 0 ||
        std::uint64_t{op.scratch_offset} + op.scratch_bytes > net.arena_bytes()) {
      return fault(NSRT_BAD_OPERATOR, at + 32, i);
    }
    if (op.scratch_bytes < m7_scratch_bytes(net, op)) return fault(NSRT_OLD_PLAN, at + 36, i);
    const TensorView out = net.tensor(op.output);
    if (op.scratch_bytes > 0 && out.overlaps(op.scratch_offset, op.scratch_bytes)) {
      return fault(NSRT_BAD_OPERATOR, at + 32, i);
    }
    // Two tensors that are ever alive together are so when the later one is written.
    Fault error = check_against(net, i, op, net.input());
    for (std::uint32_t j = 0; j < i && error == kNoFault; ++j) {
      error = check_against(net, i, op, net.op(j).output);
    }
    if (error != kNoFault) return error;
  }
  return kNoFault;
}

}  // namespace nsrt
