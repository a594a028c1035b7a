#include "ns/checkpoint/safetensors.h"

#include <array>

#include "ns/base/nearest.h"

namespace ns::checkpoint {
namespace {

template <class Map>
const typename Map::mapped_type& lookup(const Map& map, const std::string& name, const std::string& origin,
                                        const char* what) {
  const auto found = map.find(name);
  if (found != map.end()) {
    return found->second;
  }
  std::vector<std::string> names;
  for (const auto& entry : map) {
    names.push_back(entry.first);
  }
  throw input_error(origin + ": has no " + what + " \"" + name + "\"", nearest_hint(name, names));
}

}  // namespace

const char* dtype_name(DType dtype) {
  constexpr std::array kNames{"F64", "I64", "U64", "F32", "I32", "U8", "I8"};
  return kNames[static_cast<std::size_t>(dtype)];
}

std::size_t element_bytes(DType dtype) {
  constexpr std::array<std::size_t, 7> kBytes{8, 8, 8, 4, 4, 1, 1};
  return kBytes[static_cast<std::size_t>(dtype)];
}

Array make_array(const Tensor& tensor) {
  return make_array<float>(tensor.shape(), tensor.values());
}

const Array& Archive::array(const std::string& name) const {
  return lookup(arrays, name, origin, "tensor");
}

const std::string& Archive::meta(const std::string& key) const {
  return lookup(metadata, key, origin, "metadata key");
}

const Array& Archive::typed_array(const std::string& name, DType dtype) const {
  const Array& found = array(name);
  if (found.dtype != dtype) {
    throw input_error(origin + ": tensor \"" + name + "\": expected dtype " + dtype_name(dtype) + ", found " +
                      dtype_name(found.dtype));
  }
  return found;
}

Tensor Archive::tensor(const std::string& name) const {
  const Array& found = typed_array(name, DType::kF32);
  Tensor result(found.shape);
  if (!found.bytes.empty()) {
    std::memcpy(result.data(), found.bytes.data(), found.bytes.size());
  }
  return result;
}

}  // namespace ns::checkpoint
