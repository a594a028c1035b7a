// Scratch sizes of the M7 kernels: plain arithmetic, compiled for every target because the packer plans with
// them.
#include "kernels/m7/binary.h"
#include "kernels/m7/gated_plan.h"

namespace nsrt {
namespace {

// The plan counts in 32 bits; this bound of all its terms, in 64 bits, tells where that would wrap around.
bool plannable(const Window& w) {
  // A strip has at most 64 output rows, or all of them where words pair rows.
  const std::uint64_t rows = w.oh < 64 ? 64 : w.oh, in_rows = rows * w.sh + w.kh;
  const std::uint64_t row_words = (std::uint64_t{w.ow} + w.kw + m7::kTileWords) * w.sw;
  const std::uint64_t weights = (std::uint64_t{w.ci} + 3) * w.kh * w.kw;
  return (std::uint64_t{w.ci} + 3) * in_rows * row_words * 4 + weights * 16 < std::uint64_t{1} << 31;
}

std::uint32_t rounded(const m7::Plan& plan) {
  return (plan.bytes + 15) / 16 * 16;
}

}  // namespace

std::uint32_t m7_conv_s8_scratch_bytes(const Window& w) {
  return plannable(w) ? rounded(m7::plan_dense(w)) : UINT32_MAX;
}
std::uint32_t m7_conv_ncsr_s8_scratch_bytes(const Window& w, std::uint8_t block) {
  return plannable(w) ? rounded(m7::plan_sparse(w, block)) : UINT32_MAX;
}
std::uint32_t m7_dwconv_s8_scratch_bytes(const Window& w) {
  return plannable(w) ? rounded(m7::plan_depthwise(w)) : UINT32_MAX;
}
std::uint32_t m7_bconv_scratch_bytes(const Window& w) {
  return m7::plan_binary(w).bytes;
}

m7::GatedLayout m7::lay_out_gated(const Window& w) {
  const auto align = [](std::uint64_t at) { return (at + 15) / 16 * 16; };
  GatedLayout l;
  l.winners_at = std::uint64_t{8} * w.co;
  l.channels_at = align(l.winners_at + 2u * w.co);
  l.weights_at = align(l.channels_at + 2u * w.ci);
  l.planes_at = align(l.weights_at + std::uint64_t{w.co} * quad_row_bytes(w));
  std::uint32_t step = kGatherSteps - 1;
  while (step > 0 && gathered_channels(w.ci, step) == w.ci) --step;
  const std::uint32_t most_planes = step > 0 ? gathered_channels(w.ci, step) : 0;
  l.kernel_at = align(l.planes_at + std::uint64_t{most_planes} * w.ih * w.iw);
  return l;
}

std::uint32_t m7_conv_gated_s8_scratch_bytes(const Window& w) {
  if (!plannable(w)) return UINT32_MAX;
  std::uint32_t kernel = 0;
  for (std::uint32_t step = 1; step <= m7::kGatherSteps; ++step) {
    kernel = m7::most(kernel, rounded(m7::plan_gathered(w, m7::gathered_channels(w.ci, step))));
  }
  const std::uint64_t bytes = m7::lay_out_gated(w).kernel_at + kernel;
  return bytes < UINT32_MAX ? static_cast<std::uint32_t>(bytes) : UINT32_MAX;
}

}  // namespace nsrt
