#include "model/check.h"

namespace nsrt {
namespace {

constexpr std::uint64_t kMostBinarySum = 32766;

bool encoding_fits(const OperatorView& op) {
  switch (op.kind) {
    case OperatorKind::kConv:
      return op.encoding == WeightEncoding::kDenseQuads || (is_nested(op.encoding) && !op.gated());
    case OperatorKind::kDepthwise:
      return op.encoding == WeightEncoding::kDenseRows;
    case OperatorKind::kLinear:
      return op.encoding == WeightEncoding::kDenseRows || is_nested(op.encoding);
    case OperatorKind::kMaxPool:
    case OperatorKind::kAveragePool:
    case OperatorKind::kAdd:
    case OperatorKind::kStep:
    case OperatorKind::kConcat:
      return op.encoding == WeightEncoding::kNone;
    case OperatorKind::kBinaryConv:
      return op.encoding == WeightEncoding::kBinary;
  }
  return false;  // no such kind
}

bool block_fits(const OperatorView& op) {
  if (!is_nested(op.encoding)) return op.block == 0;
  return op.block == 1 || op.block == 2 || op.block == 4;
}

// One direction of a window: every output position sees at least one real pixel.
bool extent_fits(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride,
                 std::int64_t pad) {
  return kernel >= 1 && stride >= 1 && pad < kernel && (out - 1) * stride - pad < in;
}

bool window_fits(const OperatorView& op, const TensorView& in, const TensorView& out) {
  if (op.kind == OperatorKind::kLinear || op.kind == OperatorKind::kAdd ||
      op.kind > OperatorKind::kBinaryConv) {
    return op.kh == 1 && op.kw == 1 && op.sh == 1 && op.sw == 1 && op.pad_top == 0 && op.pad_left == 0;
  }
  if (!extent_fits(in.h, out.h, op.kh, op.sh, op.pad_top) ||
      !extent_fits(in.w, out.w, op.kw, op.sw, op.pad_left)) {
    return false;
  }
  if (op.kind != OperatorKind::kAveragePool) return true;
  // Every window averages the same number of pixels: no padding on any side.
  return op.pad_top == 0 && op.pad_left == 0 && (out.h - 1) * op.sh + op.kh <= in.h &&
         (out.w - 1) * op.sw + op.kw <= in.w;
}

bool shapes_fit(const OperatorView& op, const TensorView& in, const TensorView& out) {
  switch (op.kind) {
    case OperatorKind::kConv:
      return true;
    case OperatorKind::kBinaryConv:  // sums of levels fit int16
      return std::uint64_t{in.c} * op.kh * op.kw * in.highest_level() <= kMostBinarySum;
    case OperatorKind::kConcat:
      return out.h == in.h && out.w == in.w && out.c > in.c;
    case OperatorKind::kLinear:
      return out.h == 1 && out.w == 1;
    case OperatorKind::kAdd:
    case OperatorKind::kStep:
      return out.same_shape(in);
    default:
      return out.c == in.c;
  }
}

bool input_type_fits(const OperatorView& op, const TensorView& in) {
  if (op.kind == OperatorKind::kBinaryConv) return in.highest_level() != 0;
  return in.type == TensorType::kInt8 || (op.kind == OperatorKind::kMaxPool && in.highest_level() != 0);
}

bool output_type_fits(const OperatorView& op, const TensorView& in, const TensorView& out) {
  switch (op.kind) {
    case OperatorKind::kLinear:
      return out.highest_level() == 0;
    case OperatorKind::kMaxPool:
      return out.type == in.type;
    case OperatorKind::kBinaryConv:
      return out.type != TensorType::kInt16;
    case OperatorKind::kStep:
      return out.highest_level() != 0;
    default:
      return out.type == TensorType::kInt8;
  }
}

bool second_input_fits(const OperatorView& op, const TensorView& in, const TensorView& in2,
                       const TensorView& out) {
  if (in2.type != TensorType::kInt8) return false;
  if (op.gated()) return in2.h == 1 && in2.w == 1 && in2.c == out.c;
  if (op.kind == OperatorKind::kAdd) return in2.same_shape(in);
  return in2.h == in.h && in2.w == in.w && in2.c == out.c - in.c;
}

// The network's input, or the output of an operator before `index`; so it is one of the tensors.
bool written_before(const NetworkView& net, std::uint16_t tensor, std::uint32_t index) {
  if (tensor == net.input()) return true;
  for (std::uint32_t i = 0; i < index; ++i) {
    if (net.op(i).output == tensor) return true;
  }
  return false;
}

Fault check_operator(const NetworkView& net, std::uint32_t index) {
  const Region& oper = net.section(SectionType::kOperators);
  const std::uint32_t at = index * kOperatorBytes;
  const auto bad = [&](std::uint32_t field) {
    return fault(NSRT_BAD_OPERATOR, oper.file_offset + at + field, index);
  };
  const OperatorView op = net.op(index);
  if (!encoding_fits(op)) return bad(0);
  if (!block_fits(op)) return bad(2);
  if (!written_before(net, op.input, index)) return bad(4);
  const bool two_inputs = op.kind == OperatorKind::kAdd || op.kind == OperatorKind::kConcat || op.gated();
  if (two_inputs) {
    if (!written_before(net, op.input2, index)) return bad(6);
  } else if (op.input2 != kNoTensor) {
    return bad(6);
  }
  if (op.output >= net.tensors() || written_before(net, op.output, index)) return bad(8);
  const TensorView in = net.tensor(op.input), out = net.tensor(op.output);
  const std::uint8_t most_forms = has_rows(op, out) ? kNarrowMultipliers | kNarrowBiases : kWideTables;
  if (op.table_form > most_forms) return bad(3);
  if (!input_type_fits(op, in)) return bad(4);
  if (!output_type_fits(op, in, out) || !shapes_fit(op, in, out)) return bad(8);
  if (two_inputs && !second_input_fits(op, in, net.tensor(op.input2), out)) return bad(6);
  if (!window_fits(op, in, out)) return bad(10);
  if (!oper.zero(at + 40, 8)) return bad(40);
  return kNoFault;
}

}  // namespace

Fault check_operators(const NetworkView& net) {
  const Region& oper = net.section(SectionType::kOperators);
  if (oper.size != net.operators() * kOperatorBytes) return fault(NSRT_BAD_OPERATOR, oper.file_offset);
  for (std::uint32_t i = 0; i < net.operators(); ++i) {
    const Fault error = check_operator(net, i);
    if (error != kNoFault) return error;
  }
  return kNoFault;
}

}  // namespace nsrt
