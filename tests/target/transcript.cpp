// The kernels' shared transcript: made from the same sources for the host and for the emulated board.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>

#include "firmware_paths.h"

namespace {

std::string on_board(const std::string& kernels) {
  std::string console;
  CHECK(run_firmware(emulator(), "", {"selftest", kernels}, ns::deploy::Counting::kOff, &console) == 0);
  return console;
}

std::string on_host(const std::string& kernels) {
  std::string text;
  FILE* pipe =
      ::popen((std::string(NESTKIT_FIRMWARE_DIR) + "/nestkit-host selftest " + kernels).c_str(), "r");
  REQUIRE(pipe != nullptr);
  char piece[4096];
  for (std::size_t got; (got = std::fread(piece, 1, sizeof piece, pipe)) > 0;) text.append(piece, got);
  CHECK(::pclose(pipe) == 0);
  return text;
}

}  // namespace

TEST_CASE("reference kernels leave the same transcript on the board and on the host") {
  const std::string expected = on_host("reference");
  CHECK(std::ranges::count(expected, '\n') > 100);
  CHECK(on_board("reference") == expected);
}

TEST_CASE("the fast kernels of the board and of the host leave the transcript of the reference kernels") {
  const std::string expected = on_host("reference");
  CHECK(on_board("fast") == expected);
  CHECK(on_host("fast") == expected);
}
