#include "ns/nn/batch_norm_kernels.h"

#include <algorithm>

#include "ns/nn/vectorised.h"

namespace ns::nn {
namespace {

/// A gradient behind a ReLU. By value, so that it is loaded whatever the ReLU says: a masked load is slower.
[[gnu::always_inline]] inline float through_relu(float before_relu, float gradient) {
  return before_relu > 0.0f ? gradient : 0.0f;
}

}  // namespace

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
  std::int64_t done = 0;
  // Four stripes at a time: a quarter of the traffic of the sums and the constants.
  for (; done + 4 * stripe <= count; done += 4 * stripe, x += 4 * stripe, dy += 4 * stripe) {
    if (with_relu) {
      for (std::int64_t i = 0; i < stripe; ++i) {
        const float a = x[i] - mean[i], b = x[i + stripe] - mean[i];
        const float c = x[i + 2 * stripe] - mean[i], d = x[i + 3 * stripe] - mean[i];
        const float da = through_relu(a * scale[i] + beta[i], dy[i]),
                    db = through_relu(b * scale[i] + beta[i], dy[i + stripe]),
                    dc = through_relu(c * scale[i] + beta[i], dy[i + 2 * stripe]),
                    dd = through_relu(d * scale[i] + beta[i], dy[i + 3 * stripe]);
        sum[i] += (da + db) + (dc + dd);
        product[i] += (da * a + db * b) + (dc * c + dd * d);
      }
    } else {
      for (std::int64_t i = 0; i < stripe; ++i) {
        const float da = dy[i], db = dy[i + stripe], dc = dy[i + 2 * stripe], dd = dy[i + 3 * stripe];
        sum[i] += (da + db) + (dc + dd);
        product[i] += (da * (x[i] - mean[i]) + db * (x[i + stripe] - mean[i])) +
                      (dc * (x[i + 2 * stripe] - mean[i]) + dd * (x[i + 3 * stripe] - mean[i]));
      }
    }
  }
  for (; done < count; done += stripe, x += stripe, dy += stripe) {
    const std::int64_t n = std::min(stripe, count - done);
    if (with_relu) {
      for (std::int64_t i = 0; i < n; ++i) {
        const float centred = x[i] - mean[i];
        const float g = through_relu(centred * scale[i] + beta[i], dy[i]);
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
        const float g = through_relu(centred * scale[i] + beta[i], dy[i]);
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
