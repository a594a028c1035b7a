// A packed model on the host: mapped, validated, described.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ns/base/mapped_file.h"
#include "nsrt/anytime.h"
#include "nsrt/detect.h"
#include "nsrt/nsrt.h"

namespace ns::deploy {

class PackedModel {
 public:
  /// Maps and validates a .nsm file. Throws Error(kInput) if it is missing or not valid: path, section,
  /// offset, and what is wrong there.
  explicit PackedModel(const std::string& path);

  const std::string& path() const { return file_.path(); }
  std::size_t bytes() const { return file_.size(); }
  const nsrt_model& model() const { return model_; }
  unsigned networks() const { return model_.networks; }
  /// Throws Error(kUsage) for a network or subnet (1…N) that is not in the file.
  const nsrt_network_info& network(unsigned index) const;
  const nsrt_network_info& network(unsigned index, unsigned subnet) const;
  /// Of a detector; else null.
  const nsrt_detector* detector(unsigned network) const;
  /// What engines give per image: the output, of a detector followed by the number of its detections (u32)
  /// and these, zero-filled to its candidates.
  std::size_t answer_bytes(unsigned network) const;
  /// Of a cooperative model: its stages and stopping rule; else null.
  const nsrt_rule* rule() const { return rule_.stages == nullptr ? nullptr : &rule_; }
  /// The META section, canonical JSON.
  std::string_view metadata() const;

 private:
  MappedFile file_;
  nsrt_model model_{};
  nsrt_rule rule_{};
  std::vector<nsrt_network_info> networks_;
  std::vector<nsrt_detector> detectors_;  ///< by network; no scales where it is none
};

/// Whether the file begins like a packed model or is called .nsm: not whether it is sound. Throws what
/// MappedFile does.
bool is_packed_model(const std::string& path);

/// "model.nsm: section WNCS at 0x400: … (index 17)" for an error of nsrt_open on these bytes.
std::string describe(const std::string& path, std::span<const std::uint8_t> bytes, const nsrt_error& error);

}  // namespace ns::deploy
