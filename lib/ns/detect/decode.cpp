#include "ns/detect/decode.h"

#include <algorithm>
#include <cmath>

#include "ns/base/error.h"
#include "ns/detect/box_codec.h"

namespace ns::detect {
namespace {

void sort_by_score(std::vector<Detection>& detections) {
  std::ranges::stable_sort(detections, std::ranges::greater{}, &Detection::score);
}

void softmax(std::span<const float> scores, std::vector<float>& probabilities) {
  const float largest = *std::ranges::max_element(scores);
  float sum = 0;
  for (std::size_t c = 0; c < scores.size(); ++c) {
    probabilities[c] = std::exp(scores[c] - largest);
    sum += probabilities[c];
  }
  for (float& p : probabilities) p /= sum;
}

}  // namespace

std::vector<Detection> suppress(std::vector<Detection> candidates, float max_iou) {
  sort_by_score(candidates);
  std::vector<Detection> kept;
  for (const Detection& candidate : candidates) {
    const bool doubled = std::ranges::any_of(kept, [&](const Detection& better) {
      return better.label == candidate.label && iou(better.box, candidate.box) > max_iou;
    });
    if (!doubled) kept.push_back(candidate);
  }
  return kept;
}

std::vector<Detection> decode_image(std::span<const float> scores, std::span<const float> codes,
                                    std::span<const Box> default_boxes, int classes, int image,
                                    const DecodeOptions& options) {
  const std::size_t boxes = default_boxes.size(), columns = static_cast<std::size_t>(classes) + 1;
  if (scores.size() != boxes * columns || codes.size() != boxes * 4) {
    throw internal_error("a detector's outputs do not fit its default boxes");
  }
  std::vector<std::vector<Detection>> of_class(static_cast<std::size_t>(classes));
  std::vector<float> probabilities(columns);
  for (std::size_t d = 0; d < boxes; ++d) {
    softmax(scores.subspan(d * columns, columns), probabilities);
    if (1 - probabilities[0] < options.min_score) continue;
    const float* code = codes.data() + d * 4;
    const Box box = clipped(decode({code[0], code[1], code[2], code[3]}, default_boxes[d]));
    for (int label = 0; label < classes; ++label) {
      const float score = probabilities[static_cast<std::size_t>(label) + 1];
      if (score >= options.min_score && box.area() > 0) {
        of_class[static_cast<std::size_t>(label)].push_back({image, label, score, box});
      }
    }
  }
  std::vector<Detection> all;
  for (std::vector<Detection>& candidates : of_class) {
    sort_by_score(candidates);
    if (std::ssize(candidates) > options.max_candidates) {
      candidates.resize(static_cast<std::size_t>(options.max_candidates));
    }
    std::ranges::copy(suppress(std::move(candidates), options.max_iou), std::back_inserter(all));
  }
  sort_by_score(all);
  if (std::ssize(all) > options.max_detections) all.resize(static_cast<std::size_t>(options.max_detections));
  return all;
}

}  // namespace ns::detect
