// Boxes from a detector's outputs: the integers of lib/runtime/detect against plain double precision.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

#include "nsrt/detect.h"
#include "support/sample_models.h"

namespace {

struct alignas(16) Line {
  std::uint8_t bytes[16];
};

/// A packed detector in memory.
struct Packed {
  explicit Packed(ns::pack::NetworkDescription of) : description(std::move(of)) {
    const auto bytes = ns::pack::pack_model({description}, sample::provenance()).bytes;
    file.resize(bytes.size() / sizeof(Line) + 1);
    std::memcpy(file.data(), bytes.data(), bytes.size());
    REQUIRE(nsrt_open(&model, file.data(), bytes.size()).status == NSRT_OK);
    REQUIRE(nsrt_describe_detector(&model, 0, &info) == NSRT_OK);
  }
  std::vector<nsrt_detection> detect(const std::vector<std::int8_t>& outputs, unsigned subnet = 1) const {
    std::vector<nsrt_detection> found(info.candidates);
    std::uint32_t count = 0;
    REQUIRE(nsrt_detect(&model, 0, subnet, outputs.data(), found.data(), &count) == NSRT_OK);
    found.resize(count);
    return found;
  }
  std::size_t output_bytes() const {
    nsrt_network_info network;
    REQUIRE(nsrt_describe(&model, 0, &network) == NSRT_OK);
    CHECK(network.output.c == network.output.bytes);
    return network.output.bytes;
  }
  ns::pack::NetworkDescription description;
  std::vector<Line> file;
  nsrt_model model{};
  nsrt_detector info{};
};

struct Reference {
  double x0, y0, x1, y1, score;
  int label;
};

double overlap(const Reference& a, const Reference& b) {
  const double w = std::min(a.x1, b.x1) - std::max(a.x0, b.x0),
               h = std::min(a.y1, b.y1) - std::max(a.y0, b.y0);
  if (w <= 0 || h <= 0) return 0;
  return w * h / ((a.x1 - a.x0) * (a.y1 - a.y0) + (b.x1 - b.x0) * (b.y1 - b.y0) - w * h);
}

/// SSD's definitions, by docs/format/graph.md.
std::vector<Reference> candidates_of(const ns::quant::QuantisedNetwork& network, std::size_t subnet,
                                     const std::vector<std::int8_t>& outputs) {
  std::vector<Reference> found;
  const std::int8_t* at = outputs.data();
  for (const auto& scale : network.detector.scales) {
    const auto& map = network.tensors[static_cast<std::size_t>(scale.scores)];
    const int cells = map.h * map.w, classes = network.detector.classes;
    const auto real = [&](int tensor, const std::int8_t* values, int channel, int cell) {
      const auto t = static_cast<std::size_t>(tensor);
      return network.tensor_scales[subnet - 1][t] *
             (values[channel * cells + cell] - network.tensor_zero_points[subnet - 1][t]);
    };
    const std::int8_t* const boxes = at + map.count();
    for (int a = 0; a < static_cast<int>(scale.sizes.size()); ++a) {
      for (int cell = 0; cell < cells; ++cell) {
        double sum = 0;
        for (int c = 0; c <= classes; ++c)
          sum += std::exp(real(scale.scores, at, a * (classes + 1) + c, cell));
        const auto [pw, ph] = scale.sizes[static_cast<std::size_t>(a)];
        const auto offset = [&](int i) { return real(scale.boxes, boxes, 4 * a + i, cell); };
        const double cx = (cell % map.w + 0.5) / map.w + 0.1 * offset(0) * pw;
        const double cy = (cell / map.w + 0.5) / map.h + 0.1 * offset(1) * ph;
        const double w = pw * std::exp(0.2 * offset(2)), h = ph * std::exp(0.2 * offset(3));
        for (int c = 1; c <= classes; ++c) {
          const double score = std::exp(real(scale.scores, at, a * (classes + 1) + c, cell)) / sum;
          if (score >= network.detector.least_score)
            found.push_back({std::clamp(cx - w / 2, 0.0, 1.0), std::clamp(cy - h / 2, 0.0, 1.0),
                             std::clamp(cx + w / 2, 0.0, 1.0), std::clamp(cy + h / 2, 0.0, 1.0), score,
                             c - 1});
        }
      }
    }
    at = boxes + network.tensors[static_cast<std::size_t>(scale.boxes)].count();
  }
  return found;
}

std::vector<Reference> suppressed(std::vector<Reference> found, const ns::quant::Detector& detector) {
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.score > b.score; });
  if (found.size() > static_cast<std::size_t>(detector.candidates))
    found.resize(static_cast<std::size_t>(detector.candidates));
  std::vector<Reference> kept;
  for (const Reference& one : found)
    if (std::none_of(kept.begin(), kept.end(), [&](const Reference& other) {
          return other.label == one.label && overlap(other, one) > detector.most_overlap;
        }))
      kept.push_back(one);
  return kept;
}

