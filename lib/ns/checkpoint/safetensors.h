// Named arrays in a safetensors file (https://huggingface.co/docs/safetensors): 8-byte header length, JSON
// header, data.
#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "ns/base/atomic_file.h"
#include "ns/base/error.h"
#include "ns/tensor/tensor.h"

namespace ns::checkpoint {

enum class DType { kF64, kI64, kU64, kF32, kI32, kU8, kI8 };

/// "F32"
const char* dtype_name(DType dtype);
std::size_t element_bytes(DType dtype);

template <class T>
constexpr DType dtype_of() {
  if constexpr (std::is_same_v<T, double>) return DType::kF64;
  if constexpr (std::is_same_v<T, std::int64_t>) return DType::kI64;
  if constexpr (std::is_same_v<T, std::uint64_t>) return DType::kU64;
  if constexpr (std::is_same_v<T, float>) return DType::kF32;
  if constexpr (std::is_same_v<T, std::int32_t>) return DType::kI32;
  if constexpr (std::is_same_v<T, std::uint8_t>) return DType::kU8;
  if constexpr (std::is_same_v<T, std::int8_t>) return DType::kI8;
}

/// A dense row-major array of one of the types above, as little-endian bytes.
struct Array {
  DType dtype = DType::kF32;
  Shape shape;
  std::vector<std::uint8_t> bytes;

  bool operator==(const Array&) const = default;
};

/// Throws Error(kInternal) if the shape does not hold that many values.
template <class T>
Array make_array(Shape shape, std::span<const T> values) {
  if (static_cast<std::size_t>(element_count(shape)) != values.size()) {
    throw internal_error("shape " + to_string(shape) + " does not hold " + std::to_string(values.size()) +
                         " values");
  }
  Array array{dtype_of<T>(), std::move(shape), std::vector<std::uint8_t>(values.size_bytes())};
  if (!values.empty()) {
    std::memcpy(array.bytes.data(), values.data(), values.size_bytes());
  }
  return array;
}
Array make_array(const Tensor& tensor);

/// What one file holds. The lookups throw Error(kInput) naming the file, the name and the nearest name, or
/// the type found.
struct Archive {
  std::map<std::string, Array> arrays;
  std::map<std::string, std::string> metadata;
  std::string origin;  ///< path it was read from, for messages

  const Array& array(const std::string& name) const;
  /// The F32 array `name` as a tensor.
  Tensor tensor(const std::string& name) const;
  const std::string& meta(const std::string& key) const;

  template <class T>
  std::vector<T> values(const std::string& name) const {
    const Array& found = typed_array(name, dtype_of<T>());
    std::vector<T> result(found.bytes.size() / sizeof(T));
    if (!result.empty()) {
      std::memcpy(result.data(), found.bytes.data(), found.bytes.size());
    }
    return result;
  }

 private:
  const Array& typed_array(const std::string& name, DType dtype) const;
};

/// Trusts nothing: every deviation from the format is an Error(kInput) that names the file, the place, and
/// what was expected and found. Extents, offsets and sizes are checked before anything is allocated for them.
Archive read_safetensors(const std::string& path);
/// The same from memory; `origin` opens the messages.
Archive parse_safetensors(std::span<const std::uint8_t> file, const std::string& origin);

/// Equal archives give equal bytes: header keys sorted, data ordered by falling element size and then name
/// (which aligns every array without the holes that the format forbids), header padded with spaces so that
/// the data begins at a multiple of 8.
std::vector<std::uint8_t> safetensors_bytes(const Archive& archive);
void write_safetensors(const std::string& path, const Archive& archive, Overwrite overwrite);

}  // namespace ns::checkpoint
