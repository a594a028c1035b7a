// Element-wise passes over whole tensors of equal size. Private to this room.
#pragma once

#include "ns/nn/layer.h"
#include "ns/tensor/tensor.h"

namespace ns::nn {

/// y = max(x, 0); y may be x.
void relu(const Tensor& x, Tensor& y);
/// y = a + b; y may be a or b.
void add(const Tensor& a, const Tensor& b, Tensor& y);
/// y = max(a + b, 0)
void add_relu(const Tensor& a, const Tensor& b, Tensor& y);
/// y = a * b
void multiply(const Tensor& a, const Tensor& b, Tensor& y);

/// The gradient where the ReLU's output y is positive, else 0; in place if the caller gives up the only
/// reference.
Gradient relu_gradient(const Tensor& y, Gradient gradient, GradientPool& pool);

}  // namespace ns::nn
