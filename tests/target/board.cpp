// The board layer: the counter counts, faults are reported, silence is noticed.
#include <doctest/doctest.h>

#include <chrono>
#include <cstdlib>

#include "expect_error.h"
#include "firmware_paths.h"

using ns::deploy::Counting;

namespace {

std::string run(const std::string& program, const std::vector<std::string>& words) {
  std::string console;
  const int status = run_firmware(emulator(program), "", words, Counting::kInstructions, &console);
  return status == 0 ? console : "status " + std::to_string(status) + ": " + console;
}

}  // namespace

TEST_CASE("the counter counts a known loop exactly, in every run") {
  const std::string expected =
      "a loop of 1000 rounds: 2001 instructions\na loop of 1000000 rounds: 2000001 instructions\n";
  for (int repetition = 0; repetition < 2; ++repetition) CHECK(run("count-example", {}) == expected);
}

TEST_CASE("the counter goes on counting after its 32-bit timer has wrapped") {
  const long long instructions = std::atoll(run("probe", {"count-long"}).c_str());
  CHECK(instructions >= 1'800'000'000);
  CHECK(instructions <= 1'800'001'000);  // the loops, and what surrounds them
}

TEST_CASE("a fault of the core is an environment error that names the fault") {
  EXPECT_ERROR(run("probe", {"bus"}), kEnvironment, "BusFault pc=0x");
  EXPECT_ERROR(run("probe", {"bus"}), kEnvironment, "address=0xb0000000");
  EXPECT_ERROR(run("probe", {"undefined"}), kEnvironment, "UsageFault pc=0x");
  EXPECT_ERROR(run("probe", {"divide"}), kEnvironment, "UsageFault pc=0x");
}

TEST_CASE("writing to flash and reading beyond the RAM of an STM32F767ZI are faults") {
  EXPECT_ERROR(run("probe", {"flash"}), kEnvironment, "MemManage pc=0x");
  EXPECT_ERROR(run("probe", {"flash"}), kEnvironment, "address=0x00040000");
  EXPECT_ERROR(run("probe", {"beyond"}), kEnvironment, "address=0x20080000");
}

TEST_CASE("a stack overflow is reported as such") {
  EXPECT_ERROR(run("probe", {"overflow"}), kEnvironment, "stack overflow");
}

TEST_CASE("a firmware that hangs is given up after the silence allowed") {
  auto options = emulator("probe");
  options.silence_seconds = 4;  // long enough for QEMU to start on a busy computer
  std::string console;
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_ERROR(run_firmware(options, "", {"hang"}, Counting::kOff, &console), kEnvironment,
               "silent for 4 s; its last output: hanging");
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(60));
}

TEST_CASE("a missing emulator or firmware is an environment error") {
  auto options = emulator("probe");
  options.qemu = "qemu-system-nobody-has";
  std::string console;
  EXPECT_ERROR(run_firmware(options, "", {}, Counting::kOff, &console), kEnvironment,
               "cannot start qemu-system-nobody-has");
  EXPECT_ERROR(run_firmware(emulator("no-such-program"), "", {}, Counting::kOff, &console), kEnvironment,
               "firmware not found");
}

TEST_CASE("an emulator that refuses its arguments is an environment error with its own words") {
  auto options = emulator("probe");
  options.qemu = "false";
  std::string console;
  EXPECT_ERROR(run_firmware(options, "", {}, Counting::kOff, &console), kEnvironment, "ended with status 1");
}

TEST_CASE("an unknown command prints the usage and ends with status 2") {
  CHECK(run("nestkit-m7", {"fly"}).find("status 2: usage:") == 0);
}
