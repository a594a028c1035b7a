#include "kernels/ref/ref.h"

namespace nsrt::ref {

void conv_gated_s8(const Window& w, const std::int8_t* weights, const Requant& requant, const Gate& gate,
                   const std::int8_t* in, std::int8_t* out, void* scratch) {
  const std::uint32_t positions = (w.ci + 1u) / 2 * w.kh * w.kw;
  const std::size_t row_bytes = std::size_t{(positions + 1) / 2} * 4;
  Window one = w;
  one.co = 1;
  for (std::uint32_t co = 0; co < w.co; ++co) {
    const std::int8_t saliency = gate.saliency[co];
    std::uint32_t before = 0;  // channels that are chosen sooner
    for (std::uint32_t other = 0; other < w.co; ++other) {
      if (gate.saliency[other] > saliency || (gate.saliency[other] == saliency && other < co)) ++before;
    }
    std::int8_t* const result = out_plane(w, out, co);
    if (before < gate.winners) {
      const RequantRow row{requant.rows[co].multiplier * (saliency + 128), requant.rows[co].bias};
      conv_s8(one, weights + co * row_bytes, {requant.input_zero_point, requant.output_zero_point, &row}, in,
              result, scratch);
    } else {
      for (std::uint32_t i = 0; i < std::uint32_t{w.oh} * w.ow; ++i) result[i] = requant.output_zero_point;
    }
  }
}

}  // namespace nsrt::ref
