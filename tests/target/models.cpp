// Packed models on the emulated board: the same bytes as on the host, operator by operator, and the same
// refusals.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <random>

#include "expect_error.h"
#include "firmware_paths.h"
#include "ns/deploy/emulator_session.h"
#include "ns/deploy/host_engine.h"
#include "support/sample_models.h"
#include "temp_folder.h"

using namespace ns::deploy;

namespace {

std::vector<std::uint8_t> model_bytes() {
  return ns::pack::pack_model({sample::nested_network(), sample::single_network(), sample::binary_network(),
                               sample::detector_network()},
                              sample::provenance())
      .bytes;
}

void write_bytes(const std::string& path, const std::vector<std::uint8_t>& bytes) {
  write_text(path, {bytes.begin(), bytes.end()});
}

std::string write_model(const TempFolder& folder) {
  write_bytes(folder.file("model, with a comma.nsm"), model_bytes());
  return folder.file("model, with a comma.nsm");
}

std::vector<std::int8_t> random_inputs(std::size_t bytes) {
  std::mt19937 rng(11);
  std::vector<std::int8_t> inputs(bytes);
  for (auto& value : inputs) value = static_cast<std::int8_t>(rng() >> 24);
  return inputs;
}

}  // namespace

TEST_CASE("host and emulator give the same outputs and operator checksums on every subnet of every network") {
  const TempFolder folder;
  const PackedModel model(write_model(folder));
  HostEngine host(model);
  EmulatorSession board(model, emulator());
  for (unsigned network = 0; network < model.networks(); ++network) {
    const nsrt_network_info& info = model.network(network);
    const std::size_t images = 23, traced = 14;  // two emulators: one traces all of its share, one a part
    const auto inputs = random_inputs(images * info.input.bytes);
    for (unsigned subnet = 1; subnet <= info.subnets; ++subnet) {
      std::size_t last = 0;
      const Batch batch{network, subnet, inputs, traced};
      const Outputs expected = host.run(batch),
                    found = board.run(batch, [&](std::size_t done) { last = done; });
      CHECK(expected.images == images);
      CHECK(expected.traced() == traced);
      CHECK_FALSE(first_difference(expected, found).has_value());
      CHECK(expected.bytes == found.bytes);
      CHECK(expected.checksums == found.checksums);
      CHECK(last == images);
      if (model.detector(network) != nullptr) {
        std::uint32_t boxes = 0;  // of the first image
        std::memcpy(&boxes, found.output(0).data() + info.output.bytes, sizeof boxes);
        CHECK(boxes > 10);
      }
    }
  }
}

TEST_CASE("a run of a subnet takes the same instructions after any other subnet as after itself") {
  const std::string model = std::string(NESTKIT_SOURCE_DIR) + "/zoo/fashion_mnist_resnet8/nested.nsm";
  std::string console;
  REQUIRE(run_firmware(emulator("footprint"), model, {}, Counting::kInstructions, &console) == 0);
  CAPTURE(console);
  const std::string key = "\"switching_instructions\":";
  REQUIRE(console.find(key) != std::string::npos);
  CHECK(std::atoi(console.c_str() + console.find(key) + key.size()) <= 2);  // what a count may be off
}

TEST_CASE("outputs do not depend on the number of emulators") {
  const TempFolder folder;
  const PackedModel model(write_model(folder));
  const auto inputs = random_inputs(5 * model.network(0).input.bytes);
  const Batch batch{0, 2, inputs, 5};
  auto options = emulator();
  options.processes = 1;
  EmulatorSession single(model, options);
  options.processes = 7;  // more than images
  EmulatorSession seven(model, options);
  const Outputs expected = single.run(batch), found = seven.run(batch);
  CHECK(found.bytes == expected.bytes);
  CHECK(found.checksums == expected.checksums);
}

TEST_CASE("a batch without images gives no outputs") {
  const TempFolder folder;
  const PackedModel model(write_model(folder));
  EmulatorSession board(model, emulator());
  CHECK(board.run({}).bytes.empty());
}

