// Convolutions and inner products on oneDNN (API v2): the only door to that library. Private to this room.
#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "ns/nn/graph.h"
#include "ns/nn/network.h"

namespace ns::nn {

struct ProductGeometry {
  ImageShape in, out;
  int groups = 1;
  std::array<int, 2> kernel{1, 1}, stride{1, 1};
  Padding padding;
  bool has_bias = false;
  bool inner = false;  ///< an inner product over the whole input instead of a convolution
};

/// y = W * x + b and its two gradients. Activations are NHWC float32 of any batch size n; one set of
/// primitives per batch size and precision is kept. Weights come and go in PyTorch's layout and live inside
/// in the layout oneDNN likes best. In bfloat16, x, W and dy are rounded on their way in; sums, outputs and
/// gradients are float32.
class OnednnProduct {
 public:
  explicit OnednnProduct(const ProductGeometry& geometry);
  ~OnednnProduct();

  void forward(std::int64_t n, const float* x, const float* weights, const float* bias, float* y,
               Precision precision);
  /// Of the last forward, whose x and weights are still there. Overwrites dw, with a bias db, and dx if it is
  /// not null.
  void backward(const float* x, const float* dy, float* dw, float* db, float* dx);

 private:
  struct Plan;
  Plan& plan(std::int64_t n, Precision precision);

  ProductGeometry geometry_;
  std::map<std::pair<std::int64_t, Precision>, std::unique_ptr<Plan>> plans_;
  Plan* last_ = nullptr;
  const float* weights_ = nullptr;
};

}  // namespace ns::nn
