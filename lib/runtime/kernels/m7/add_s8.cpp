#include "kernels/m7/m7.h"
#include "kernels/requantise.h"

namespace nsrt::m7 {
namespace {

// For add_s8.S.
struct AddRun {
  std::int32_t m0, m1, bias;
  std::uint32_t shift;
};
extern "C" void nsrt_m7_add(const AddRun*, const std::int8_t* a, const std::int8_t* b, std::int8_t* out,
                            std::uint32_t fours);

}  // namespace

void add_s8(std::uint32_t count, const AddRequant& requant, const std::int8_t* a, const std::int8_t* b,
            std::int8_t* out) {
  const AddRun run{requant.m0, requant.m1, requant.bias, requant.shift};
  const std::uint32_t fours = count / 4;
  if (fours != 0) nsrt_m7_add(&run, a, b, out, fours);
  for (std::uint32_t i = fours * 4; i < count; ++i) {
    out[i] = saturate_s8((a[i] * run.m0 + b[i] * run.m1 + run.bias) >> run.shift);
  }
}

}  // namespace nsrt::m7
