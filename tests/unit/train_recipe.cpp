#include <doctest/doctest.h>

#include "expect_error.h"
#include "ns/train/recipe.h"
#include "temp_folder.h"

using ns::Json;
using namespace ns::train;

namespace {

Recipe recipe_of(const char* text) {
  return recipe_from_json(ns::parse_json(text, "r.json", ns::ErrorKind::kUsage), "r.json");
}

}  // namespace

TEST_CASE("a recipe written and read back is the same, and every key is written") {
  Recipe recipe;
  recipe.method = "nested";
  recipe.sparsities = {0.5, 0.75};
  recipe.dense_layers = {"first_conv"};
  recipe.learning_rate = 0.03;
  recipe.seed = 9007199254740991u;
  const Json json = to_json(recipe);
  CHECK(recipe_from_json(json, "r") == recipe);
  CHECK(json.size() == 63);
  CHECK(recipe_of("{}") == Recipe{});
  CHECK(recipe_of("{\"$schema\": \"schema/train.schema.json\", \"epochs\": 3}").epochs == 3);
}

TEST_CASE("an unknown key names the nearest, a wrong type what was expected and found") {
  EXPECT_ERROR(recipe_of("{\"epoch\": 3}"), kUsage, "r.json: unknown key \"epoch\"");
  EXPECT_ERROR(recipe_of("{\"epochs\": \"ten\"}"), kUsage,
               "r.json: \"epochs\": expected an integer, found a string \"ten\"");
  EXPECT_ERROR(recipe_of("{\"sparsities\": 0.7}"), kUsage, "\"sparsities\": expected an array");
  EXPECT_ERROR(recipe_of("{\"routing\": \"sparse\"}"), kUsage, "densest, agree, found \"sparse\"");
}

TEST_CASE("values out of range or that do not fit together are refused") {
  EXPECT_ERROR(recipe_of("{\"momentum\": 1}"), kUsage, "\"momentum\": expected from 0 to below 1, found 1");
  EXPECT_ERROR(recipe_of("{\"learning_rate\": 0}"), kUsage, "expected more than 0 to 100, found 0");
  EXPECT_ERROR(recipe_of("{\"epochs\": 0}"), kUsage, "\"epochs\": expected from 1 to 100000, found 0");
  EXPECT_ERROR(recipe_of("{\"epochs\": 1, \"warmup_epochs\": 2}"), kUsage, "only 1 epochs");
  EXPECT_ERROR(recipe_of("{\"graph\": \"g.json\"}"), kUsage, "exactly one of \"arch\" and \"graph\"");
  EXPECT_ERROR(recipe_of("{\"method\": \"nested\", \"sparsities\": [0.8, 0.7]}"), kUsage,
               "r.json: sparsities: 0.7 follows 0.8");
  EXPECT_ERROR(recipe_of("{\"method\": \"nested\", \"sparsities\": [0.8, 1.0]}"), kUsage,
               "\"sparsities\": expected more than 0 to below 1, found 1");
  EXPECT_ERROR(recipe_of("{\"method\": \"nested\", \"epochs\": 10, \"prune_end_epoch\": 10}"), kUsage,
               "does not fit into 10 epochs");
}

TEST_CASE("what is for detection is refused without boxes, and what detection cannot use with them") {
  EXPECT_ERROR(recipe_of("{\"vertical_flip\": true}"), kUsage,
               "are for detection, but fashion_mnist has no boxes");
  const auto detection = [](const std::string& more) {
    return recipe_of(("{\"dataset\": \"bccd\", \"arch\": \"ssd_resnet8\", \"crop_padding\": 0, "
                      "\"distillation_weight\": 0" +
                      more + "}")
                         .c_str());
  };
  CHECK(detection("").detection());
  CHECK_FALSE(recipe_of("{}").detection());
  EXPECT_ERROR(recipe_of("{\"dataset\": \"bccd\"}"), kUsage, "detection (bccd) needs \"crop_padding\" 0");
  EXPECT_ERROR(detection(", \"method\": \"gated\""), kUsage, "needs \"method\" dense or nested");
  EXPECT_ERROR(detection(", \"label_smoothing\": 0.1"), kUsage, "needs \"label_smoothing\" 0");
  EXPECT_ERROR(detection(", \"image_channels\": 2"), kUsage, "\"image_channels\" 1 or 3");
}

