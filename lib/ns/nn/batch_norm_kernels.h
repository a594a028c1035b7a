// The passes of batch-norm over memory. A tensor [n,h,w,c] is a sequence of floats whose channel has period
// c; the loops run over stripes of `stripe` floats, a multiple of c and long enough for vector units whatever
// c is, and per-channel constants are repeated to fill one stripe. Private to this room.
#pragma once

#include <cstdint>

namespace ns::nn {

/// sum[i] = Σ (x - shift), square[i] = Σ (x - shift)² over the floats at position i of every stripe.
void stripe_moments(const float* x, std::int64_t count, std::int64_t stripe, const float* shift, float* sum,
                    float* square);

/// y = (x - mean) * scale + beta, with a ReLU if asked.
void normalise(const float* x, std::int64_t count, std::int64_t stripe, const float* mean, const float* scale,
               const float* beta, bool with_relu, float* y);

/// sum[i] = Σ g, product[i] = Σ g * (x - mean), where g is dy, or 0 where the ReLU was closed (it is
/// recomputed with `scale` and `beta`, bit for bit as in normalise).
void stripe_gradients(const float* x, const float* dy, std::int64_t count, std::int64_t stripe,
                      const float* mean, const float* scale, const float* beta, bool with_relu, float* sum,
                      float* product);

/// dx = g * scale - (x - mean) * slope - offset; dx may be dy.
void normalise_gradient(const float* x, const float* dy, std::int64_t count, std::int64_t stripe,
                        const float* mean, const float* scale, const float* beta, const float* slope,
                        const float* offset, bool with_relu, float* dx);

}  // namespace ns::nn
