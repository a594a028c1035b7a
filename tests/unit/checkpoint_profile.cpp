#include "ns/checkpoint/profile.h"

#include <doctest/doctest.h>

#include "expect_error.h"
#include "ns/checkpoint/training_data.h"

using namespace ns::checkpoint;

namespace {

Profile sample() {
  return {.graph = "{}",
          .config = "{\"epochs\":3}",
          .parents = {std::string(64, 'a')},
          .seed = 18446744073709551615ull,
          .data_manifest_sha256 = std::string(64, '0'),
          .banks = 3,
          .sparsities = {0.7, 0.8, 0.9},
          .block = 2};
}

Archive archive_with(const std::string& key, const std::string& value) {
  Archive archive;
  archive.origin = "c";
  set_profile(archive, sample());
  archive.metadata[key] = value;
  return archive;
}

}  // namespace

TEST_CASE("A profile survives the metadata unchanged and other keys stay") {
  const Archive archive = archive_with("train.epoch", "3");
  CHECK(profile_of(archive) == sample());
  CHECK(archive.meta("train.epoch") == "3");
  CHECK(archive.meta("schema") == "nestkit.checkpoint/1");
  Archive plain;
  set_profile(plain, Profile{.graph = "{}", .config = "{}"});
  CHECK(profile_of(plain) == Profile{.graph = "{}", .config = "{}"});
}

TEST_CASE("A file that is no checkpoint, or of another schema, is named") {
  Archive foreign;
  foreign.origin = "x.safetensors";
  EXPECT_ERROR(profile_of(foreign), kInput,
               "x.safetensors: expected a checkpoint of schema nestkit.checkpoint/1, found no");
  EXPECT_ERROR(profile_of(archive_with("schema", "nestkit.checkpoint/2")), kInput,
               "found schema \"nestkit.checkpoint/2\"");
}

TEST_CASE("Profile values out of range are named") {
  EXPECT_ERROR(profile_of(archive_with("seed", "-1")), kInput, "c: seed: expected an integer from 0");
  EXPECT_ERROR(profile_of(archive_with("banks", "0")), kInput, "c: banks: expected at least 1, found 0");
  EXPECT_ERROR(profile_of(archive_with("block", "3")), kInput, "c: block: expected 1, 2 or 4, found 3");
  EXPECT_ERROR(profile_of(archive_with("sparsities", "[0.8,0.7]")), kInput,
               "c: sparsities: expected strictly increasing");
  EXPECT_ERROR(profile_of(archive_with("sparsities", "[0.7,1.0]")), kInput, "c: sparsities");
  EXPECT_ERROR(profile_of(archive_with("sparsities", "[0]")), kInput, "c: sparsities");
  EXPECT_ERROR(profile_of(archive_with("parents", "[\"abc\"]")), kInput, "c: parents: expected SHA-256");
  EXPECT_ERROR(profile_of(archive_with("data_manifest_sha256", "abc")), kInput, "c: data_manifest_sha256");
  EXPECT_ERROR(profile_of(archive_with("graph", "{")), kInput, "c: graph:1:2");
  EXPECT_ERROR(profile_of(archive_with("config", "")), kInput, "c: config:1:1");
  Archive incomplete = archive_with("block", "1");
  incomplete.metadata.erase("graph");
  EXPECT_ERROR(profile_of(incomplete), kInput, "c: has no metadata key \"graph\"");
}

TEST_CASE("A config says what data a training had, a cooperative model's what its first models had") {
  const TrainingData said = training_data(R"({"dataset":"cifar10","validation_images":5000})", "m");
  CHECK(said.dataset == "cifar10");
  CHECK(said.held_out == 5000);
  const TrainingData silent = training_data("{}", "m");
  CHECK(silent.dataset.empty());
  CHECK(silent.held_out == -1);
  const char* const cooperative = R"({"models":[{},{"dataset":"fsdd"},{"dataset":7}],"validation_images":9})";
  CHECK(training_data(cooperative, "m").dataset == "fsdd");
  CHECK(training_data(cooperative, "m").held_out == 9);
}

TEST_CASE("A config that is none is refused by name") {
  EXPECT_ERROR(training_data("[]", "m.nsm"), kInput, "m.nsm: config");
  EXPECT_ERROR(training_data("{", "m.nsm"), kInput, "m.nsm: config:1:2");
  EXPECT_ERROR(training_data(R"({"dataset":7})", "m.nsm"), kInput,
               "m.nsm: config: \"dataset\": expected a string");
  EXPECT_ERROR(training_data(R"({"validation_images":1e99})", "m.nsm"), kInput, "\"validation_images\"");
  EXPECT_ERROR(training_data(R"({"models":[{"dataset":[]}]})", "m.nsm"), kInput,
               "\"models\"[0]: \"dataset\"");
}
