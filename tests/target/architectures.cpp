// Every architecture on the emulated Cortex-M7.
#include <doctest/doctest.h>

#include "firmware_paths.h"
#include "ns/deploy/emulator_session.h"
#include "ns/nested/allocation.h"
#include "ns/nested/gates.h"
#include "support/small_architectures.h"
#include "temp_folder.h"

TEST_CASE("a gated network passes its self-test on the board, and fewer channels take fewer instructions") {
  const TempFolder folder;
  const ns::nn::Graph graph = ns::nested::with_gates(ns::arch::build("resnet8", {16, 15, 3}, 10, 0.5),
                                                     {{1.0, 0.5, 0.2}, ns::nested::default_dense_layers()});
  const auto bytes = ns::pack::pack_model({random_network(graph, {.seed = 3}).packed}, {}).bytes;
  write_text(folder.file("gated.nsm"), {bytes.begin(), bytes.end()});
  const ns::deploy::PackedModel model(folder.file("gated.nsm"));
  ns::deploy::EmulatorSession session(model, emulator("nestkit-m7"));
  CHECK_NOTHROW(session.self_test());
  const auto costs = session.measure_speed();
  REQUIRE(costs.size() == 3);
  CHECK(4 * costs[0].total < 3 * costs[1].total);
  CHECK(4 * costs[1].total < 3 * costs[2].total);
}

TEST_CASE("every architecture passes its self-test on the board, in every subnet") {
  const TempFolder folder;
  for (const SmallArchitecture& c : kSmallArchitectures) {
    CAPTURE(std::string(c.arch));
    CAPTURE(c.input.h);
    const std::string path = folder.file(c.arch + std::to_string(c.input.h) + ".nsm");
    const auto bytes = ns::pack::pack_model({small_network(c).packed}, {}).bytes;
    write_text(path, {bytes.begin(), bytes.end()});
    const ns::deploy::PackedModel model(path);
    CHECK_NOTHROW(ns::deploy::EmulatorSession(model, emulator("nestkit-m7")).self_test());
  }
}
