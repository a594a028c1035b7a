#include "ns/nested/model.h"

#include <doctest/doctest.h>

#include "expect_error.h"
#include "ns/arch/registry.h"
#include "ns/base/json.h"
#include "ns/nested/allocation.h"
#include "ns/nested/member.h"

using namespace ns;
using nested::Model;

namespace {

const std::vector<double> kSparsities{0.5, 0.75};

nn::Graph small_graph() {
  return arch::build("resnet8", {8, 8, 3}, 10, 0.25);
}

Model nested_model() {
  Model model(small_graph(), 2, 7);
  const auto allocation =
      nested::uniform_allocation(model.network().graph(), nested::default_dense_layers(), kSparsities);
  model.set_levels(nested::magnitude_levels(model.network(), allocation, 2, 1.0));
  return model;
}

checkpoint::Archive archive_of(const Model& model, const std::vector<double>& sparsities) {
  checkpoint::Archive archive;
  archive.origin = "m.safetensors";
  checkpoint::Profile profile;
  profile.graph = canonical_dump(nn::to_json(model.network().graph()));
  profile.config = "{}";
  profile.banks = model.subnets();
  profile.sparsities = sparsities;
  profile.block = 2;
  checkpoint::set_profile(archive, profile);
  nested::write_tensors(model, archive);
  return archive;
}

}  // namespace

TEST_CASE("a nested model read back from its checkpoint has the same tensors, levels and outputs") {
  Model model = nested_model();
  const checkpoint::Archive archive = archive_of(model, kSparsities);
  Model again = nested::model_of(archive);
  CHECK(again.levels() == model.levels());
  CHECK(archive_of(again, kSparsities).arrays == archive.arrays);
  Tensor x({2, 8, 8, 3});
  for (std::int64_t i = 0; i < x.size(); ++i) {
    x[i] = static_cast<float>(i % 7) - 3.0f;
  }
  for (int subnet = 1; subnet <= 2; ++subnet) {
    model.select(subnet);
    again.select(subnet);
    const Tensor expected = model.network().forward(x, nn::Mode::kEval);
    const Tensor found = again.network().forward(x, nn::Mode::kEval);
    CHECK(std::equal(found.values().begin(), found.values().end(), expected.values().begin()));
  }
}

TEST_CASE("first convolution and classifier stay dense by default, roles and names can be listed") {
  const nn::Graph graph = small_graph();
  const auto allocation = nested::uniform_allocation(graph, nested::default_dense_layers(), kSparsities);
  CHECK(allocation.count("stem.conv") == 0);
  CHECK(allocation.count("classifier") == 0);
  CHECK(allocation.size() == 8);
  CHECK(nested::uniform_allocation(graph, {"stack1.conv1"}, kSparsities).size() == 9);
  EXPECT_ERROR(nested::uniform_allocation(graph, {"stack1.conv3"}, kSparsities), kUsage, "\"stack1.conv3\"");
  EXPECT_ERROR(nested::uniform_allocation(graph, {"stack1.bn1"}, kSparsities), kUsage, "\"stack1.bn1\"");
}

TEST_CASE("a checkpoint of another architecture is refused by its first differing tensor") {
  Model wider(arch::build("resnet8", {8, 8, 3}, 10, 0.5), 1, 7);
  Model model(small_graph(), 1, 7);
  const checkpoint::Archive archive = archive_of(wider, {});
  EXPECT_ERROR(nested::read_tensors(archive, {}, model), kInput,
               "m.safetensors: tensor stem.conv.weight of the network is [4, 3, 3, 3], found [8, 3, 3, 3]");
}

TEST_CASE("a file's graph gets no memory for weights that the file does not hold") {
  checkpoint::Archive archive;
  archive.origin = "m.safetensors";
  checkpoint::Profile profile;
  profile.config = "{}";
  profile.graph = R"({"schema":"nestkit.graph/1","name":"g","input":{"h":65535,"w":65535,"c":65535},"layers":[
      {"name":"c","op":"conv","filters":65535,"kernel":65535}]})";
  checkpoint::set_profile(archive, profile);
  EXPECT_ERROR(nested::model_of(archive), kInput, "m.safetensors: tensor c.weight of the network is missing");
  archive.arrays["c.weight"] = checkpoint::make_array<float>({2}, std::vector<float>{1, 2});
  EXPECT_ERROR(nested::model_of(archive), kInput,
               "c.weight of the network is [65535, 65535, 65535, 65535], found [2]");
}

TEST_CASE("a network of one sparse subnet has no members") {
  Model model(small_graph(), 1, 7);
  const std::vector<double> sparsities{0.5};
  model.set_levels(nested::magnitude_levels(
      model.network(),
      nested::uniform_allocation(model.network().graph(), nested::default_dense_layers(), sparsities), 2,
      1.0));
  EXPECT_ERROR(nested::member_model(archive_of(model, sparsities), 1), kUsage,
               "m.safetensors: has no member 1: 1 subnets and no members");
}

TEST_CASE("level maps that do not fit the checkpoint are refused by name") {
  const Model model = nested_model();
  checkpoint::Archive archive = archive_of(model, kSparsities);
  archive.metadata["block"] = "4";
  EXPECT_ERROR(nested::model_of(archive), kInput, "stack1.conv1.weight.level: expected [4, 1, 3, 3], found");
  archive = archive_of(model, kSparsities);
  archive.arrays["stack1.conv1.weight.level"].bytes[0] = 3;
  EXPECT_ERROR(nested::model_of(archive), kInput, "block 0 has level 3");
  archive = archive_of(model, {0.5});
  EXPECT_ERROR(nested::model_of(archive), kInput, "banks is 2, expected 1");
  archive = archive_of(model, kSparsities);
  std::erase_if(archive.arrays, [](const auto& entry) { return entry.first.ends_with(".level"); });
  EXPECT_ERROR(nested::model_of(archive), kInput, "no level map");
  archive = archive_of(model, kSparsities);
  archive.arrays["stack1.conv9.weight.level"] = archive.arrays["stack1.conv1.weight.level"];
  EXPECT_ERROR(nested::model_of(archive), kInput,
               "level map stack1.conv9.weight.level belongs to no weights");
}
