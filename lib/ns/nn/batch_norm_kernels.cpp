#include "ns/nn/batch_norm_kernels.h"

#include <algorithm>

#include "ns/nn/vectorised.h"

namespace ns::nn {

NS_MULTIVERSION void stripe_moments(const float* __restrict x, std::int64_t count, std::int64_t stripe,
                                    const float* __restrict shift, float* __restrict sum,
                                    float* __restrict square) {
  std::fill_n(sum, stripe, 0.0f);
  std::fill_n(square, stripe, 0.0f);
  std::int64_t done = 0;
  for (; done + 4 * stripe <= count; done += 4 * stripe, x += 4 * stripe) {
    for (std::int64_t i = 0; i < stripe; ++i) {
      const float a = x[i] - shift[i], b = x[i + stripe] - shift[i];
      const float c = x[i + 2 * stripe] - shift[i], d = x[i + 3 * stripe] - shift[i];
      sum[i] += (a + b) + (c + d);
      square[i] += (a * a + b * b) + (c * c + d * d);
    }
  }
  for (; done < count; done += stripe, x += stripe) {
    const std::int64_t n = std::min(stripe, count - done);
    for (std::int64_t i = 0; i < n; ++i) {
      const float a = x[i] - shift[i];
      sum[i] += a;
      square[i] += a * a;
    }
  }
}

NS_MULTIVERSION void normalise(const float* x, std::int64_t count, std::int64_t stripe, const float* mean,
                               const float* scale, const float* beta, bool with_relu, float* y) {
  for (std::int64_t done = 0; done < count; done += stripe, x += stripe, y += stripe) {
    const std::int64_t n = std::min(stripe, count - done);
    if (with_relu) {
      NS_INDEPENDENT
      for (std::int64_t i = 0; i < n; ++i) {
        const float value = (x[i] - mean[i]) * scale[i] + beta[i];
        y[i] = value < 0.0f ? 0.0f : value;
      }
    } else {
      NS_INDEPENDENT
      for (std::int64_t i = 0; i < n; ++i) {
        y[i] = (x[i] - mean[i]) * scale[i] + beta[i];
      }
    }
  }
}

NS_MULTIVERSION void stripe_gradients(const float* __restrict x, const float* __restrict dy,
                                      std::int64_t count, std::int64_t stripe, const float* __restrict mean,
                                      const float* __restrict scale, const float* __restrict beta,
                                      bool with_relu, float* __restrict sum, float* __restrict product) {
  std::fill_n(sum, stripe, 0.0f);
  std::fill_n(product, stripe, 0.0f);
  for (std::int64_t done = 0; done < count; done += stripe, x += stripe, dy += stripe) {
    const std::int64_t n = std::min(stripe, count - done);
    if (with_relu) {
      for (std::int64_t i = 0; i < n; ++i) {
        const float centred = x[i] - mean[i];
        const float g = centred * scale[i] + beta[i] > 0.0f ? dy[i] : 0.0f;
        sum[i] += g;
        product[i] += g * centred;
      }
    } else {
      for (std::int64_t i = 0; i < n; ++i) {
        sum[i] += dy[i];
        product[i] += dy[i] * (x[i] - mean[i]);
      }
    }
  }
}

NS_MULTIVERSION void normalise_gradient(const float* x, const float* dy, std::int64_t count,
                                        std::int64_t stripe, const float* mean, const float* scale,
                                        const float* beta, const float* slope, const float* offset,
                                        bool with_relu, float* dx) {
  for (std::int64_t done = 0; done < count; done += stripe, x += stripe, dy += stripe, dx += stripe) {
    const std::int64_t n = std::min(stripe, count - done);
    if (with_relu) {
      NS_INDEPENDENT
      for (std::int64_t i = 0; i < n; ++i) {
        const float centred = x[i] - mean[i];
        const float g = centred * scale[i] + beta[i] > 0.0f ? dy[i] : 0.0f;
        dx[i] = g * scale[i] - (centred * slope[i] + offset[i]);
      }
    } else {
      NS_INDEPENDENT
      for (std::int64_t i = 0; i < n; ++i) {
        dx[i] = dy[i] * scale[i] - ((x[i] - mean[i]) * slope[i] + offset[i]);
      }
    }
  }
}

}  // namespace ns::nn
