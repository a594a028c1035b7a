#include "ns/pack/windows.h"

#include <limits>

#include "ns/base/error.h"
#include "ns/pack/requant_tables.h"

namespace ns::pack {
namespace {

template <class T>
T narrow(const quant::QuantisedOperator& op, const char* what, int value) {
  if (value < 0 || value > std::numeric_limits<T>::max())
    throw input_error("layer \"" + op.layer + "\": " + what + " " + std::to_string(value) +
                      " is outside the packed model's 0…" + std::to_string(std::numeric_limits<T>::max()));
  return static_cast<T>(value);
}

}  // namespace

nsrt::Window window_of(const quant::QuantisedNetwork& network, const quant::QuantisedOperator& op) {
  const auto extent = [&](const char* what, int value) { return narrow<std::uint16_t>(op, what, value); };
  const auto small = [&](const char* what, int value) { return narrow<std::uint8_t>(op, what, value); };
  const quant::QuantisedTensor& in = network.tensors[static_cast<std::size_t>(op.input)];
  const quant::QuantisedTensor& out = network.tensors[static_cast<std::size_t>(op.output)];
  return {extent("height", in.h),        extent("width", in.w),         extent("channels", in.c),
          extent("height", out.h),       extent("width", out.w),        extent("channels", out.c),
          small("kernel", op.kernel[0]), small("kernel", op.kernel[1]), small("stride", op.stride[0]),
          small("stride", op.stride[1]), small("padding", op.pad_top),  small("padding", op.pad_left)};
}

std::uint32_t scratch_bytes(const quant::QuantisedNetwork& network, const quant::QuantisedOperator& op,
                            bool nested) {
  const nsrt::Window window = window_of(network, op);
  const std::uint32_t rows =
      table_form(op) == kWideTables ? 0 : (std::uint32_t{window.co} * 8 + 15) / 16 * 16;
  switch (op.kind) {
    case quant::OperatorKind::kConv:
      if (!op.winners.empty()) return rows + nsrt::m7_conv_gated_s8_scratch_bytes(window);
      return rows + (nested ? nsrt::m7_conv_ncsr_s8_scratch_bytes(window,
                                                                  static_cast<std::uint8_t>(op.weights.block))
                            : nsrt::m7_conv_s8_scratch_bytes(window));
    case quant::OperatorKind::kBinaryConv:
      return rows + nsrt::m7_bconv_scratch_bytes(window);
    case quant::OperatorKind::kDepthwiseConv:
      return rows + nsrt::m7_dwconv_s8_scratch_bytes(window);
    default:
      return rows;
  }
}

}  // namespace ns::pack
