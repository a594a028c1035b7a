#include <algorithm>
#include <array>
#include <optional>

#include "ns/base/bytes.h"
#include "ns/base/json.h"
#include "ns/base/mapped_file.h"
#include "ns/checkpoint/safetensors.h"

namespace ns::checkpoint {
namespace {

// As the reference implementation: a longer header is an attack, not a model.
constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;
constexpr std::uint64_t kPackedMagic = 0x0a1a0a0d4d534e89;  // the first bytes of an .nsm, docs/format/nsm.md
constexpr const char* kMetadata = "__metadata__";

struct Extent {
  std::string name;
  std::uint64_t begin, end;
};

DType parse_dtype(const std::string& text, const std::string& where) {
  for (int i = 0; i <= static_cast<int>(DType::kI8); ++i) {
    if (text == dtype_name(static_cast<DType>(i))) {
      return static_cast<DType>(i);
    }
  }
  throw input_error(where + ": unknown dtype \"" + text + "\", expected one of F64 I64 U64 F32 I32 U8 I8");
}

std::optional<std::uint64_t> byte_count(const std::vector<std::uint64_t>& shape, DType dtype) {
  std::uint64_t count = element_bytes(dtype);
  // An extent of zero makes the product zero whatever else is there, but no partial product may wrap.
  for (const std::uint64_t extent : shape) {
    if (extent > INT64_MAX || __builtin_mul_overflow(count, extent, &count)) {
      return std::nullopt;
    }
  }
  return count;
}

// Reads one entry of the header and copies its bytes.
Extent read_entry(const std::string& name, const Json& entry, std::span<const std::uint8_t> data,
                  const std::string& origin, Array& array) {
  const std::string where = origin + ": tensor \"" + name + "\"";
  Fields fields(entry, where);
  array.dtype = parse_dtype(fields.get<std::string>("dtype"), where);
  const auto shape = fields.get<std::vector<std::uint64_t>>("shape");
  const auto offsets = fields.get<std::vector<std::uint64_t>>("data_offsets");
  fields.finish();
  if (offsets.size() != 2 || offsets[0] > offsets[1]) {
    throw input_error(where + ": data_offsets must be [begin, end] with begin <= end");
  }
  const auto [begin, end] = std::array{offsets[0], offsets[1]};
  if (end > data.size()) {
    throw input_error(where + ": data_offsets end at " + std::to_string(end) + ", but the file holds " +
                      std::to_string(data.size()) + " data bytes");
  }
  const auto expected = byte_count(shape, array.dtype);
  array.shape.assign(shape.begin(), shape.end());
  if (!expected) {
    throw input_error(where + ": shape " + fields.find("shape")->dump() + " overflows");
  }
  if (*expected != end - begin) {
    throw input_error(where + ": shape " + to_string(array.shape) + " of " + dtype_name(array.dtype) +
                      " needs " + std::to_string(*expected) + " bytes, data_offsets hold " +
                      std::to_string(end - begin));
  }
  const auto bytes = data.subspan(begin, end - begin);
  array.bytes.assign(bytes.begin(), bytes.end());
  return {name, begin, end};
}

void require_seamless(std::vector<Extent> extents, std::uint64_t data_size, const std::string& origin) {
  std::sort(extents.begin(), extents.end(), [](const Extent& a, const Extent& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
  });
  std::uint64_t covered = 0;
  for (const Extent& extent : extents) {
    if (extent.begin != covered) {
      throw input_error(origin + ": tensor \"" + extent.name + "\" begins at data byte " +
                        std::to_string(extent.begin) +
                        (extent.begin < covered ? ", which overlaps" : ", which leaves a hole after") +
                        " the one before it that ends at " + std::to_string(covered));
    }
    covered = extent.end;
  }
  if (covered != data_size) {
    throw input_error(origin + ": the tensors end at data byte " + std::to_string(covered) +
                      ", but the file holds " + std::to_string(data_size) + " data bytes");
  }
}

}  // namespace

Archive parse_safetensors(std::span<const std::uint8_t> file, const std::string& origin) {
  ByteReader reader(file, origin);
  const auto header_bytes = reader.read<std::uint64_t>();
  if (header_bytes == kPackedMagic) {
    throw input_error(origin + ": is a packed model (.nsm), expected a checkpoint (.safetensors)");
  }
  if (!file.empty() && file[0] == '{' && header_bytes > kMaxHeaderBytes) {
    throw input_error(origin + ": is JSON text, expected a checkpoint (.safetensors)",
                      "ns-train makes one from a recipe");
  }
  if (header_bytes > kMaxHeaderBytes || header_bytes > reader.remaining()) {
    throw input_error(
        origin + ": header length " + std::to_string(header_bytes) + " goes beyond the " +
            (header_bytes > kMaxHeaderBytes ? "limit of " + std::to_string(kMaxHeaderBytes)
                                            : std::to_string(reader.remaining()) + " bytes that follow"),
        "the file is cut off, or in another format");
  }
  const auto header = reader.take(header_bytes);
  const auto data = file.subspan(reader.position());
  if (header.empty() || header[0] != '{') {
    throw input_error(origin + ": the header does not begin with {, this is not a safetensors file");
  }
  const Json json =
      parse_json({reinterpret_cast<const char*>(header.data()), header.size()}, origin + ": header");

  Archive archive;
  archive.origin = origin;
  std::vector<Extent> extents;
  for (const auto& [name, entry] : json.items()) {
    if (name == kMetadata) {
      Fields fields(entry, origin + ": " + kMetadata);
      for (const auto& [key, value] : entry.items()) {
        archive.metadata[key] = fields.get<std::string>(key);
      }
    } else {
      extents.push_back(read_entry(name, entry, data, origin, archive.arrays[name]));
    }
  }
  require_seamless(std::move(extents), data.size(), origin);
  return archive;
}

Archive read_safetensors(const std::string& path) {
  const MappedFile file(path);
  return parse_safetensors(file.bytes(), path);
}

}  // namespace ns::checkpoint
