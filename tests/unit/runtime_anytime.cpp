// The runtime's anytime rules: integers against double precision, and one call against its parts.
#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "anytime/exponential.h"
#include "expect_error.h"
#include "ns/augment/view.h"
#include "ns/deploy/host_engine.h"
#include "ns/deploy/packed_rule.h"
#include "support/sample_models.h"
#include "temp_folder.h"

TEST_CASE("The integer exponential and logarithm are within their documented errors everywhere") {
  for (std::uint32_t x = 0; x < 4000; ++x) {
    const double exact = 65536 * std::exp(-(x / 256.0));
    CHECK(std::abs(nsrt::exp_of_minus(x) - exact) <= 2.0);
  }
  CHECK(nsrt::exp_of_minus(0) == 65536);
  CHECK(nsrt::exp_of_minus(0xffffffff) == 0);
  std::uint32_t before = 0;
  for (std::uint64_t x = 1; x < 0x100000000; x += 1 + x / 700) {
    const std::uint32_t found = nsrt::ln(static_cast<std::uint32_t>(x));
    CHECK(std::abs(found - 65536 * std::log(static_cast<double>(x))) <= 16.0);
    CHECK(found >= before);
    before = found;
  }
}

TEST_CASE("A view of planar bytes is the view of the image") {
  const ns::ImageShape shape{5, 6, 2};
  std::vector<std::uint8_t> image(60), seen(60);
  for (std::size_t i = 0; i < image.size(); ++i) image[i] = static_cast<std::uint8_t>(37 * i + 11);
  const auto planar = [&](const std::vector<std::uint8_t>& bytes) {
    std::vector<std::int8_t> result;
    for (std::size_t k = 0; k < 2; ++k) {
      for (std::size_t i = k; i < bytes.size(); i += 2)
        result.push_back(static_cast<std::int8_t>(bytes[i] - 128));
    }
    return result;
  };
  for (const char* text : {"identity", "flip", "shift:2,-3", "shift:-4,5+flip", "flip+shift:1,2"}) {
    const ns::augment::View view = ns::augment::parse_view(text, shape, "test");
    view.apply(image, shape, 100, seen);
    const auto place = *view.placement();
    std::vector<std::int8_t> found(60);
    nsrt_apply_view(planar(image).data(), 5, 6, 2,
                    {static_cast<std::int16_t>(place.dy), static_cast<std::int16_t>(place.dx),
                     static_cast<std::uint16_t>(place.flip)},
                    -28, found.data());
    CHECK(found == planar(seen));
  }
}

TEST_CASE("A rule stops at its threshold, not before min_passes and not after max_passes") {
  const nsrt_stage stages[3] = {{0, 1, {}, 1}, {0, 1, {}, 1}, {0, 1, {}, 1}};
  const std::uint32_t per_class[2] = {60000, 30000};
  nsrt_rule rule{stages, per_class, 1, 2, 2, 1, 3, NSRT_MEAN_PROBABILITY, NSRT_MAX_PROBABILITY};
  REQUIRE(nsrt_check_rule(&rule) == NSRT_OK);
  std::vector<std::uint32_t> work(NSRT_AGGREGATE_WORDS(2, 3));
  const auto passes = [&](std::int16_t first, std::int16_t second) {
    const std::int16_t logits[2] = {first, second};
    nsrt_verdict verdict{};
    while (!nsrt_add_stage(&rule, work.data(), logits, &verdict)) {
    }
    return verdict.passes;
  };
  CHECK(passes(512, 0) == 3);  // 0.88 of class 0: never enough
  CHECK(passes(0, 512) == 1);  // 0.88 of class 1: enough at once
  CHECK(passes(2560, 0) == 1);
  rule.min_passes = 2;
  CHECK(passes(2560, 0) == 2);
}

TEST_CASE("Rules whose numbers make no sense are refused") {
  const nsrt_stage stages[2] = {{0, 1, {}, 1}, {0, 1, {}, 1}};
  const nsrt_stage heavy[2] = {{0, 1, {}, 4000}, {0, 1, {}, 97}},
                   weightless[2] = {{0, 1, {}, 1}, {0, 1, {}, 0}};
  const std::uint32_t threshold[1] = {0};
  const nsrt_rule good{stages, threshold, 1, 1, 10, 1, 2, NSRT_VOTE, NSRT_MARGIN};
  CHECK(nsrt_check_rule(&good) == NSRT_OK);
  const auto refused = [&](auto change) {
    nsrt_rule rule = good;
    change(rule);
    CHECK(nsrt_check_rule(&rule) == NSRT_BAD_ARGUMENT);
  };
  refused([](nsrt_rule& r) { r.classes = 1; });
  refused([](nsrt_rule& r) { r.min_passes = 0; });
  refused([](nsrt_rule& r) { r.min_passes = 3; });
  refused([](nsrt_rule& r) { r.max_passes = 65; });
  refused([](nsrt_rule& r) { r.threshold_rows = 3; });
  refused([](nsrt_rule& r) { r.threshold_columns = 2; });
  refused([](nsrt_rule& r) { r.aggregate = 6; });
  refused([](nsrt_rule& r) { r.confidence = 4; });
  refused([](nsrt_rule& r) { r.stages = nullptr; });
  refused([&](nsrt_rule& r) { r.stages = heavy; });
  refused([&](nsrt_rule& r) { r.stages = weightless; });
}

