#include "nsrt/detect.h"

#include "anytime/exponential.h"
#include "detect/detector_view.h"

namespace nsrt {
namespace {

constexpr std::int32_t kMostExponent = 4 * 256;  // in 2^−8: a box grows by at most e^4

struct Span {
  std::uint16_t from, to;
};

/// [centre − half, centre + half] clipped to the image, from 2^−16 to 2^−15.
Span clipped(std::int32_t centre, std::int32_t half) {
  const auto clip = [](std::int32_t edge) {
    const std::int32_t q15 = (edge + 1) >> 1;
    return static_cast<std::uint16_t>(q15 < 0                                         ? 0
                                      : q15 > static_cast<std::int32_t>(NSRT_BOX_ONE) ? NSRT_BOX_ONE
                                                                                      : q15);
  };
  return {clip(centre - half), clip(centre + half)};
}

/// One axis of a box: cell `index` of `cells`, the default box's extent, shift and growth as they are in the
/// tensor less its zero point.
Span decoded(std::uint32_t index, std::uint32_t cells, std::uint32_t extent, std::int32_t shift,
             std::int32_t growth, std::int32_t step) {
  const auto middle = static_cast<std::int32_t>(((2 * index + 1) << 15) / cells);  // in 2^−16
  const std::int64_t product = std::int64_t{shift * step} * static_cast<std::int32_t>(extent);
  const auto centre = middle + static_cast<std::int32_t>((product + (1 << 22)) >> 23);
  std::int32_t exponent = (growth * step + (1 << 14)) >> 15;  // twice the shift's factor, in 2^−8
  if (exponent > kMostExponent) exponent = kMostExponent;
  // Half of a width in 2^−16 is the width in 2^−15.
  const std::uint32_t width =
      exponent <= 0 ? (extent * exp_of_minus(static_cast<std::uint32_t>(-exponent)) + (1u << 15)) >> 16
                    : (extent << 16) / exp_of_minus(static_cast<std::uint32_t>(exponent));
  return clipped(centre, static_cast<std::int32_t>(width));
}

std::uint32_t area(const nsrt_detection& box) {
  return static_cast<std::uint32_t>(box.x1 - box.x0) * static_cast<std::uint32_t>(box.y1 - box.y0);
}

bool overlap(const nsrt_detection& a, const nsrt_detection& b, std::uint32_t most) {
  const nsrt_detection both{a.x0 > b.x0 ? a.x0 : b.x0,
                            a.y0 > b.y0 ? a.y0 : b.y0,
                            a.x1 < b.x1 ? a.x1 : b.x1,
                            a.y1 < b.y1 ? a.y1 : b.y1,
                            0,
                            0};
  if (both.x0 >= both.x1 || both.y0 >= both.y1) return false;
  const std::uint32_t shared = area(both);
  return std::uint64_t{shared} * NSRT_BOX_ONE > std::uint64_t{area(a) + area(b) - shared} * most;
}

/// The best candidates so far, by falling score, of equal ones the earlier first.
class Candidates {
 public:
  Candidates(nsrt_detection* found, std::uint32_t room) : found_(found), room_(room) {}

  /// Whether a candidate of this score, later than all so far, would be among the best.
  bool takes(std::uint32_t score) const { return count_ < room_ || found_[count_ - 1].score < score; }

  /// That takes() takes.
  void add(const nsrt_detection& candidate) {
    if (count_ == room_) --count_;
    std::uint32_t at = count_++;
    for (; at > 0 && found_[at - 1].score < candidate.score; --at) found_[at] = found_[at - 1];
    found_[at] = candidate;
  }

  /// Greedy non-maximum suppression within each class. Returns how many boxes stay.
  std::uint32_t suppress(std::uint32_t most_overlap) {
    std::uint32_t kept = 0;
    for (std::uint32_t i = 0; i < count_; ++i) {
      bool stays = true;
      for (std::uint32_t k = 0; k < kept && stays; ++k)
        stays = found_[k].label != found_[i].label || !overlap(found_[k], found_[i], most_overlap);
      if (stays) found_[kept++] = found_[i];
    }
    return kept;
  }