TEST_CASE("keys that the network has no use for are refused, with any value but the default") {
  const auto refused = [](const std::string& json, const char* message) {
    CAPTURE(json);
    EXPECT_ERROR(recipe_of(json.c_str()), kUsage, message);
  };
  for (const char* key :
       {R"("activation_bits": 2)", R"("estimator": "polynomial")", R"("activation_shift": true)",
        R"("shortcuts": true)", R"("weight_scaling": false)"}) {
    const auto with = [&](const char* network) { return std::string("{") + network + ", " + key + "}"; };
    refused(with(R"("arch": "nin")"), "are for a binary \"arch\", found nin");
    refused(with(R"("arch": "", "graph": "g.json")"), "found a \"graph\"");
    CHECK(recipe_of(with(R"("arch": "nin_binary")").c_str()).arch == "nin_binary");
  }
  refused(R"({"merge": "add"})", "\"merge\" is for \"ensemble\" tentacle, found none");
  refused(R"({"loss_weights": [1]})", "\"loss_weights\": expected one for each of 1 subnet, so none, found");
  refused(R"({"method": "nested", "loss_weights": [1, 2]})",
          "expected one for each of 3 subnets, found [1.0,2.0]");
  refused(R"({"method": "nested", "loss_weights": [1, 2, 0]})",
          "\"loss_weights\": expected more than 0 to 100, found 0");
  CHECK(recipe_of(R"({"method": "nested", "loss_weights": [1, 2, 3]})").loss_weights.size() == 3);
  refused(R"({"batch_norm": "shared"})", "\"batch_norm\" shared is for \"method\" nested, found dense");
  CHECK(recipe_of(R"({"method": "nested", "batch_norm": "shared"})").batch_norm == "shared");
  refused(R"({"cost_budget": 0.9})", "\"cost_budget\" is for \"allocation\" cost and flash, found uniform");
  CHECK(recipe_of(R"({"arch": "nin", "activation_bits": 1, "merge": "concat", "cost_budget": 1})").arch ==
        "nin");
}

TEST_CASE("milestones must be given for multi_step and rise, and Adam's betas are two fractions") {
  EXPECT_ERROR(recipe_of("{\"schedule\": \"multi_step\"}"), kUsage, "multi_step needs \"milestones\"");
  EXPECT_ERROR(recipe_of("{\"schedule\": \"multi_step\", \"milestones\": [3, 3]}"), kUsage,
               "\"milestones\": expected increasing epochs");
  EXPECT_ERROR(recipe_of("{\"schedule\": \"multi_step\", \"milestones\": [3, 20], \"epochs\": 20}"), kUsage,
               "\"milestones\": expected epochs before the last, 20, found [3.0,20.0]");
  EXPECT_ERROR(recipe_of("{\"milestones\": [3]}"), kUsage,
               "\"milestones\" are for \"schedule\" multi_step, found cosine");
  EXPECT_ERROR(recipe_of("{\"milestones\": [0]}"), kUsage,
               "\"milestones\": expected more than 0 to 100000, found 0");
  EXPECT_ERROR(recipe_of("{\"betas\": [0.9]}"), kUsage, "\"betas\": expected two numbers, found [0.9]");
  EXPECT_ERROR(recipe_of("{\"betas\": [0.9, 1]}"), kUsage, "\"betas\": expected from 0 to below 1, found 1");
  Json json = Json::object();
  apply_setting(json, "milestones=2,3.5");
  CHECK(json["milestones"] == Json({2, 3.5}));
}

TEST_CASE("--set replaces one key and reads its value by the key's type") {
  Json json = {{"epochs", 3}};
  apply_setting(json, "epochs=7");
  apply_setting(json, "dataset=cifar10");
  apply_setting(json, "sparsities=0.5,0.6");
  apply_setting(json, "dense_layers=first_conv,stack1.conv1");
  apply_setting(json, "nesterov=false");
  apply_setting(json, "data_dir=/a=b");
  const Recipe recipe = recipe_from_json(json, "r");
  CHECK(recipe.epochs == 7);
  CHECK(recipe.dataset == "cifar10");
  CHECK(recipe.sparsities == std::vector{0.5, 0.6});
  CHECK(recipe.dense_layers == std::vector<std::string>{"first_conv", "stack1.conv1"});
  CHECK_FALSE(recipe.nesterov);
  CHECK(recipe.data_dir == "/a=b");
  apply_setting(json, "sparsities=[0.9]");
  apply_setting(json, "dense_layers=");
  CHECK(json["sparsities"] == Json{0.9});
  CHECK(json["dense_layers"] == Json::array());
  EXPECT_ERROR(apply_setting(json, "epoch=7"), kUsage, "--set epoch=7: unknown key \"epoch\"");
  EXPECT_ERROR(apply_setting(json, "epochs"), kUsage, "expected key=value");
  apply_setting(json, "epochs=many");
  EXPECT_ERROR(recipe_from_json(json, "r"), kUsage,
               "r: \"epochs\": expected an integer, found a string \"many\"");
}

TEST_CASE("the published schema is the one of this program") {
  const std::string path = NESTKIT_SOURCE_DIR "/configs/schema/train.schema.json";
  // To publish a change: ns-train --print-schema > configs/schema/train.schema.json
  CHECK(read_text(path) == recipe_schema().dump(2) + "\n");
}

TEST_CASE("every shipped recipe is complete and valid") {
  int recipes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(NESTKIT_SOURCE_DIR "/configs")) {
    if (entry.path().extension() == ".json") {
      CAPTURE(entry.path().string());
      Json json = ns::read_json(entry.path().string(), ns::ErrorKind::kUsage);
      CHECK_NOTHROW(recipe_from_json(json, entry.path().string()));
      json.erase("$schema");
      CHECK(json.size() == to_json(Recipe{}).size());
      ++recipes;
    }
  }
  CHECK(recipes >= 4);
}