constexpr double kOne = NSRT_BOX_ONE;

/// The sample with other bounds, and one scale for all its outputs.
ns::pack::NetworkDescription detector(int candidates, double output_scale, double most_overlap) {
  ns::pack::NetworkDescription description = sample::detector_network();
  description.network.detector.candidates = candidates;
  description.network.detector.most_overlap = most_overlap;
  for (auto& scales : description.network.tensor_scales)
    for (double& scale : scales) scale = output_scale;
  return description;
}

}  // namespace

TEST_CASE("every candidate is where double precision puts it, with its score") {
  constexpr double kAllStay = 1;
  const Packed packed(detector(1024, 0.06, kAllStay));
  std::mt19937 rng(5);
  std::vector<std::int8_t> outputs(packed.output_bytes());
  for (int round = 0; round < 4; ++round) {
    for (auto& value : outputs) value = static_cast<std::int8_t>(rng() % 256);
    auto expected = candidates_of(packed.description.network, 2, outputs);
    const auto found = packed.detect(outputs, 2);
    CHECK(found.size() > 200);
    CHECK(std::abs(static_cast<int>(found.size()) - static_cast<int>(expected.size())) <= 2);
    std::size_t near = 0;
    for (const nsrt_detection& d : found) {
      // The widest extents are 0.7·e^(0.2·255·0.06) and rounded by 1/512 in the exponent.
      near += std::any_of(expected.begin(), expected.end(), [&](const Reference& r) {
        return r.label == d.label && std::abs(r.score - d.score / kOne) < 2e-3 &&
               std::abs(r.x0 - d.x0 / kOne) < 4e-3 && std::abs(r.y0 - d.y0 / kOne) < 4e-3 &&
               std::abs(r.x1 - d.x1 / kOne) < 4e-3 && std::abs(r.y1 - d.y1 / kOne) < 4e-3;
      });
    }
    CHECK(near == found.size());
    CHECK(std::is_sorted(found.begin(), found.end(),
                         [](const auto& a, const auto& b) { return a.score > b.score; }));
  }
}

TEST_CASE("suppression keeps what double precision keeps but for near ties") {
  const Packed packed(detector(60, 0.05, sample::detector_network().network.detector.most_overlap));
  std::mt19937 rng(7);
  std::vector<std::int8_t> outputs(packed.output_bytes());
  std::size_t found = 0, expected = 0, same = 0;
  for (int round = 0; round < 30; ++round) {
    for (auto& value : outputs) value = static_cast<std::int8_t>(rng() % 256);
    const auto boxes = packed.detect(outputs);
    const auto reference = suppressed(candidates_of(packed.description.network, 1, outputs),
                                      packed.description.network.detector);
    found += boxes.size();
    expected += reference.size();
    for (const nsrt_detection& d : boxes)
      same += std::any_of(reference.begin(), reference.end(), [&](const Reference& r) {
        return r.label == d.label && std::abs(r.score - d.score / kOne) < 2e-3 &&
               std::abs(r.x0 - d.x0 / kOne) < 4e-3 && std::abs(r.y1 - d.y1 / kOne) < 4e-3;
      });
  }
  CHECK(found < 30 * 60);
  CHECK(found > 300);
  CHECK(static_cast<double>(same) >= 0.98 * static_cast<double>(std::max(found, expected)));
}

