#include "ns/deploy/packed_model.h"

#include <cstdio>

#include "model/view.h"
#include "ns/base/error.h"

namespace ns::deploy {
namespace {

// "section OPER at " for a fault behind the section table, which is trusted by then.
std::string place(std::span<const std::uint8_t> bytes, const nsrt_error& error) {
  const bool inside = error.status >= NSRT_BAD_SECTION_CRC && error.status <= NSRT_BAD_TEST;
  if (inside || error.status == NSRT_OLD_PLAN || error.status == NSRT_BAD_STAGES ||
      error.status == NSRT_BAD_DETECTOR) {
    const nsrt::Region file{bytes.data(), static_cast<std::uint32_t>(bytes.size()), 0};
    for (std::uint32_t i = 0; i < nsrt::section_count(file); ++i) {
      const nsrt::SectionEntry entry = nsrt::section_entry(file, i);
      if (error.offset >= entry.offset && error.offset - entry.offset < entry.bytes)
        return std::string("section ") + nsrt::kSectionNames[entry.type] + " at ";
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
    case NSRT_OLD_PLAN:
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
  nsrt_model_rule(&model_, &rule_);
  networks_.resize(model_.networks);
  detectors_.resize(model_.networks);
  for (unsigned i = 0; i < model_.networks; ++i) {
    if (nsrt_describe(&model_, i, &networks_[i]) != NSRT_OK)
      throw internal_error(path + ": valid but not describable");
    nsrt_describe_detector(&model_, i, &detectors_[i]);
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

const nsrt_detector* PackedModel::detector(unsigned network) const {
  return detectors_.at(network).scales == 0 ? nullptr : &detectors_[network];
}

std::size_t PackedModel::answer_bytes(unsigned index) const {
  const nsrt_detector* detects = detector(index);
  return network(index).output.bytes +
         (detects == nullptr ? 0 : sizeof(std::uint32_t) + detects->candidates * sizeof(nsrt_detection));
}

std::string_view PackedModel::metadata() const {
  const nsrt::Region meta = nsrt::metadata(nsrt::file_region(model_));
  return file_.text().substr(meta.file_offset, meta.size);
}

bool is_packed_model(const std::string& path) {
  return MappedFile(path).text().starts_with("\x89NSM") || path.ends_with(".nsm");
}

}  // namespace ns::deploy
