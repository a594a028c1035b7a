#include "ns/metrics/mean_average_precision.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

using namespace ns::metrics;
using ns::detect::Box;
using ns::detect::Detection;
using ns::detect::Truth;

namespace {

const Box kLeft{0.0f, 0.0f, 0.4f, 0.4f}, kRight{0.5f, 0.5f, 0.9f, 0.9f}, kNowhere{0.0f, 0.8f, 0.1f, 0.9f};

// Two objects in two images. Found, missed, found: precision 1, 1/2, 2/3 at recall 1/2, 1/2, 1.
const std::vector<Truth> kTruths{{0, 0, kLeft}, {1, 0, kRight}};
const std::vector<Detection> kDetections{{1, 0, 0.7f, kRight}, {0, 0, 0.9f, kLeft}, {1, 0, 0.8f, kLeft}};

double ap(const std::vector<Detection>& detections, const std::vector<Truth>& truths, Protocol protocol,
          double threshold = 0.5) {
  return average_precision(precision_recall(0, detections, truths, threshold, protocol), protocol);
}

}  // namespace

TEST_CASE("boxes overlap by intersection over union, and are clipped to a window") {
  using ns::detect::iou;
  CHECK(iou(kLeft, kLeft) == doctest::Approx(1.0));
  CHECK(iou(kLeft, kRight) == 0.0f);
  CHECK(iou({0, 0, 0.2f, 0.2f}, {0.1f, 0, 0.3f, 0.2f}) == doctest::Approx(1.0 / 3.0));
  CHECK(iou({0.2f, 0.2f, 0.1f, 0.1f}, {0, 0, 1, 1}) == 0.0f);  // inverted: no area
  CHECK(iou({0, 0, 0, 0}, {0, 0, 0, 0}) == 0.0f);
  CHECK(ns::detect::clipped({-0.5f, 0.25f, 0.5f, 2.0f}) == Box{0, 0.25f, 0.5f, 1});
  CHECK(ns::detect::clipped({2, 2, 3, 3}).area() == 0.0f);
}

TEST_CASE("the precision-recall curve goes by falling score") {
  const PrecisionRecall curve = precision_recall(0, kDetections, kTruths, 0.5, Protocol::kVoc);
  CHECK(curve.objects == 2);
  CHECK(curve.scores == std::vector<float>{0.9f, 0.8f, 0.7f});
  CHECK(curve.precision[1] == doctest::Approx(0.5));
  CHECK(curve.precision[2] == doctest::Approx(2.0 / 3.0));
  CHECK(curve.recall == std::vector<double>{0.5, 0.5, 1.0});
}

TEST_CASE("average precision of the three protocols, computed by hand") {
  CHECK(ap(kDetections, kTruths, Protocol::kVoc) == doctest::Approx(0.5 * 1 + 0.5 * 2 / 3));
  CHECK(ap(kDetections, kTruths, Protocol::kVoc11) == doctest::Approx((6 * 1 + 5 * 2.0 / 3) / 11));
  CHECK(ap(kDetections, kTruths, Protocol::kCoco) == doctest::Approx((51 * 1 + 50 * 2.0 / 3) / 101));
}

TEST_CASE("objects never found and classes without objects") {
  CHECK(ap({{0, 0, 0.9f, kLeft}}, kTruths, Protocol::kVoc) == doctest::Approx(0.5));
  CHECK(ap({}, kTruths, Protocol::kVoc) == 0.0);
  CHECK(std::isnan(ap(kDetections, {}, Protocol::kVoc)));
  const MeanAveragePrecision map = mean_average_precision(kDetections, kTruths, 2);
  CHECK(map.mean == doctest::Approx(5.0 / 6.0));
  CHECK(map.per_class[0] == doctest::Approx(5.0 / 6.0));
  CHECK(std::isnan(map.per_class[1]));
}

TEST_CASE("an object is found once, in its own image and by its own class") {
  CHECK(ap({{0, 0, 0.9f, kLeft}, {0, 0, 0.8f, kLeft}, {1, 0, 0.7f, kRight}}, kTruths, Protocol::kVoc) ==
        doctest::Approx(5.0 / 6.0));
  CHECK(ap({{1, 0, 0.9f, kLeft}, {0, 1, 0.9f, kLeft}}, kTruths, Protocol::kVoc) == 0.0);
}

TEST_CASE("difficult objects count neither when found nor when missed") {
  std::vector<Truth> truths = kTruths;
  truths.push_back({0, 0, kNowhere, true});
  for (const Protocol protocol : {Protocol::kVoc, Protocol::kVoc11, Protocol::kCoco}) {
    std::vector<Detection> detections = kDetections;
    CHECK(ap(detections, truths, protocol) == ap(detections, kTruths, protocol));
    detections.push_back({0, 0, 0.95f, kNowhere});
    detections.push_back({0, 0, 0.94f, kNowhere});
    CHECK(ap(detections, truths, protocol) == ap(kDetections, kTruths, protocol));
  }
}

TEST_CASE("where one detection overlaps two objects, VOC tries the nearest only and COCO the next one too") {
  const Box first{0, 0, 0.5f, 0.5f}, second{0.1f, 0, 0.6f, 0.5f};  // IoU 2/3
  const std::vector<Truth> truths{{0, 0, first}, {0, 0, second}};
  const std::vector<Detection> detections{{0, 0, 0.9f, first}, {0, 0, 0.8f, first}};
  CHECK(ap(detections, truths, Protocol::kVoc) == doctest::Approx(0.5));
  CHECK(ap(detections, truths, Protocol::kCoco) == doctest::Approx(1.0));
}

TEST_CASE("COCO's figure is the mean over ten thresholds") {
  const Box shifted{0.0f, 0.0f, 0.4f, 0.3f};  // IoU 3/4 with kLeft: found at 0.50 … 0.75, six of ten
  const std::vector<Detection> detections{{0, 0, 0.9f, shifted}};
  const std::vector<Truth> truths{{0, 0, kLeft}};
  CHECK(coco_mean_average_precision(detections, truths, 1).mean == doctest::Approx(0.6));
}

TEST_CASE("COCO counts at most 100 detections of an image") {
  std::vector<Detection> detections(100, {0, 0, 0.9f, kNowhere});
  detections.push_back({0, 0, 0.8f, kLeft});
  CHECK(ap(detections, kTruths, Protocol::kCoco) == 0.0);
  CHECK(ap(detections, kTruths, Protocol::kVoc) == doctest::Approx(0.5 / 101));
}
