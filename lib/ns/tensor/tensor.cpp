#include "ns/tensor/tensor.h"

#include <algorithm>
#include <new>

#include "ns/base/error.h"

namespace ns {
namespace {
constexpr std::align_val_t kAlignment{64};
}

std::int64_t element_count(const Shape& shape) {
  std::int64_t count = 1;
  for (const std::int64_t extent : shape) {
    if (extent < 0 || __builtin_mul_overflow(count, extent, &count)) {
      throw internal_error("shape " + to_string(shape) + " has no valid element count");
    }
  }
  return count;
}

std::string to_string(const Shape& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    text += (i ? ", " : "") + std::to_string(shape[i]);
  }
  return text + "]";
}

void Tensor::Free::operator()(float* p) const {
  ::operator delete[](p, kAlignment);
}

Tensor::Tensor(Shape shape) : shape_(std::move(shape)), size_(element_count(shape_)) {
  if (size_ > 0) {
    data_.reset(
        static_cast<float*>(::operator new[](static_cast<std::size_t>(size_) * sizeof(float), kAlignment)));
    fill(0.0f);
  }
}

Tensor::Tensor(const Tensor& other) : Tensor(other.shape_) {
  std::copy_n(other.data(), size_, data());
}

Tensor& Tensor::operator=(const Tensor& other) {
  if (this != &other) {
    if (size_ != other.size_) {
      *this = Tensor(other);
    } else {
      shape_ = other.shape_;
      std::copy_n(other.data(), size_, data());
    }
  }
  return *this;
}

void Tensor::fill(float value) {
  std::fill_n(data(), size_, value);
}

}  // namespace ns
