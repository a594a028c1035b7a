// Every architecture on the emulated Cortex-M7.
#include <doctest/doctest.h>

#include "firmware_paths.h"
#include "ns/deploy/emulator_session.h"
#include "support/small_architectures.h"
#include "temp_folder.h"

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
