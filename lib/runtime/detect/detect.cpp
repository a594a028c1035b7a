#include "nsrt/detect.h"

#include "anytime/exponential.h"
#include "detect/candidates.h"
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
  const std::int32_t w = (a.x1 < b.x1 ? a.x1 : b.x1) - (a.x0 > b.x0 ? a.x0 : b.x0);
  if (w <= 0) return false;
  const std::int32_t h = (a.y1 < b.y1 ? a.y1 : b.y1) - (a.y0 > b.y0 ? a.y0 : b.y0);
  if (h <= 0) return false;
  const auto shared = static_cast<std::uint32_t>(w * h);
  return std::uint64_t{shared} * NSRT_BOX_ONE > std::uint64_t{area(a) + area(b) - shared} * most;
}

/// Greedy non-maximum suppression within each class. Returns how many boxes stay.
std::uint32_t suppress(nsrt_detection* found, std::uint32_t count, std::uint32_t most_overlap) {
  // The boxes that stay are chained by class: `label` is the one before, until all are known.
  constexpr std::uint16_t kNone = UINT16_MAX;
  std::uint16_t latest[kMostClasses];
  for (std::uint16_t& one : latest) one = kNone;
  std::uint32_t kept = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    std::uint16_t& chain = latest[found[i].label];
    std::uint32_t k = chain;
    while (k != kNone && !overlap(found[k], found[i], most_overlap)) k = found[k].label;
    if (k != kNone) continue;
    found[kept] = found[i];
    found[kept].label = chain;
    chain = static_cast<std::uint16_t>(kept++);
  }
  for (std::uint16_t label = 0; label < kMostClasses; ++label) {
    for (std::uint16_t k = latest[label]; k != kNone;) {
      const std::uint16_t before = found[k].label;
      found[k].label = label;
      k = before;
    }
  }
  return kept;
}

/// e^−(difference of logits) of one scale, 2^16 for none.
class Weights {
 public:
  explicit Weights(std::uint32_t step) {
    for (std::uint32_t i = 0; i < 256; ++i) {
      const std::uint32_t x = i * step;
      of_[i] = exp_of_minus((x >> 12) + (x >> 11 & 1));
    }
  }
  std::uint32_t operator[](std::int32_t difference) const { return of_[difference]; }

  /// The most by which the background's logit may lead a class's that has the `least` score, up to `most`.
  std::int32_t lead(std::int32_t most, std::uint32_t least) const {
    for (; most >= -255; --most) {
      const std::uint32_t own = of_[most > 0 ? most : 0], background = of_[most > 0 ? 0 : -most];
      if ((own << 15) / (own + background) >= least) break;
    }
    return most;
  }

 private:
  std::uint32_t of_[256];
};

/// One scale's grid: its two tensors, scores first.
class Grid {
 public:
  Grid() = default;
  Grid(const NetworkView& net, const DetectorView& view, unsigned subnet, std::uint32_t scale,
       const std::int8_t* outputs, std::uint32_t first)
      : steps_(view.steps(subnet, scale)),
        sizes_(view.sizes_at(scale)),
        classes_(view.classes()),
        first_(first),
        outputs_(outputs) {
    const TensorView map = net.tensor(view.scores(scale));
    w_ = map.w;
    h_ = map.h;
    boxes_ = outputs + map.bytes;
    end_ = first + view.shapes(scale) * cells() * classes_;
  }

  const std::int8_t* end_of_outputs() const { return boxes_ + (end_ - first_) / classes_ * 4; }
  /// Numbers of this grid's candidates are below, those of the next one's are not.
  std::uint32_t end() const { return end_; }

  void find(Candidates& candidates) const {
    const Weights weights(steps_.score);
    const std::uint32_t cells = this->cells(), last = classes_ * cells;
    const std::int8_t* cell = outputs_;
    // Most boxes are seen to be background by two logits: up to this lead of its there may be a candidate.
    std::int32_t lead = weights.lead(255, candidates.least());
    for (std::uint32_t number = first_; number < end_; cell += last) {
      for (const std::int8_t* const row_end = cell + cells; cell != row_end; ++cell, number += classes_) {
        std::int32_t best = -128;
        std::uint32_t c = last;
        do {
          if (cell[c] > best) best = cell[c];
        } while ((c -= cells) != 0);
        if (*cell - best > lead) continue;
        const std::int32_t largest = *cell > best ? *cell : best;
        std::uint32_t sum = weights[largest - *cell];
        c = last;
        do {
          sum += weights[largest - cell[c]];
        } while ((c -= cells) != 0);
        // own·2^15 div sum ≥ least, without a division
        const auto least = static_cast<std::uint32_t>(
            (std::uint64_t{candidates.least()} * sum + NSRT_BOX_ONE - 1) / NSRT_BOX_ONE);
        if (weights[largest - best] < least) continue;
        for (std::uint32_t label = 0; label < classes_; ++label) {
          c += cells;
          const std::uint32_t own = weights[largest - cell[c]];
          if (own < least) continue;
          const std::uint32_t score = (own << 15) / sum;
          if (score >= candidates.least()) candidates.add(score, number + label);
        }
        lead = weights.lead(lead, candidates.least());
      }
    }
  }

  /// Decodes a candidate of this grid.
  nsrt_detection box(std::uint32_t number, std::uint16_t score, const Region& detc) const {
    const std::uint32_t label = (number - first_) % classes_, place = (number - first_) / classes_;
    const std::uint32_t shape = place / cells(), cell = place % cells(), size = sizes_ + 4 * shape;
    const std::int8_t* const box = boxes_ + 4 * shape * cells() + cell;
    const auto offset = [&](std::uint32_t i) {
      return std::int32_t{box[i * cells()]} - steps_.box_zero_point;
    };
    const Span x = decoded(cell % w_, w_, detc.u16(size), offset(0), offset(2), steps_.box);
    const Span y = decoded(cell / w_, h_, detc.u16(size + 2), offset(1), offset(3), steps_.box);
    return {x.from, y.from, x.to, y.to, static_cast<std::uint16_t>(label), score};
  }

 private:
  std::uint32_t cells() const { return w_ * h_; }

  DetectorSteps steps_;
  std::uint32_t sizes_, classes_, w_, h_;
  std::uint32_t first_, end_;  // number of the first candidate, of the next grid's
  const std::int8_t *outputs_, *boxes_;
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
  nsrt::Grid grids[nsrt::kMostScales];
  nsrt::Candidates candidates(found, detector.candidates, detector.least_score);
  std::uint32_t numbered = 0;
  for (std::uint32_t scale = 0; scale < detector.scales; ++scale) {
    grids[scale] = nsrt::Grid(net, view, subnet, scale, outputs, numbered);
    grids[scale].find(candidates);
    outputs = grids[scale].end_of_outputs();
    numbered = grids[scale].end();
  }
  candidates.sort();
  for (std::uint32_t i = 0; i < candidates.count(); ++i) {
    const std::uint32_t number = nsrt::Candidates::number(found[i]);
    const nsrt::Grid* grid = grids;
    while (number >= grid->end()) ++grid;
    found[i] = grid->box(number, found[i].score, detc);
  }
  *count = nsrt::suppress(found, candidates.count(), detector.most_overlap);
  return NSRT_OK;
}
