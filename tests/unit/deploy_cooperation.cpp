// Several packed models in one file: same networks, same answers, one arena, a rule of its own.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <random>

#include "expect_error.h"
#include "ns/deploy/adaptive_host.h"
#include "ns/deploy/cooperative_model.h"
#include "ns/deploy/host_engine.h"
#include "ns/deploy/packed_description.h"
#include "support/sample_models.h"
#include "temp_folder.h"

using namespace ns::deploy;
using namespace ns::anytime;

namespace {

void write_bytes(const std::string& path, const std::vector<std::uint8_t>& bytes) {
  write_text(path, {bytes.begin(), bytes.end()});
}

struct Pair {
  TempFolder folder;
  std::unique_ptr<PackedModel> small, large;

  Pair() {
    const auto pack = [&](const char* name, ns::pack::NetworkDescription network) {
      write_bytes(folder.file(name), ns::pack::pack_model({std::move(network)}, sample::provenance()).bytes);
      return std::make_unique<PackedModel>(folder.file(name));
    };
    small = pack("small.nsm", sample::partner_network());
    large = pack("large.nsm", sample::nested_network());
  }
  std::vector<const PackedModel*> parts() const { return {small.get(), large.get()}; }
  std::string write(const std::vector<std::uint8_t>& bytes) const {
    write_bytes(folder.file("both.nsm"), bytes);
    return folder.file("both.nsm");
  }
};

// The partner, then the large network's densest subnet, then its sparsest.
std::vector<Stage> stages() {
  return {{{}, 1, 1, 0}, {{}, 3, 1, 1}, {{}, 1, 1, 1}};
}

PackedRule rule(std::size_t passes = 3) {
  return PackedRule({Aggregate::kMean, Confidence::kMargin, {}}, {{0.2, 0.3, 0.4}, 1, passes}, stages(), 3);
}

std::vector<std::int8_t> random_inputs(std::size_t bytes) {
  std::mt19937 rng(3);
  std::vector<std::int8_t> inputs(bytes);
  for (auto& value : inputs) value = static_cast<std::int8_t>(rng() >> 24);
  return inputs;
}

}  // namespace

TEST_CASE("A cooperative model has its parts' networks byte for byte, the larger arena and the rule") {
  const Pair pair;
  const auto bytes = combine(pair.parts(), rule(), {{"target", "test"}});
  CHECK(bytes == combine(pair.parts(), rule(), {{"target", "test"}}));
  const PackedModel both(pair.write(bytes));
  CHECK_NOTHROW(self_test(both));
  REQUIRE(both.networks() == 2);
  CHECK(both.network(0).arena_bytes == pair.small->network(0).arena_bytes);
  CHECK(both.network(1).arena_bytes == pair.large->network(0).arena_bytes);
  REQUIRE(both.rule() != nullptr);
  CHECK(pair.large->rule() == nullptr);
  CHECK(bytes[10] == 2);

  const auto inputs = random_inputs(20 * both.network(0).input.bytes);
  CHECK(HostEngine(both).run({1, 2, inputs, 0}).bytes ==
        HostEngine(*pair.large).run({0, 2, inputs, 0}).bytes);
  CHECK(HostEngine(both).run({0, 1, inputs, 0}).bytes ==
        HostEngine(*pair.small).run({0, 1, inputs, 0}).bytes);

  const PackedDescription description = describe(both);
  CHECK(description.networks[0].name == "partner");
  CHECK(description.parents.size() == 2);
  REQUIRE(description.rule);
  CHECK(description.rule->aggregate == "mean");
  CHECK(description.rule->confidence == "margin");
  CHECK(description.rule->stages[1].network == 1);
  CHECK(description.rule->stages[1].subnet == 3);
  CHECK(description.rule->stages[1].view == "identity");
  REQUIRE(description.rule->thresholds.size() == 1);
  CHECK(*description.rule->thresholds[0][2] == doctest::Approx(0.4).epsilon(1e-4));
}

TEST_CASE("Whole data sets by stage give the verdicts that the runtime gives one by one") {
  const Pair pair;
  const auto with = [&](double threshold) {
    const PackedRule one({Aggregate::kMean, Confidence::kMargin, {}}, {{threshold}, 1, 3}, stages(), 3);
    return combine(pair.parts(), one, {});
  };
  const std::size_t bytes = pair.small->network(0).input.bytes;
  const auto inputs = random_inputs(300 * bytes);
  // A threshold that half of the inputs reach at once.
  std::vector<double> scores;
  {
    const PackedModel first(pair.write(with(0)));
    for (const nsrt_verdict& verdict : run_adaptive(first, *first.rule(), inputs, 2))
      scores.push_back(score_of({Aggregate::kMean, Confidence::kMargin, {}}, verdict.score, 1));
  }
  std::ranges::nth_element(scores, scores.begin() + 150);
  const PackedModel both(pair.write(with(scores[150])));
  const auto verdicts = run_adaptive(both, *both.rule(), inputs, 2);
  REQUIRE(verdicts.size() == 300);
  alignas(16) static std::uint8_t arena[64 * 1024];
  std::int16_t logits[3];
  std::uint32_t work[NSRT_AGGREGATE_WORDS(3, 3)];
  int passes[4] = {};
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    nsrt_verdict one;
    REQUIRE(nsrt_run_adaptive(&both.model(), both.rule(), inputs.data() + i * bytes, logits, work, arena,
                              sizeof arena, &one) == NSRT_OK);
    CHECK(std::memcmp(&one, &verdicts[i], sizeof one) == 0);
    ++passes[one.passes];
  }
  std::size_t finished = 0;
  run_adaptive(both, *both.rule(), inputs, 2, [&](std::size_t now) { finished = std::max(finished, now); });
  CHECK(finished == 300);
  struct Stop {};
  CHECK_THROWS_AS(run_adaptive(both, *both.rule(), inputs, 2, [](std::size_t) { throw Stop(); }), Stop);
  CHECK(passes[1] >= 100);
  CHECK(passes[2] + passes[3] >= 100);
}

TEST_CASE("Models of other inputs, classes or with a rule of their own do not cooperate") {
  const Pair pair;
  const auto refuse = [&](ns::pack::NetworkDescription network, const char* why) {
    write_bytes(pair.folder.file("other.nsm"), ns::pack::pack_model({network}, sample::provenance()).bytes);
    const PackedModel other(pair.folder.file("other.nsm"));
    const std::vector<const PackedModel*> parts{pair.large.get(), &other};
    EXPECT_ERROR(combine(parts, rule(), {}), kInput, why);
  };
  refuse(sample::single_network(), "inputs of 6x6x1 and of 5x4x3");
  auto names = sample::partner_network();
  names.classes.back() = "other";
  refuse(names, "class 2 is \"");
  auto scale = sample::partner_network();
  scale.network.input_scale = 1.0 / 64;
  refuse(scale, "different normalisations");
  const PackedModel both(pair.write(combine(pair.parts(), rule(), {})));
  const std::vector<const PackedModel*> twice{&both, pair.small.get()};
  EXPECT_ERROR(combine(twice, rule(), {}), kInput, "cooperative model itself");
}