TEST_CASE("of equal candidates the earlier ones are kept, in their order") {
  constexpr int kCandidates = 90, kColumns = 10, kCells = 9 * kColumns, kBetter = 57;
  const Packed packed(detector(kCandidates, 0.05, 1));
  std::vector<std::int8_t> outputs(packed.output_bytes(), -128);
  outputs[2 * kCells + kBetter] = -127;  // of the first default box the second class
  const auto found = packed.detect(outputs);
  REQUIRE(found.size() == kCandidates);
  CHECK(found[0].label == 1);
  CHECK(found[0].score > found[1].score);
  int inside = 0;
  for (int i = 1; i < kCandidates; ++i) {
    const nsrt_detection& box = found[static_cast<std::size_t>(i)];
    CHECK(box.label == (i - 1) % 2);
    CHECK(box.score == found[1].score);
    if (box.x0 == 0 || box.x1 == NSRT_BOX_ONE || box.y0 == 0) continue;
    ++inside;
    const int cell = (i - 1) / 2;  // of the first default box
    CHECK((box.x0 + box.x1) / (2 * kOne) ==
          doctest::Approx((cell % kColumns + 0.5) / kColumns).epsilon(1e-3));
    CHECK((box.y0 + box.y1) / (2 * kOne) == doctest::Approx((cell / kColumns + 0.5) / 9).epsilon(1e-3));
  }
  CHECK(inside > 20);
}

TEST_CASE("a background that is sure of itself leaves nothing, and one sure cell leaves one box") {
  const Packed packed(sample::detector_network());
  const auto& network = packed.description.network;
  CHECK(packed.info.scales == 2);
  CHECK(packed.info.classes == 2);
  CHECK(packed.info.candidates == 400);
  CHECK(packed.info.least_score == std::lround(0.01 * kOne));
  CHECK(packed.info.most_overlap == std::lround(0.45 * kOne));
  std::vector<std::int8_t> outputs(packed.output_bytes(), -128);
  const int cells = 9 * 10;
  for (int a = 0; a < 2; ++a) std::fill_n(outputs.begin() + a * 3 * cells, cells, std::int8_t{127});
  const auto coarse = static_cast<std::size_t>(6 * cells + 8 * cells);
  std::fill_n(outputs.begin() + static_cast<std::ptrdiff_t>(coarse), 5 * 5, std::int8_t{127});
  // 0.02·255 = 5.1 above: e^−5.1 = 0.6 %.
  CHECK(packed.detect(outputs).empty());
  const std::size_t cell = 4 * 10 + 3;
  outputs[3 * cells + cell] = -128;
  outputs[5 * cells + cell] = 127;  // class 1 of default box 1
  const auto found = packed.detect(outputs);
  REQUIRE(found.size() == 1);
  CHECK(found[0].label == 1);
  CHECK(found[0].score / kOne == doctest::Approx(1 / (1 + 2 * std::exp(-5.1))).epsilon(1e-3));
  // Offsets are all at their zero point: the default box itself.
  CHECK(network.tensor_zero_points[0][static_cast<std::size_t>(network.detector.scales[0].boxes)] == -128);
  CHECK(found[0].x0 / kOne == doctest::Approx(0.35 - 0.2).epsilon(1e-3));
  CHECK(found[0].x1 / kOne == doctest::Approx(0.35 + 0.2).epsilon(1e-3));
  CHECK(found[0].y0 / kOne == doctest::Approx(0.5 - 0.125).epsilon(1e-3));
  CHECK(found[0].y1 / kOne == doctest::Approx(0.5 + 0.125).epsilon(1e-3));
}

TEST_CASE("what is no detector has no boxes") {
  const auto bytes = ns::pack::pack_model({sample::nested_network()}, sample::provenance()).bytes;
  std::vector<Line> file(bytes.size() / sizeof(Line) + 1);
  std::memcpy(file.data(), bytes.data(), bytes.size());
  nsrt_model model;
  REQUIRE(nsrt_open(&model, file.data(), bytes.size()).status == NSRT_OK);
  nsrt_detector detector;
  CHECK(nsrt_describe_detector(&model, 0, &detector) == NSRT_BAD_ARGUMENT);
  CHECK(nsrt_describe_detector(&model, 1, &detector) == NSRT_BAD_ARGUMENT);
  const std::vector<std::int8_t> outputs(100);
  nsrt_detection found;
  std::uint32_t count;
  CHECK(nsrt_detect(&model, 0, 1, outputs.data(), &found, &count) == NSRT_BAD_ARGUMENT);
  const Packed packed(sample::detector_network());
  CHECK(nsrt_detect(&packed.model, 0, 3, outputs.data(), &found, &count) == NSRT_BAD_ARGUMENT);
  CHECK(nsrt_detect(&packed.model, 0, 1, nullptr, &found, &count) == NSRT_BAD_ARGUMENT);
}
