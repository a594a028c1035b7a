#include "model/check.h"
#include "model/crc32.h"

namespace nsrt {
namespace {

constexpr std::uint8_t kMagic[8] = {0x89, 'N', 'S', 'M', '\r', '\n', 0x1A, '\n'};
constexpr unsigned kMaxSections = 256;
constexpr unsigned kMaxNetworks = 16;
constexpr unsigned kRequired =
    1u << static_cast<unsigned>(SectionType::kNetwork) | 1u << static_cast<unsigned>(SectionType::kTensors) |
    1u << static_cast<unsigned>(SectionType::kOperators) | 1u << static_cast<unsigned>(SectionType::kTest);

Fault check_header(const Region& file) {
  if (file.size < kHeaderBytes) return fault(NSRT_TRUNCATED, file.size);
  for (std::uint32_t i = 0; i < sizeof kMagic; ++i) {
    if (file.u8(i) != kMagic[i]) return fault(NSRT_BAD_MAGIC, i);
  }
  if (file.u16(8) != 1) return fault(NSRT_BAD_VERSION, 8);
  if (crc32(file.data, 60) != file.u32(60)) return fault(NSRT_BAD_HEADER, 60);
  if (file.u32(12) > file.size) return fault(NSRT_TRUNCATED, file.size);
  if (file.u32(12) < file.size) return fault(NSRT_BAD_HEADER, 12);
  if ((file.u32(16) & ~kKnownFeatures) != 0) return fault(NSRT_UNKNOWN_FEATURE, 16);
  const std::uint32_t sections = section_count(file);
  if (sections < 1 || sections > kMaxSections) return fault(NSRT_BAD_HEADER, 24);
  if (file.u16(26) < 1 || file.u16(26) > kMaxNetworks) return fault(NSRT_BAD_HEADER, 26);
  if (!file.zero(32, 24)) return fault(NSRT_BAD_HEADER, 32);
  return kNoFault;
}

// Where the sections have got to: the network of the last entry and which types it has.
struct Progress {
  std::uint32_t next_offset;  // below 2^32 + 32 by construction, checked against the file each time
  int network = -1;
  int last_type = -1;
  unsigned seen = kRequired;  // nothing is missing before the first network
  bool stages = false;        // the last section of all

  bool network_complete() const { return (seen & kRequired) == kRequired; }
};

// Type, network and order of one entry. An unknown type is -1 and never in order.
bool in_order(Progress& progress, const SectionEntry& entry, std::uint32_t index) {
  if (index == 0) return entry.type == static_cast<int>(SectionType::kMeta) && entry.network == kNoNetwork;
  if (progress.stages) return false;
  if (entry.type == static_cast<int>(SectionType::kStages)) {
    progress.stages = true;
    return progress.network >= 0 && progress.network_complete() && entry.network == kNoNetwork;
  }
  if (entry.type == static_cast<int>(SectionType::kNetwork)) {
    if (!progress.network_complete()) return false;
    ++progress.network;
    progress.seen = 0;
  } else if (progress.network < 0 || entry.type <= progress.last_type) {
    return false;
  }
  progress.last_type = entry.type;
  progress.seen |= 1u << static_cast<unsigned>(entry.type);
  return entry.network == progress.network;
}

Fault check_table(const Region& file) {
  const std::uint32_t sections = section_count(file);
  const std::uint32_t table_bytes = sections * kSectionEntryBytes;
  if (!file.contains(kHeaderBytes, table_bytes)) return fault(NSRT_BAD_SECTION_TABLE, 24);
  if (crc32(file.data + kHeaderBytes, table_bytes) != file.u32(56)) return fault(NSRT_BAD_SECTION_TABLE, 56);
  Progress progress{kHeaderBytes + table_bytes};
  bool sparse = false, detector = false;
  for (std::uint32_t i = 0; i < sections; ++i) {
    const std::uint32_t at = kHeaderBytes + i * kSectionEntryBytes;
    const SectionEntry entry = section_entry(file, i);
    if (!in_order(progress, entry, i)) return fault(NSRT_BAD_SECTION_TABLE, at, i);
    if (entry.offset != progress.next_offset) return fault(NSRT_BAD_SECTION_TABLE, at + 4, i);
    const std::uint64_t next = round_up(std::uint64_t{entry.offset} + entry.bytes, kSectionAlignment);
    if (entry.bytes == 0 || next > file.size) return fault(NSRT_BAD_SECTION_TABLE, at + 8, i);
    if (!file.zero(at + 18, 14)) return fault(NSRT_BAD_SECTION_TABLE, at + 18, i);
    progress.next_offset = static_cast<std::uint32_t>(next);
    sparse = sparse || entry.type == static_cast<int>(SectionType::kSparse);
    detector = detector || entry.type == static_cast<int>(SectionType::kDetector);
  }
  if (!progress.network_complete() || progress.network + 1 != file.u16(26)) {
    return fault(NSRT_BAD_SECTION_TABLE, 26, sections);
  }
  if (progress.next_offset != file.size) return fault(NSRT_BAD_SECTION_TABLE, 12, sections);
  if (sparse != ((file.u32(16) & kFeatureNestedSparse) != 0) ||
      detector != ((file.u32(16) & kFeatureDetector) != 0) ||
      progress.stages != ((file.u32(16) & kFeatureStages) != 0))
    return fault(NSRT_BAD_SECTION_TABLE, 16);
  return kNoFault;
}

Fault check_bytes(const Region& file) {
  const std::uint32_t sections = section_count(file);
  for (std::uint32_t i = 0; i < sections; ++i) {
    const SectionEntry entry = section_entry(file, i);
    const std::uint32_t end = entry.offset + entry.bytes;
    const auto next = static_cast<std::uint32_t>(round_up(end, kSectionAlignment));
    if (!file.zero(end, next - end)) return fault(NSRT_BAD_PADDING, end, i);
  }
  for (std::uint32_t i = 0; i < sections; ++i) {
    const SectionEntry entry = section_entry(file, i);
    if (crc32(file.data + entry.offset, entry.bytes) != entry.crc) {
      return fault(NSRT_BAD_SECTION_CRC, entry.offset, i);
    }
  }
  return kNoFault;
}

}  // namespace

Fault check_container(const Region& file) {
  Fault error = check_header(file);
  if (error == kNoFault) error = check_table(file);
  if (error == kNoFault) error = check_bytes(file);
  return error;
}

}  // namespace nsrt
