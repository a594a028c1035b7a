// Dense row-major tensors. Activations are NHWC float32; convolution weights are OIHW as in PyTorch.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace ns {

/// Extents, outermost first. An empty shape is a scalar of one element.
using Shape = std::vector<std::int64_t>;

/// Product of the extents; 1 for a scalar. Throws Error(kInternal) on a negative extent or overflow.
std::int64_t element_count(const Shape& shape);

/// "[128, 16, 16, 32]"
std::string to_string(const Shape& shape);

/// A float32 array of a fixed shape, 64-byte aligned for vector units and oneDNN. Copying copies the
/// elements.
class Tensor {
 public:
  Tensor() = default;
  /// Zero-filled.
  explicit Tensor(Shape shape);
  Tensor(const Tensor& other);
  Tensor& operator=(const Tensor& other);
  Tensor(Tensor&&) noexcept = default;
  Tensor& operator=(Tensor&&) noexcept = default;

  const Shape& shape() const { return shape_; }
  std::int64_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  float* data() { return data_.get(); }
  const float* data() const { return data_.get(); }
  std::span<float> values() { return {data_.get(), static_cast<std::size_t>(size_)}; }
  std::span<const float> values() const { return {data_.get(), static_cast<std::size_t>(size_)}; }
  float& operator[](std::int64_t i) { return data_.get()[i]; }
  float operator[](std::int64_t i) const { return data_.get()[i]; }

  void fill(float value);

 private:
  struct Free {
    void operator()(float* p) const;
  };
  Shape shape_;
  std::int64_t size_ = 0;
  std::unique_ptr<float[], Free> data_;
};

}  // namespace ns
