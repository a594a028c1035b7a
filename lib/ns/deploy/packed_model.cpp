#include "ns/deploy/packed_model.h"

#include <cstdio>
#include <cstring>

#include "ns/base/error.h"

namespace ns::deploy {
namespace {

// Header and section table (docs/format/nsm.md); trusted only once the reader has accepted them.
constexpr std::size_t kHeaderBytes = 64, kEntryBytes = 32, kSectionCountAt = 24;

struct Section {
  char type[5] = {};
  std::uint32_t offset = 0, bytes = 0;
};

std::vector<Section> sections(std::span<const std::uint8_t> bytes) {
  std::uint16_t count = 0;
  std::memcpy(&count, bytes.data() + kSectionCountAt, sizeof count);
  std::vector<Section> found(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* entry = bytes.data() + kHeaderBytes + i * kEntryBytes;
    std::memcpy(found[i].type, entry, 4);
    std::memcpy(&found[i].offset, entry + 4, 4);
    std::memcpy(&found[i].bytes, entry + 8, 4);
  }
  return found;
}

std::string place(std::span<const std::uint8_t> bytes, const nsrt_error& error) {
  if (error.status >= NSRT_BAD_SECTION_CRC && error.status <= NSRT_BAD_TEST) {
    for (const Section& section : sections(bytes)) {
      if (error.offset >= section.offset && error.offset - section.offset < section.bytes) {
        return std::string("section ") + section.type + " at ";
      }
    }
  }
  return "at ";
}

const char* hint_for(nsrt_status status) {
  switch (status) {
    case NSRT_TRUNCATED:
      return "the copy may be incomplete: compare its size with the original";
    case NSRT_BAD_MAGIC:
      return "packed models are written by ns-pack and end in .nsm";
    case NSRT_BAD_VERSION:
    case NSRT_UNKNOWN_FEATURE:
      return "pack the checkpoint again with this version of ns-pack";
    default:
      return "the file is damaged or was not written by ns-pack: pack the checkpoint again";
  }
}

}  // namespace

std::string describe(const std::string& path, std::span<const std::uint8_t> bytes, const nsrt_error& error) {
  char where[48];
  std::snprintf(where, sizeof where, "0x%x: ", static_cast<unsigned>(error.offset));
  std::string text = path + ": " + place(bytes, error) + where + nsrt_status_text(error.status);
  if (error.index != 0) text += " (index " + std::to_string(error.index) + ")";
  return text;
}

PackedModel::PackedModel(const std::string& path) : file_(path) {
  if (file_.size() == 0) throw input_error(path + ": is empty", hint_for(NSRT_BAD_MAGIC));
  const nsrt_error error = nsrt_open(&model_, file_.bytes().data(), file_.size());
  if (error.status != NSRT_OK)
    throw input_error(describe(path, file_.bytes(), error), hint_for(error.status));
  networks_.resize(model_.networks);
  for (unsigned i = 0; i < model_.networks; ++i) {
    if (nsrt_describe(&model_, i, &networks_[i]) != NSRT_OK)
      throw internal_error(path + ": valid but not describable");
  }
}

const nsrt_network_info& PackedModel::network(unsigned index) const {
  if (index >= networks_.size()) {
    throw usage_error(path() + ": no network " + std::to_string(index) + ": it has " +
                      std::to_string(networks_.size()));
  }
  return networks_[index];
}

const nsrt_network_info& PackedModel::network(unsigned index, unsigned subnet) const {
  const nsrt_network_info& info = network(index);
  if (subnet < 1 || subnet > info.subnets) {
    throw usage_error(path() + ": no subnet " + std::to_string(subnet) + ": there are 1 to " +
                      std::to_string(info.subnets));
  }
  return info;
}

std::string_view PackedModel::metadata() const {
  const Section meta = sections(file_.bytes()).front();
  return file_.text().substr(meta.offset, meta.bytes);
}

}  // namespace ns::deploy
