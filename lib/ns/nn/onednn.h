// Convolutions and inner products on oneDNN (API v2): the only door to that library. Private to this room.
#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "ns/nn/graph.h"

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
/// primitives per batch size is kept. Weights come and go in PyTorch's layout and live inside in the layout
/// oneDNN likes best.
class OnednnProduct {
 public:
  explicit OnednnProduct(const ProductGeometry& geometry);
  ~OnednnProduct();

  void forward(std::int64_t n, const float* x, const float* weights, const float* bias, float* y);
  /// With the weights of the last forward, which had the same n.
  void backward_data(std::int64_t n, const float* dy, float* dx);
  /// Overwrites dw and, with a bias, db.
  void backward_weights(std::int64_t n, const float* x, const float* dy, float* dw, float* db);

 private:
  struct Plan;
  Plan& plan(std::int64_t n);

  ProductGeometry geometry_;
  std::map<std::int64_t, std::unique_ptr<Plan>> plans_;
  const float* weights_ = nullptr;
};

}  // namespace ns::nn
