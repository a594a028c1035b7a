#pragma once

#include <cstdint>
#include <span>

#include "ns/tensor/image_shape.h"

namespace ns::anytime {

/// What gives class scores to images: a float checkpoint or a packed model, with any number of subnets.
class Classifier {
 public:
  virtual ~Classifier() = default;
  virtual std::size_t classes() const = 0;
  virtual int subnets() const = 0;  ///< 1 … N, N the densest; 1 for a dense model
  /// Multiply-accumulates of one image on the weights of subnet k.
  virtual double macs(int subnet) const = 0;
  /// Images that are worth one call.
  virtual std::size_t batch() const = 0;
  /// Logits [n, classes] of subnet k for n images [n, h, w, c]. An image's logits do not depend on the others
  /// of its call beyond float rounding.
  virtual void run(int subnet, std::span<const std::uint8_t> images, std::span<float> logits) = 0;
};

}  // namespace ns::anytime
