#include "detect/detector_view.h"
#include "model/check.h"
#include "nsrt/detect.h"

namespace nsrt {
namespace {

constexpr std::uint16_t kMostCandidates = 1024, kMostShapes = 64, kMostCells = 1024, kWholeScore = 32768;
constexpr std::uint32_t kMostScoreStep = (1u << 24) - 1, kMostBoxStep = (1u << 23) - 1;

bool between(std::uint32_t value, std::uint32_t low, std::uint32_t high) {
  return value >= low && value <= high;
}

// An int8 tensor that an operator writes.
bool is_map(const NetworkView& net, std::uint16_t tensor) {
  return tensor < net.tensors() && tensor != net.input() && net.tensor(tensor).type == TensorType::kInt8;
}

}  // namespace

Fault check_detector(const NetworkView& net) {
  const Region& detc = net.section(SectionType::kDetector);
  const DetectorView view(detc);
  const auto bad = [&](std::uint32_t at, std::uint32_t index = 0) {
    return fault(NSRT_BAD_DETECTOR, detc.file_offset + at, index);
  };
  // Even of a shorter section these bytes lie in the file: sections are padded to 32.
  const std::uint32_t scales = view.scales();
  if (!between(scales, 1, kMostScales) || detc.size < view.at(scales)) return bad(0);
  if (!between(view.classes(), 1, kMostClasses)) return bad(2);
  if (!between(view.candidates(), 1, kMostCandidates)) return bad(4);
  if (!between(view.least_score(), 1, kWholeScore)) return bad(6);
  if (view.most_overlap() > kWholeScore) return bad(8);
  if (!detc.zero(10, 22)) return bad(10);
  if (detc.size != view.steps_at(net.subnets() + 1u, 0)) return bad(0);
  bool writes_output = false;
  std::uint64_t bytes = 0;
  for (std::uint32_t i = 0; i < scales; ++i) {
    const std::uint16_t scores = view.scores(i), boxes = view.boxes(i), shapes = view.shapes(i);
    if (!between(shapes, 1, kMostShapes) || detc.u16(view.at(i) + 6) != 0) return bad(view.at(i) + 4, i);
    if (!is_map(net, scores)) return bad(view.at(i), i);
    if (!is_map(net, boxes)) return bad(view.at(i) + 2, i);
    const TensorView s = net.tensor(scores), b = net.tensor(boxes);
    if (s.c != shapes * (view.classes() + 1u) || s.h > kMostCells || s.w > kMostCells)
      return bad(view.at(i), i);
    if (b.c != shapes * 4u || b.h != s.h || b.w != s.w) return bad(view.at(i) + 2, i);
    writes_output = writes_output || scores == net.last() || boxes == net.last();
    bytes += std::uint64_t{s.bytes} + b.bytes;
    for (std::uint32_t place = view.sizes_at(i); place < view.sizes_at(i + 1); place += 2)
      if (!between(detc.u16(place), 1, kWholeScore)) return bad(place, i);
    for (unsigned k = 1; k <= net.subnets(); ++k) {
      const std::uint32_t place = view.steps_at(k, i);
      if (!between(detc.u32(place), 1, kMostScoreStep)) return bad(place, i);
      if (!between(detc.u32(place + 4), 1, kMostBoxStep)) return bad(place + 4, i);
      if (!detc.zero(place + 9, 3)) return bad(place + 9, i);
    }
  }
  if (!writes_output || bytes > UINT16_MAX) return bad(0);
  return kNoFault;
}

}  // namespace nsrt

extern "C" nsrt_status nsrt_describe_detector(const nsrt_model* model, unsigned network,
                                              nsrt_detector* detector) {
  if (network >= model->networks) return NSRT_BAD_ARGUMENT;
  const nsrt::NetworkView net = nsrt::network_view(nsrt::file_region(*model), network);
  const nsrt::Region& detc = net.section(nsrt::SectionType::kDetector);
  if (detc.size == 0) return NSRT_BAD_ARGUMENT;
  const nsrt::DetectorView view(detc);
  *detector = {view.scales(), view.classes(), view.candidates(), view.least_score(), view.most_overlap()};
  return NSRT_OK;
}