 private:
  nsrt_detection* found_;
  std::uint32_t room_, count_ = 0;
};

/// One scale's grid: its two tensors, scores first.
class Grid {
 public:
  Grid(const NetworkView& net, const DetectorView& view, unsigned subnet, std::uint32_t scale,
       const std::int8_t* scores)
      : map_(net.tensor(view.scores(scale))),
        steps_(view.steps(subnet, scale)),
        classes_(view.classes()),
        least_score_(view.least_score()),
        cells_(std::uint32_t{map_.h} * map_.w),
        scores_(scores),
        boxes_(scores + map_.bytes) {}

  /// Default boxes number `shape`, of width and height in 2^−15.
  void find(std::uint32_t shape, std::uint32_t width, std::uint32_t height, Candidates& candidates) const {
    const std::int8_t* const scores = scores_ + shape * (classes_ + 1) * cells_;
    const std::int8_t* const box = boxes_ + shape * 4 * cells_;
    for (std::uint32_t cell = 0; cell < cells_; ++cell) {
      std::int32_t best = scores[cell + cells_];
      for (std::uint32_t c = 2; c <= classes_; ++c)
        if (scores[cell + c * cells_] > best) best = scores[cell + c * cells_];
      const std::int32_t background = scores[cell];
      if (background > best && share(weight(background - best), kOne) < least_score_) continue;
      const std::int32_t largest = background > best ? background : best;
      std::uint32_t sum = 0;
      for (std::uint32_t c = 0; c <= classes_; ++c) sum += weight(largest - scores[cell + c * cells_]);
      for (std::uint32_t c = 1; c <= classes_; ++c) {
        const std::uint32_t own = weight(largest - scores[cell + c * cells_]);
        const std::uint32_t score = (own << 15) / sum;
        if (score < least_score_ || !candidates.takes(score)) continue;  // most boxes need not be decoded
        const auto number = [&](std::uint32_t i) {
          return std::int32_t{box[cell + i * cells_]} - steps_.box_zero_point;
        };
        const Span x = decoded(cell % map_.w, map_.w, width, number(0), number(2), steps_.box);
        const Span y = decoded(cell / map_.w, map_.h, height, number(1), number(3), steps_.box);
        candidates.add({x.from, y.from, x.to, y.to, static_cast<std::uint16_t>(c - 1),
                        static_cast<std::uint16_t>(score)});
      }
    }
  }

 private:
  /// e^−(difference of logits), 2^16 for none.
  std::uint32_t weight(std::int32_t difference) const {
    const std::uint32_t x = static_cast<std::uint32_t>(difference) * steps_.score;
    return exp_of_minus((x >> 12) + (x >> 11 & 1));
  }
  /// An upper bound of the probability of a class of this weight beside a background of `other`.
  static std::uint32_t share(std::uint32_t own, std::uint32_t other) { return (own << 15) / (own + other); }

  TensorView map_;
  DetectorSteps steps_;
  std::uint32_t classes_, least_score_, cells_;
  const std::int8_t *scores_, *boxes_;
};

}  // namespace
}  // namespace nsrt

extern "C" nsrt_status nsrt_detect(const nsrt_model* model, unsigned network, unsigned subnet,
                                   const int8_t* outputs, nsrt_detection* found, uint32_t* count) {
  nsrt_detector detector;
  const nsrt_status status = nsrt_describe_detector(model, network, &detector);
  if (status != NSRT_OK) return status;
  const nsrt::NetworkView net = nsrt::network_view(nsrt::file_region(*model), network);
  if (subnet < 1 || subnet > net.subnets() || outputs == nullptr || found == nullptr)
    return NSRT_BAD_ARGUMENT;
  const nsrt::Region& detc = net.section(nsrt::SectionType::kDetector);
  const nsrt::DetectorView view(detc);
  nsrt::Candidates candidates(found, detector.candidates);
  for (std::uint32_t scale = 0; scale < detector.scales; ++scale) {
    const nsrt::Grid grid(net, view, subnet, scale, outputs);
    const std::uint32_t sizes = view.sizes_at(scale);
    for (std::uint32_t shape = 0; shape < view.shapes(scale); ++shape)
      grid.find(shape, detc.u16(sizes + 4 * shape), detc.u16(sizes + 4 * shape + 2), candidates);
    outputs += net.tensor(view.scores(scale)).bytes + net.tensor(view.boxes(scale)).bytes;
  }
  *count = candidates.suppress(detector.most_overlap);
  return NSRT_OK;
}
