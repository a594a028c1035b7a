// The host's side of deployment: packed models, the host engine, comparisons, input layout. What needs an
// emulator is in target/.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <random>

#include "expect_error.h"
#include "ns/deploy/cycle_estimate.h"
#include "ns/deploy/host_engine.h"
#include "ns/deploy/planar_input.h"
#include "support/sample_models.h"
#include "temp_folder.h"

using namespace ns::deploy;

namespace {

std::vector<std::uint8_t> model_bytes() {
  return ns::pack::pack_model({sample::nested_network(), sample::single_network()}, sample::provenance())
      .bytes;
}

std::string write_model(const TempFolder& folder, const std::vector<std::uint8_t>& bytes = model_bytes()) {
  write_text(folder.file("model.nsm"), {bytes.begin(), bytes.end()});
  return folder.file("model.nsm");
}

std::vector<std::int8_t> random_inputs(std::size_t bytes) {
  std::mt19937 rng(12);
  std::vector<std::int8_t> inputs(bytes);
  for (auto& value : inputs) value = static_cast<std::int8_t>(rng() >> 24);
  return inputs;
}

std::uint32_t section_offset(const std::vector<std::uint8_t>& bytes, unsigned index) {
  std::uint32_t offset;
  std::memcpy(&offset, bytes.data() + 64 + 32 * index + 4, sizeof offset);
  return offset;
}

}  // namespace

TEST_CASE("A packed model describes its networks and passes its own test vector") {
  const TempFolder folder;
  const PackedModel model(write_model(folder));
  CHECK(model.bytes() == model_bytes().size());
  REQUIRE(model.networks() == 2);
  CHECK(model.network(0).subnets == 3);
  CHECK(model.network(1).output.type == 0);
  CHECK(model.metadata().front() == '{');
  CHECK(model.metadata().back() == '}');
  CHECK_NOTHROW(self_test(model));
}

TEST_CASE("A damaged packed model is an input error that names section and offset") {
  const TempFolder folder;
  std::vector<std::uint8_t> bytes = model_bytes();
  bytes.pop_back();
  EXPECT_ERROR(PackedModel(write_model(folder, bytes)), kInput, "model.nsm: at 0x");
  bytes = model_bytes();
  bytes[section_offset(bytes, 1)] ^= 1;
  EXPECT_ERROR(PackedModel(write_model(folder, bytes)), kInput, "model.nsm: section NETW at 0x");
  EXPECT_ERROR(PackedModel(write_model(folder, {})), kInput, "model.nsm: is empty");
  EXPECT_ERROR(PackedModel(folder.file("nowhere.nsm")), kInput, "nowhere.nsm");
}

TEST_CASE("What a progress callback throws ends a run on the host") {
  const TempFolder folder;
  const PackedModel model(write_model(folder));
  const auto inputs = random_inputs(200 * model.network(0).input.bytes);
  CHECK_THROWS_AS(HostEngine(model, 2).run({0, 2, inputs, 0}, [](std::size_t) { throw 7; }), int);
}

TEST_CASE("Outputs and checksums do not depend on the number of threads") {
  const TempFolder folder;
  const PackedModel model(write_model(folder));
  const auto inputs = random_inputs(40 * model.network(0).input.bytes);
  const Batch batch{0, 2, inputs, 9};
  const Outputs one = HostEngine(model, 1).run(batch), many = HostEngine(model, 5).run(batch);
  CHECK(one.images == 40);
  CHECK(one.traced() == 9);
  CHECK(one.bytes == many.bytes);
  CHECK(one.checksums == many.checksums);
}

TEST_CASE("The host engine gives the bytes of nsrt_run, image by image") {
  const TempFolder folder;
  const PackedModel model(write_model(folder));
  const nsrt_network_info& info = model.network(0);
  const auto inputs = random_inputs(3 * info.input.bytes);
  const Outputs found = HostEngine(model).run({0, 3, inputs, 0});
  alignas(16) static std::uint8_t arena[64 * 1024];
  for (std::size_t image = 0; image < 3; ++image) {
    std::vector<std::uint8_t> expected(info.output.bytes);
    REQUIRE(nsrt_run(&model.model(), 0, 3, inputs.data() + image * info.input.bytes, expected.data(), arena,
                     sizeof arena, nullptr) == NSRT_OK);
    CHECK(std::ranges::equal(found.output(image), expected));
  }
}

TEST_CASE("Subnets that do not exist and inputs that are not whole are refused before anything runs") {
  const TempFolder folder;
  const PackedModel model(write_model(folder));
  HostEngine host(model);
  const std::vector<std::int8_t> inputs(model.network(0).input.bytes + 1);
  EXPECT_ERROR(host.run({0, 4, {}, 0}), kUsage, "no subnet 4: there are 1 to 3");
  EXPECT_ERROR(host.run({0, 0, {}, 0}), kUsage, "no subnet 0");
  EXPECT_ERROR(host.run({2, 1, {}, 0}), kUsage, "no network 2");
  EXPECT_ERROR(host.run({0, 1, inputs, 0}), kInternal, "not a multiple");
  CHECK(host.run({}).bytes.empty());
}

TEST_CASE("The first difference is the first operator of the first image, or its output") {
  const TempFolder folder;
  const PackedModel model(write_model(folder));
  const auto inputs = random_inputs(4 * model.network(0).input.bytes);
  const Outputs good = HostEngine(model).run({0, 1, inputs, 2});
  CHECK_FALSE(first_difference(good, good));
  Outputs other = good;
  other.bytes[3 * other.output_bytes] ^= 1;  // an image that is not traced
  CHECK(first_difference(good, other)->image == 3);
  CHECK_FALSE(first_difference(good, other)->op);
  other.checksums[other.operators + 2] ^= 1;
  CHECK(first_difference(good, other)->image == 1);
  CHECK(first_difference(good, other)->op == 2u);
}

TEST_CASE("The lowest class of equal logits is predicted") {
  const std::int16_t logits[2][3] = {{-5, 7, 7}, {300, -300, 299}};
  Outputs outputs{2, sizeof logits[0], 0, std::vector<std::uint8_t>(sizeof logits), {}};
  std::memcpy(outputs.bytes.data(), logits, sizeof logits);
  CHECK(outputs.predictions() == std::vector<unsigned>{1, 0});
}

TEST_CASE("An image becomes planar, and 0…255 becomes −128…127") {
  const std::uint8_t image[2 * 1 * 3] = {0, 1, 2, 253, 254, 255};  // two pixels of three channels
  std::int8_t planar[6];
  planar_input(image, 2, 1, 3, planar);
  const std::int8_t expected[6] = {-128, 125, -127, 126, -126, 127};
  CHECK(std::ranges::equal(planar, expected));
  EXPECT_ERROR(planar_input(image, 2, 2, 3, planar), kInternal,
               "planar_input: 6 and 6 values for an image of 12");
}

TEST_CASE("Estimated cycles add up by operator and are never closer than 35 per cent") {
  CycleEstimate sum = estimate_cycles(1'000'000, "conv");
  CHECK(sum.mid == doctest::Approx(780'000));
  CHECK(sum.low == doctest::Approx(780'000 / 1.35));
  CHECK(sum.high == doctest::Approx(780'000 * 1.35));
  sum += estimate_cycles(1'000'000, "max pool");
  CHECK(sum.mid == doctest::Approx(1'480'000));
  CHECK(sum.high == doctest::Approx(1.35 * sum.mid));
}
