#include "ns/nn/elementwise.h"

#include "ns/nn/vectorised.h"

namespace ns::nn {
namespace {

NS_MULTIVERSION void relu_span(const float* x, float* y, std::int64_t n) {
  NS_INDEPENDENT
  for (std::int64_t i = 0; i < n; ++i) {
    y[i] = x[i] < 0.0f ? 0.0f : x[i];  // keeps a NaN visible
  }
}

NS_MULTIVERSION void add_span(const float* a, const float* b, float* y, std::int64_t n) {
  NS_INDEPENDENT
  for (std::int64_t i = 0; i < n; ++i) {
    y[i] = a[i] + b[i];
  }
}

NS_MULTIVERSION void add_relu_span(const float* a, const float* b, float* y, std::int64_t n) {
  NS_INDEPENDENT
  for (std::int64_t i = 0; i < n; ++i) {
    const float sum = a[i] + b[i];
    y[i] = sum < 0.0f ? 0.0f : sum;
  }
}

NS_MULTIVERSION void multiply_span(const float* a, const float* b, float* y, std::int64_t n) {
  NS_INDEPENDENT
  for (std::int64_t i = 0; i < n; ++i) {
    y[i] = a[i] * b[i];
  }
}

NS_MULTIVERSION void where_positive_span(const float* y, const float* dy, float* dx, std::int64_t n) {
  NS_INDEPENDENT
  for (std::int64_t i = 0; i < n; ++i) {
    dx[i] = y[i] > 0.0f ? dy[i] : 0.0f;
  }
}

using Binary = void (*)(const float*, const float*, float*, std::int64_t);

void run(Binary span, const Tensor& a, const Tensor& b, Tensor& y) {
  parallel_chunks(y.size(), kElementsPerChunk, [&](std::int64_t, std::int64_t first, std::int64_t last) {
    span(a.data() + first, b.data() + first, y.data() + first, last - first);
  });
}

}  // namespace

void relu(const Tensor& x, Tensor& y) {
  parallel_chunks(y.size(), kElementsPerChunk, [&](std::int64_t, std::int64_t first, std::int64_t last) {
    relu_span(x.data() + first, y.data() + first, last - first);
  });
}

void add(const Tensor& a, const Tensor& b, Tensor& y) {
  run(add_span, a, b, y);
}
void add_relu(const Tensor& a, const Tensor& b, Tensor& y) {
  run(add_relu_span, a, b, y);
}
void multiply(const Tensor& a, const Tensor& b, Tensor& y) {
  run(multiply_span, a, b, y);
}

Gradient relu_gradient(const Tensor& y, Gradient gradient, GradientPool& pool) {
  Gradient result = gradient.use_count() == 1 ? gradient : pool.take(y.shape());
  run(where_positive_span, y, *gradient, *result);
  return result;
}

}  // namespace ns::nn
