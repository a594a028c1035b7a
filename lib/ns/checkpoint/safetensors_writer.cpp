#include <algorithm>

#include "ns/base/bytes.h"
#include "ns/base/json.h"
#include "ns/checkpoint/safetensors.h"

namespace ns::checkpoint {

std::vector<std::uint8_t> safetensors_bytes(const Archive& archive) {
  using Entry = std::pair<const std::string, Array>;
  std::vector<const Entry*> order;
  for (const Entry& entry : archive.arrays) {
    const auto& [name, array] = entry;
    if (static_cast<std::size_t>(element_count(array.shape)) * element_bytes(array.dtype) !=
        array.bytes.size()) {
      throw internal_error("tensor \"" + name + "\": shape " + to_string(array.shape) + " does not fit " +
                           std::to_string(array.bytes.size()) + " bytes");
    }
    order.push_back(&entry);
  }
  std::stable_sort(order.begin(), order.end(), [](const Entry* a, const Entry* b) {
    return element_bytes(a->second.dtype) > element_bytes(b->second.dtype);
  });

  Json header = Json::object();
  if (!archive.metadata.empty()) {
    header["__metadata__"] = archive.metadata;
  }
  std::uint64_t offset = 0;
  for (const Entry* entry : order) {
    const auto& [name, array] = *entry;
    const std::uint64_t end = offset + array.bytes.size();
    header[name] = {
        {"dtype", dtype_name(array.dtype)}, {"shape", array.shape}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = canonical_dump(header);
  text.append((8 - text.size() % 8) % 8, ' ');

  ByteWriter file;
  file.write<std::uint64_t>(text.size());
  file.append(text);
  for (const Entry* entry : order) {
    file.append(entry->second.bytes);
  }
  return file.bytes();
}

void write_safetensors(const std::string& path, const Archive& archive, Overwrite overwrite) {
  AtomicFile file(path, overwrite);
  file.write(safetensors_bytes(archive));
  file.commit();
}

}  // namespace ns::checkpoint
