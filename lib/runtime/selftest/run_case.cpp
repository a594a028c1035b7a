#include "selftest/run_case.h"

#include "selftest/encode_case.h"

namespace nsrt::selftest {
namespace {

constexpr std::uint8_t kPattern = 0xA5;

void fill(std::uint8_t* to, std::uint32_t bytes) {
  for (std::uint32_t i = 0; i < bytes; ++i) to[i] = kPattern;
}

bool filled(const std::uint8_t* from, std::uint32_t bytes) {
  for (std::uint32_t i = 0; i < bytes; ++i) {
    if (from[i] != kPattern) return false;
  }
  return true;
}

std::uint32_t scratch_bytes(const KernelCase& c, const KernelSet& kernels) {
  switch (c.kind) {
    case CaseKind::kConvDense:
      return kernels.conv_s8_scratch_bytes(c.window);
    case CaseKind::kConvSparse:
    case CaseKind::kConvRice:
      return kernels.conv_ncsr_s8_scratch_bytes(c.window, c.block);
    case CaseKind::kDepthwise:
      return kernels.dwconv_s8_scratch_bytes(c.window);
    case CaseKind::kBinaryLevels:
    case CaseKind::kBinaryInt8:
      return kernels.bconv_scratch_bytes(c.window);
    case CaseKind::kConvGated:
      return kernels.conv_gated_s8_scratch_bytes(c.window);
    default:
      return 0;
  }
}

std::uint32_t operand_elements(const KernelCase& c, std::uint32_t operand) {
  return c.gated() && operand == 1 ? c.window.co : c.inputs();
}

void fill_inputs(const KernelCase& c, CaseBuffers& b) {
  for (std::uint32_t operand = 0; operand < 2; ++operand) {
    for (std::uint32_t i = 0; i < operand_elements(c, operand); ++i)
      b.input[operand][i] = case_input(c, operand, i);
  }
}

bool inputs_intact(const KernelCase& c, const CaseBuffers& b) {
  for (std::uint32_t operand = 0; operand < 2; ++operand) {
    for (std::uint32_t i = 0; i < operand_elements(c, operand); ++i) {
      if (b.input[operand][i] != case_input(c, operand, i)) return false;
    }
  }
  return true;
}

void run_kernel(const KernelCase& c, std::uint32_t subnet, const KernelSet& kernels, CaseBuffers& b,
                void* to) {
  const Window& w = c.window;
  const Requant requant{case_input_zero_point(c, subnet), case_output_zero_point(c, subnet), b.rows};
  const NestedCsr csr{reinterpret_cast<const std::uint16_t*>(b.encoded), b.encoded + ncsr_counts_bytes(c),
                      c.block, c.levels, static_cast<std::uint8_t>(subnet)};
  const NestedRice rice{b.encoded, w.co, c.block, static_cast<std::uint8_t>(subnet)};
  const auto* weights = reinterpret_cast<const std::int8_t*>(b.encoded);
  auto* out = static_cast<std::int8_t*>(to);
  auto* out16 = static_cast<std::int16_t*>(to);
  const Steps steps{b.steps, c.steps()};
  switch (c.kind) {
    case CaseKind::kBinaryLevels:
    case CaseKind::kBinaryInt8:
      return kernels.bconv(w, reinterpret_cast<const std::uint32_t*>(b.encoded), steps, requant, b.input[0],
                           out, b.scratch);
    case CaseKind::kStep:
      return kernels.step_s8(w.ci, std::uint32_t{w.ih} * w.iw, steps, b.input[0], out);
    case CaseKind::kConvDense:
      return kernels.conv_s8(w, weights, requant, b.input[0], out, b.scratch);
    case CaseKind::kConvSparse:
      return kernels.conv_ncsr_s8(w, csr, requant, b.input[0], out, b.scratch);
    case CaseKind::kDepthwise:
      return kernels.dwconv_s8(w, weights, requant, b.input[0], out, b.scratch);
    case CaseKind::kConvGated:
      return kernels.conv_gated_s8(w, weights, requant, {b.input[1], c.winners(subnet)}, b.input[0], out,
                                   b.scratch);
    case CaseKind::kLinearDense8:
      return kernels.linear_s8(w.ci, w.co, weights, requant, b.input[0], out, nullptr);
    case CaseKind::kLinearDense16:
      return kernels.linear_s8(w.ci, w.co, weights, requant, b.input[0], nullptr, out16);
    case CaseKind::kLinearSparse8:
      return kernels.linear_ncsr_s8(w.ci, w.co, csr, requant, b.input[0], out, nullptr);
    case CaseKind::kLinearSparse16:
      return kernels.linear_ncsr_s8(w.ci, w.co, csr, requant, b.input[0], nullptr, out16);
    case CaseKind::kConvRice:
      return kernels.conv_rice_s8(w, rice, requant, b.input[0], out, b.scratch);
    case CaseKind::kLinearRice8:
      return kernels.linear_rice_s8(w.ci, w.co, rice, requant, b.input[0], out, nullptr);
    case CaseKind::kLinearRice16:
      return kernels.linear_rice_s8(w.ci, w.co, rice, requant, b.input[0], nullptr, out16);
    case CaseKind::kMaxPool:
      return kernels.max_pool_s8(w, b.input[0], out);
    case CaseKind::kAveragePool:
      return kernels.avg_pool_s8(w, case_pool_requant(c), b.input[0], out);
    case CaseKind::kAdd:
      return kernels.add_s8(w.ci, case_add_requant(c), b.input[0], b.input[1], out);
    case CaseKind::kAddIntoFirst:
      return kernels.add_s8(w.ci, case_add_requant(c), out, b.input[1], out);
    case CaseKind::kAddIntoSecond:
      return kernels.add_s8(w.ci, case_add_requant(c), b.input[0], out, out);
  }
}

}  // namespace

void prepare_case(const KernelCase& c, CaseBuffers& b) {
  fill_inputs(c, b);
  if (c.kind == CaseKind::kConvDense || c.gated()) encode_quads(c, reinterpret_cast<std::int8_t*>(b.encoded));
  if (c.kind == CaseKind::kDepthwise || c.kind == CaseKind::kLinearDense8 ||
      c.kind == CaseKind::kLinearDense16) {
    encode_rows(c, reinterpret_cast<std::int8_t*>(b.encoded));
  }
  if (c.binary()) encode_binary(c, reinterpret_cast<std::uint32_t*>(b.encoded));
  if (c.rice()) {
    encode_rice(c, b.encoded);
  } else if (c.sparse()) {
    encode_ncsr(c, b.encoded);
  }
}

CaseVerdict run_case(const KernelCase& c, std::uint32_t subnet, const KernelSet& kernels, CaseBuffers& b,
                     const void** output) {
  const std::uint32_t scratch = scratch_bytes(c, kernels);
  if (scratch > CaseBuffers::kScratch) return CaseVerdict::kScratchTooLarge;
  if (c.has_rows()) {
    for (std::uint32_t row = 0; row < c.window.co; ++row) b.rows[row] = case_requant_row(c, subnet, row);
  }
  for (std::uint32_t row = 0; c.steps() != 0 && row < c.window.co; ++row)
    case_steps(c, subnet, row, b.steps + row * (c.steps() + 1u));
  fill(b.output, sizeof b.output);
  fill(b.scratch, sizeof b.scratch);
  std::uint8_t* const to = b.output + CaseBuffers::kGuard;
  if (c.kind == CaseKind::kAddIntoFirst || c.kind == CaseKind::kAddIntoSecond) {
    const auto operand = c.kind == CaseKind::kAddIntoFirst ? 0 : 1;
    for (std::uint32_t i = 0; i < c.inputs(); ++i) to[i] = static_cast<std::uint8_t>(b.input[operand][i]);
  }
  run_kernel(c, subnet, kernels, b, to);
  const std::uint32_t end = CaseBuffers::kGuard + c.outputs() * (c.out16() ? 2 : 1);
  *output = to;
  const bool clean = filled(b.output, CaseBuffers::kGuard) &&
                     filled(b.output + end, static_cast<std::uint32_t>(sizeof b.output) - end) &&
                     filled(b.scratch + scratch, static_cast<std::uint32_t>(sizeof b.scratch) - scratch) &&
                     inputs_intact(c, b);
  return clean ? CaseVerdict::kRan : CaseVerdict::kStrayWrite;
}

}  // namespace nsrt::selftest