TEST_CASE("nsrt_run_adaptive is view, network and rule, stage by stage") {
  const TempFolder folder;
  const auto bytes =
      ns::pack::pack_model({sample::nested_network(), sample::single_network()}, sample::provenance()).bytes;
  write_text(folder.file("m.nsm"), {bytes.begin(), bytes.end()});
  const ns::deploy::PackedModel model(folder.file("m.nsm"));
  const nsrt_network_info& info = model.network(0);
  REQUIRE(info.output.type == 1);
  std::vector<std::int8_t> input(info.input.bytes), seen(info.input.bytes);
  for (std::size_t i = 0; i < input.size(); ++i) input[i] = static_cast<std::int8_t>(41 * i);
  const std::vector<nsrt_stage> stages{{0, 1, {}, 1}, {0, 2, {1, -1, 1}, 1}, {0, 3, {0, 2, 0}, 1}};
  const std::uint32_t never = 0xffffffff;
  const nsrt_rule rule{stages.data(), &never, 1, 1, info.output.c, 1, 3, NSRT_MEAN_LOGIT, NSRT_ENTROPY};
  alignas(16) static std::uint8_t arena[64 * 1024];
  std::vector<std::int16_t> logits(info.output.c);
  std::vector<std::uint32_t> work(NSRT_AGGREGATE_WORDS(std::size_t{info.output.c}, 3));
  nsrt_verdict verdict{}, expected{};
  REQUIRE(nsrt_adaptive_logit_bytes(&model.model(), &rule) == info.output.bytes);
  REQUIRE(nsrt_run_adaptive(&model.model(), &rule, input.data(), logits.data(), work.data(), arena,
                            sizeof arena, &verdict) == NSRT_OK);
  for (const nsrt_stage& stage : stages) {
    nsrt_apply_view(input.data(), info.input.h, info.input.w, info.input.c, stage.view, info.input_zero_point,
                    seen.data());
    REQUIRE(nsrt_run(&model.model(), 0, stage.subnet, seen.data(), logits.data(), arena, sizeof arena,
                     nullptr) == NSRT_OK);
    nsrt_add_stage(&rule, work.data(), logits.data(), &expected);
  }
  CHECK(verdict.passes == 3);
  CHECK(verdict.answer == expected.answer);
  CHECK(verdict.score == expected.score);
  CHECK(verdict.probability == expected.probability);
  nsrt_rule wrong = rule;
  wrong.classes = static_cast<std::uint16_t>(info.output.c + 1);
  CHECK(nsrt_run_adaptive(&model.model(), &wrong, input.data(), logits.data(), work.data(), arena,
                          sizeof arena, &verdict) == NSRT_BAD_ARGUMENT);
  CHECK(nsrt_run_adaptive(&model.model(), &rule, input.data(), logits.data(), work.data(), arena, 16,
                          &verdict) == NSRT_ARENA_TOO_SMALL);
}

TEST_CASE(
    "A packed rule decides as its thresholds in double precision do, and refuses views that need "
    "resampling") {
  using namespace ns::anytime;
  const std::vector<Stage> stages{{{}, 1, 1}, {ns::augment::View().add(ns::augment::mirror()), 2, 1}};
  for (const Confidence confidence : {Confidence::kMargin, Confidence::kInterval}) {
    const Scoring scoring{Aggregate::kMean, confidence, {}};
    const ns::deploy::PackedRule packed(scoring, {{0.25, 0.9, 2.0}, 1, 2}, stages, 3);
    const nsrt_rule& rule = packed.rule();
    CHECK(rule.threshold_columns == 3);
    CHECK(rule.threshold_rows == (confidence == Confidence::kInterval ? 2 : 1));
    for (unsigned row = 0; row < rule.threshold_rows; ++row) {
      for (unsigned k = 0; k < 3; ++k) {
        const std::uint32_t least = rule.thresholds[row * 3 + k];
        const double threshold = std::vector<double>{0.25, 0.9, 2.0}[k];
        CHECK((least == 0xffffffff || ns::deploy::score_of(scoring, least, row + 1) >= threshold));
        CHECK((least == 0 || ns::deploy::score_of(scoring, least - 1, row + 1) < threshold));
      }
    }
    CHECK(packed.bytes().size() == 4 * (7 + 2 * 6 + 3 * rule.threshold_rows));
  }
  const std::vector<Stage> scaled{{ns::augment::parse_view("scale:1.1", {8, 8, 1}, "test"), 1, 1}};
  EXPECT_ERROR(ns::deploy::PackedRule({}, {{0.5}, 1, 1}, scaled, 3), kUsage,
               "view scale:1.1 needs resampling");
}
