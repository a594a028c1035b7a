#include "ns/nested/prune.h"

#include <doctest/doctest.h>

#include "expect_error.h"
#include "ns/arch/registry.h"
#include "ns/checkpoint/profile.h"
#include "ns/nested/model.h"

using namespace ns;

namespace {

checkpoint::Archive dense_archive() {
  const nested::Model model(arch::build("resnet8", {8, 8, 3}, 10, 0.5), 1, 3);
  checkpoint::Archive archive;
  archive.origin = "dense.safetensors";
  checkpoint::Profile profile;
  profile.graph = canonical_dump(nn::to_json(model.network().graph()));
  profile.config = "{}";
  checkpoint::set_profile(archive, profile);
  nested::write_tensors(model, archive);
  archive.arrays["stem.bn.weight"] = checkpoint::make_array<float>({8}, std::vector<float>(8, 2.5f));
  return archive;
}

const std::string kParent(64, 'e');

}  // namespace

TEST_CASE("pruning keeps the weights, copies batch-norm to every subnet and reports every layer") {
  const checkpoint::Archive dense = dense_archive();
  const nested::Pruned pruned = nested::prune(dense, kParent, {{0.7, 0.8, 0.9}, 2});
  CHECK(pruned.archive.array("stack2.conv1.weight") == dense.array("stack2.conv1.weight"));
  CHECK(pruned.archive.array("stem.bn@2.weight") == dense.array("stem.bn.weight"));
  const checkpoint::Profile profile = checkpoint::profile_of(pruned.archive);
  CHECK(profile.parents == std::vector<std::string>{kParent});
  CHECK(profile.banks == 3);
  CHECK(pruned.archive.meta("pruning") ==
        R"({"allocation":"uniform","block":2,"cost_budget":1.0,)"
        R"("dense_layers":["first_conv","depthwise","classifier"],"sparsities":[0.7,0.8,0.9]})");
  nested::Model model = nested::model_of(pruned.archive);
  REQUIRE(pruned.report.layers.size() == 10);
  CHECK(pruned.report.layers.front().layer == "stem.conv");
  CHECK_FALSE(pruned.report.layers.front().pruned);
  std::int64_t kept = 0;
  for (const nested::LayerReport& layer : pruned.report.layers) {
    CAPTURE(layer.layer);
    if (layer.pruned) {
      CHECK(layer.sparsity(layer.kept[0]) == doctest::Approx(0.9).epsilon(0.01));
      CHECK(layer.sparsity(layer.kept[2]) == doctest::Approx(0.7).epsilon(0.01));
      CHECK(model.levels().at(layer.layer + ".weight").kept_weights(1) == layer.kept[0]);
    }
    kept += layer.kept[1];
  }
  CHECK(pruned.report.total.kept[1] == kept);
  const Json json = to_json(pruned.report);
  CHECK(json["schema"] == "nestkit.prune/1");
  CHECK(json["layers"][1]["kept_weights"][0] == pruned.report.layers[1].kept[0]);
}

TEST_CASE("a nested checkpoint can be pruned again, starting from its densest batch-norm") {
  nested::Pruned first = nested::prune(dense_archive(), kParent, {{0.5, 0.7}, 2});
  first.archive.arrays["stem.bn@1.weight"] = checkpoint::make_array<float>({8}, std::vector<float>(8, 7.0f));
  const nested::Pruned second = nested::prune(first.archive, kParent, {{0.6, 0.7, 0.8}, 4});
  for (const char* name : {"stem.bn.weight", "stem.bn@1.weight", "stem.bn@2.weight"}) {
    CHECK(second.archive.array(name) == first.archive.array("stem.bn@1.weight"));
  }
  CHECK(second.archive.array("stem.conv.weight") == first.archive.array("stem.conv.weight"));
  CHECK(nested::model_of(second.archive).subnets() == 3);
}

TEST_CASE("weights that no subnet of the input uses do not come back, however large they are") {
  nested::Pruned first = nested::prune(dense_archive(), kParent, {{0.5, 0.7}, 2});
  const std::string name = "stack1.conv2.weight";
  nested::Model model = nested::model_of(first.archive);
  const Tensor used = model.levels().at(name).mask(2);
  Tensor& weights = model.network().parameter(name).value;
  for (std::int64_t i = 0; i < weights.size(); ++i) {
    weights[i] = used[i] == 0 ? 100.0f : weights[i];
  }
  nested::write_tensors(model, first.archive);
  const nested::Model again =
      nested::model_of(nested::prune(first.archive, kParent, {{0.5, 0.7}, 2}).archive);
  CHECK(again.levels().at(name) == model.levels().at(name));
}

TEST_CASE("options that the network cannot meet are refused by name") {
  EXPECT_ERROR(nested::prune(dense_archive(), kParent, {{0.9, 0.8}, 2}), kUsage, "0.8 follows 0.9");
  EXPECT_ERROR(nested::prune(dense_archive(), kParent, {{0.9}, 3}), kUsage, "block width 3");
  EXPECT_ERROR(nested::prune(dense_archive(), kParent, {{0.9}, 2, {"stack9"}}), kUsage, "\"stack9\"");
}