TEST_CASE("speed counts every operator of every subnet, repeatably, and the operators add up to the total") {
  const TempFolder folder;
  const PackedModel model(write_model(folder));
  EmulatorSession board(model, emulator());
  const std::vector<SubnetCost> costs = board.measure_speed(0), again = board.measure_speed(0);
  REQUIRE(costs.size() == 3);
  for (std::size_t i = 0; i < costs.size(); ++i) {
    CHECK(costs[i].subnet == i + 1);
    CHECK(costs[i].operators.size() == model.network(0).operators);
    CHECK(costs[i].operators == again[i].operators);
    CHECK(costs[i].total == again[i].total);
    const std::uint64_t sum =
        std::accumulate(costs[i].operators.begin(), costs[i].operators.end(), std::uint64_t{0});
    CHECK(costs[i].total >= sum - costs[i].operators.size());
    CHECK(costs[i].total <= sum + 1000);  // what the runner does after the last operator
    CHECK(*std::ranges::min_element(costs[i].operators) > 50);
  }
  CHECK(costs[0].total < costs[2].total);
}

TEST_CASE("the model's own test vector passes on the emulated board") {
  const TempFolder folder;
  const PackedModel model(write_model(folder));
  CHECK_NOTHROW(EmulatorSession(model, emulator()).self_test());
}

TEST_CASE("the board refuses a damaged model with the status, offset and index of the host") {
  const TempFolder folder;
  const std::vector<std::uint8_t> good = model_bytes();
  const auto refusal = [&](const std::vector<std::uint8_t>& flash, std::size_t written) {
    write_bytes(folder.file("bad.nsm"),
                {flash.begin(), flash.begin() + static_cast<std::ptrdiff_t>(written)});
    std::string console;
    CHECK(run_firmware(emulator(), folder.file("bad.nsm"), {"check"}, Counting::kOff, &console) == 3);
    return console;
  };
  const auto expected = [](const std::vector<std::uint8_t>& flash) {
    nsrt_model model;
    const nsrt_error error = nsrt_open(&model, flash.data(), flash.size());
    CHECK(error.status != NSRT_OK);
    return "refused status=" + std::to_string(error.status) + " offset=" + std::to_string(error.offset) +
           " index=" + std::to_string(error.index) + ": " + nsrt_status_text(error.status) + "\n";
  };
  for (const std::size_t kept : {good.size() / 2, good.size() - 32, std::size_t{40}}) {
    // Flash after the end of a truncated file reads as zero; the header still says how long the file should
    // be.
    std::vector<std::uint8_t> flash = good;
    std::fill(flash.begin() + static_cast<std::ptrdiff_t>(kept), flash.end(), std::uint8_t{0});
    CAPTURE(kept);
    CHECK(refusal(flash, kept) == expected(flash));
  }
  for (const std::size_t at :
       {std::size_t{0}, std::size_t{9}, std::size_t{70}, good.size() / 3, good.size() - 40}) {
    std::vector<std::uint8_t> flash = good;
    flash[at] ^= 0x10;
    CAPTURE(at);
    CHECK(refusal(flash, flash.size()) == expected(flash));
  }
}

TEST_CASE("an erased flash is refused") {
  std::string console;
  CHECK(run_firmware(emulator(), "", {"check"}, Counting::kOff, &console) == 3);
  CHECK(console.find("refused status=") == 0);
}

TEST_CASE("subnets that do not exist and inputs that are not whole are refused before anything runs") {
  const TempFolder folder;
  const PackedModel model(write_model(folder));
  EmulatorSession board(model, emulator());
  const std::vector<std::int8_t> inputs(model.network(0).input.bytes + 1);
  EXPECT_ERROR(board.run({0, 4, {}, 0}), kUsage, "no subnet 4: there are 1 to 3");
  EXPECT_ERROR(board.run({4, 1, {}, 0}), kUsage, "no network 4");
  EXPECT_ERROR(board.run({0, 1, inputs, 0}), kInternal, "not a multiple");
}
