// The Cortex-M7 kernels: DSP instructions, inner loops in tiles.S. Bit-identical to kernels/ref.
#pragma once

#include "kernels/kernels.h"

namespace nsrt::m7 {

void conv_s8(const Window&, const std::int8_t* weights, const Requant&, const std::int8_t* in,
             std::int8_t* out, void* scratch);
void conv_ncsr_s8(const Window&, const NestedCsr&, const Requant&, const std::int8_t* in, std::int8_t* out,
                  void* scratch);
void conv_rice_s8(const Window&, const NestedRice&, const Requant&, const std::int8_t* in, std::int8_t* out,
                  void* scratch);
void conv_gated_s8(const Window&, const std::int8_t* weights, const Requant&, const Gate&,
                   const std::int8_t* in, std::int8_t* out, void* scratch);
void dwconv_s8(const Window&, const std::int8_t* weights, const Requant&, const std::int8_t* in,
               std::int8_t* out, void* scratch);
void linear_s8(std::uint32_t inputs, std::uint32_t units, const std::int8_t* weights, const Requant&,
               const std::int8_t* in, std::int8_t* out8, std::int16_t* out16);
void linear_ncsr_s8(std::uint32_t inputs, std::uint32_t units, const NestedCsr&, const Requant&,
                    const std::int8_t* in, std::int8_t* out8, std::int16_t* out16);
void linear_rice_s8(std::uint32_t inputs, std::uint32_t units, const NestedRice&, const Requant&,
                    const std::int8_t* in, std::int8_t* out8, std::int16_t* out16);
void max_pool_s8(const Window&, const std::int8_t* in, std::int8_t* out);
void avg_pool_s8(const Window&, const PoolRequant&, const std::int8_t* in, std::int8_t* out);
void add_s8(std::uint32_t count, const AddRequant&, const std::int8_t* a, const std::int8_t* b,
            std::int8_t* out);
void bconv(const Window&, const std::uint32_t* weights, const Steps&, const Requant&, const std::int8_t* in,
           std::int8_t* out, void* scratch);
void step_s8(std::uint32_t channels, std::uint32_t pixels, const Steps&, const std::int8_t* in,
             std::int8_t* out);

}  // namespace nsrt::m7
