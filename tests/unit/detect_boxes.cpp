// Default boxes, matching, box codes, suppression, decoding and the multi-box loss.
#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "ns/base/rng.h"
#include "ns/detect/box_codec.h"
#include "ns/detect/decode.h"
#include "ns/detect/default_boxes.h"
#include "ns/detect/matching.h"
#include "ns/detect/multi_box_loss.h"

using namespace ns::detect;

namespace {

const std::vector<Grid> kGrids{{1, 2, {{0.5f, 0.5f}, {0.25f, 0.5f}}}, {1, 1, {{1.0f, 1.0f}}}};

bool near(const Box& a, const Box& b) {
  return std::abs(a.x0 - b.x0) + std::abs(a.y0 - b.y0) + std::abs(a.x1 - b.x1) + std::abs(a.y1 - b.y1) <
         1e-5f;
}

}  // namespace

TEST_CASE("default boxes go by scale, row, column and size") {
  const std::vector<Box> boxes = default_boxes(kGrids);
  REQUIRE(boxes.size() == 5);
  CHECK(near(boxes[0], {0.0f, 0.25f, 0.5f, 0.75f}));
  CHECK(near(boxes[1], {0.125f, 0.25f, 0.375f, 0.75f}));
  CHECK(near(boxes[2], {0.5f, 0.25f, 1.0f, 0.75f}));
  CHECK(near(boxes[4], {0, 0, 1, 1}));
}

TEST_CASE("every object gets its best default box, and others above the threshold join") {
  const std::vector<Box> boxes = default_boxes(kGrids);
  // The first overlaps box 0 wholly and box 1 by half; the second no box by half, box 3 most.
  const std::vector<Truth> objects{{0, 0, {0.0f, 0.25f, 0.5f, 0.75f}}, {0, 1, {0.7f, 0.3f, 0.8f, 0.4f}}};
  CHECK(match(boxes, objects) == std::vector<int>{0, 0, -1, 1, -1});
  CHECK(match(boxes, objects, 0.6f) == std::vector<int>{0, -1, -1, 1, -1});
  CHECK(match(boxes, {}) == std::vector<int>{-1, -1, -1, -1, -1});
}

TEST_CASE("two objects in one place get a default box each") {
  const std::vector<Box> boxes = default_boxes(kGrids);
  const std::vector<Truth> objects{{0, 0, {0.0f, 0.25f, 0.5f, 0.75f}}, {0, 1, {0.01f, 0.25f, 0.5f, 0.75f}}};
  const std::vector<int> matched = match(boxes, objects);
  CHECK(matched[0] == 0);
  CHECK(matched[1] == 1);
}

TEST_CASE("box codes are inverse to decoding, and hold by hand") {
  const Box from{0.2f, 0.2f, 0.4f, 0.6f};
  const BoxCode code = encode({0.22f, 0.2f, 0.42f, 0.6f}, from);
  CHECK(code[0] == doctest::Approx(1.0));  // a tenth of the width
  CHECK(code[1] == doctest::Approx(0.0));
  CHECK(encode({0.1f, 0.2f, 0.5f, 0.6f}, from)[2] == doctest::Approx(std::log(2.0) / 0.2));
  const Box box{0.15f, 0.5f, 0.33f, 0.9f};
  CHECK(near(decode(encode(box, from), from), box));
  CHECK(std::isfinite(decode({0, 0, 1e9f, 1e9f}, from).area()));
}

TEST_CASE("suppression keeps the best of overlapping boxes of a class, and leaves other classes alone") {
  const Box a{0, 0, 0.4f, 0.4f}, b{0.02f, 0, 0.42f, 0.4f}, far{0.6f, 0.6f, 0.9f, 0.9f};
  const std::vector<Detection> kept =
      suppress({{0, 0, 0.6f, b}, {0, 0, 0.9f, a}, {0, 1, 0.5f, b}, {0, 0, 0.3f, far}}, 0.45f);
  CHECK(kept == std::vector<Detection>{{0, 0, 0.9f, a}, {0, 1, 0.5f, b}, {0, 0, 0.3f, far}});
}

