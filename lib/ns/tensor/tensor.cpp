#include "ns/tensor/tensor.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <new>

#include "ns/base/error.h"

namespace ns {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kHugePage = std::size_t{1} << 21;

// Activations of a batch are megabytes that every pass streams through: with pages of 2 MiB the processor
// spends less on finding them (some percent of a training step). Only advice; small arrays stay on
// small pages.
float* allocate(std::size_t bytes) {
  const std::size_t alignment = bytes >= kHugePage ? kHugePage : kAlignment;
  void* memory = std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
  if (memory == nullptr) throw std::bad_alloc();
#ifdef MADV_HUGEPAGE
  if (bytes >= kHugePage) madvise(memory, bytes / kHugePage * kHugePage, MADV_HUGEPAGE);
#endif
  return static_cast<float*>(memory);
}

}  // namespace

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
  std::free(p);
}

Tensor::Tensor(Shape shape) : shape_(std::move(shape)), size_(element_count(shape_)) {
  if (size_ > 0) {
    data_.reset(allocate(static_cast<std::size_t>(size_) * sizeof(float)));
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