TEST_CASE("decoding takes the softmax, leaves the background out and clips to the image") {
  const std::vector<Box> boxes{{-0.2f, 0.0f, 0.4f, 0.4f}, {0.5f, 0.5f, 0.9f, 0.9f}};
  const std::vector<float> scores{0, std::log(3.0f), 0, 20, 0, 0}, codes(8, 0.0f);
  const auto found = decode_image(scores, codes, boxes, 2, 7);
  REQUIRE(found.size() == 2);
  CHECK(found[0].label == 0);
  CHECK(found[0].image == 7);
  CHECK(found[0].score == doctest::Approx(0.6));
  CHECK(near(found[0].box, {0.0f, 0.0f, 0.4f, 0.4f}));
  CHECK(found[1].label == 1);
  CHECK(found[1].score == doctest::Approx(0.2));
  CHECK(decode_image(scores, codes, boxes, 2, 7, {.max_detections = 1}).size() == 1);
}

TEST_CASE("the multi-box loss by hand: one object, three hard negatives, smooth L1") {
  const std::vector<Box> boxes{{0, 0, 0.5f, 0.5f},
                               {0.5f, 0, 1, 0.5f},
                               {0, 0.5f, 0.5f, 1},
                               {0.5f, 0.5f, 1, 1},
                               {0.25f, 0.25f, 0.75f, 0.75f}};
  const std::vector<Truth> objects{{0, 0, boxes[0]}};
  const Targets targets = targets_of(boxes, objects);
  CHECK(targets.objects == 1);
  CHECK(targets.classes == std::vector<std::int32_t>{1, 0, 0, 0, 0});
  // Every box says 50:50, but box 3 is surely background: it is the negative that does not count.
  std::vector<double> scores(10, 0.0), codes(20, 0.0), scores_grad(10), codes_grad(20);
  scores[6] = 30;
  codes[0] = 0.5;
  codes[1] = -3;
  const double loss = multi_box_loss<double>(scores, codes, targets, 2.0, scores_grad, codes_grad);
  CHECK(loss == doctest::Approx(4 * std::log(2.0) + 0.125 + 2.5));
  CHECK(scores_grad[0] == doctest::Approx(2.0 * 0.5));
  CHECK(scores_grad[1] == doctest::Approx(-2.0 * 0.5));
  CHECK(scores_grad[6] == 0.0);
  CHECK(codes_grad[0] == doctest::Approx(2.0 * 0.5));
  CHECK(codes_grad[1] == doctest::Approx(-2.0));
}

TEST_CASE("the multi-box loss has the gradient of its central differences") {
  ns::Rng rng(5);
  const std::vector<Grid> grids{{4, 4, {{0.25f, 0.25f}, {0.4f, 0.2f}}}, {2, 2, {{0.5f, 0.5f}}}};
  const std::vector<Box> boxes = default_boxes(grids);
  const std::vector<Truth> objects{{0, 1, {0.1f, 0.1f, 0.37f, 0.33f}},
                                   {0, 0, {0.4f, 0.5f, 0.9f, 1.0f}},
                                   {0, 2, {0.7f, 0.1f, 0.95f, 0.3f}, true}};
  const Targets targets = targets_of(boxes, objects);
  CHECK(targets.objects >= 2);
  std::vector<double> scores(boxes.size() * 4), codes(boxes.size() * 4), unused(scores.size());
  for (double& value : scores) value = static_cast<double>(rng.normal());
  for (double& value : codes) value = 2 * static_cast<double>(rng.normal());
  std::vector<double> scores_grad(scores.size()), codes_grad(codes.size());
  const double factor = 0.7;
  multi_box_loss<double>(scores, codes, targets, factor, scores_grad, codes_grad);
  const auto check = [&](std::vector<double>& values, const std::vector<double>& gradient) {
    double worst = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double value = values[i], step = 1e-5;
      std::vector<double> other(scores.size());
      values[i] = value + step;
      const double above = multi_box_loss<double>(scores, codes, targets, 1.0, unused, other);
      values[i] = value - step;
      const double below = multi_box_loss<double>(scores, codes, targets, 1.0, unused, other);
      values[i] = value;
      worst = std::max(worst, std::abs(factor * (above - below) / (2 * step) - gradient[i]));
    }
    CHECK(worst < 1e-7);
  };
  check(scores, scores_grad);
  check(codes, codes_grad);
}
