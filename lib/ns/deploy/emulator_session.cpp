#include "ns/deploy/emulator_session.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <memory>
#include <regex>
#include <sstream>
#include <thread>

#include "ns/base/error.h"
#include "ns/base/mapped_file.h"

namespace ns::deploy {
namespace {

// firmware/apps/apps.h
constexpr int kDifferent = 1, kRefused = 3;
constexpr const char* kInputs = "inputs.bin";
constexpr const char* kOutputs = "outputs.bin";
constexpr std::size_t kModelRoom = 1792 * 1024;  // firmware/boards/mps2_an500/linker.ld

/// A share of a batch on one emulator.
struct Share {
  std::size_t first, images, traced;
  std::unique_ptr<EmulatorProcess> process;
  bool done = false;
};

std::vector<Share> divide(std::size_t images, std::size_t traced, unsigned processes) {
  std::vector<Share> shares;
  const std::size_t count = std::min<std::size_t>(std::max(1u, processes), std::max<std::size_t>(1, images));
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t first = images * i / count, end = images * (i + 1) / count;
    shares.push_back({first, end - first, std::clamp(traced, first, end) - first, nullptr});
  }
  return shares;
}

void collect(const Share& share, std::size_t operators, Outputs& outputs) {
  const MappedFile file(share.process->file(kOutputs));
  const std::size_t trace_bytes = operators * sizeof(std::uint32_t);
  if (file.size() != share.images * outputs.output_bytes + share.traced * trace_bytes) {
    throw environment_error("the emulated board wrote " + std::to_string(file.size()) + " bytes for " +
                            std::to_string(share.images) + " images of " +
                            std::to_string(outputs.output_bytes));
  }
  const std::uint8_t* at = file.bytes().data();
  for (std::size_t i = 0; i < share.images; ++i) {
    std::memcpy(outputs.bytes.data() + (share.first + i) * outputs.output_bytes, at, outputs.output_bytes);
    at += outputs.output_bytes;
    if (i < share.traced) {
      std::memcpy(outputs.checksums.data() + (share.first + i) * operators, at, trace_bytes);
      at += trace_bytes;
    }
  }
}

std::size_t images_done(const Share& share, std::size_t output_bytes, std::size_t operators) {
  if (share.done) return share.images;
  const std::size_t written = share.process->file_bytes(kOutputs);
  const std::size_t traced_bytes = output_bytes + operators * sizeof(std::uint32_t);
  return written < share.traced * traced_bytes
             ? written / traced_bytes
             : share.traced + (written - share.traced * traced_bytes) / output_bytes;
}

/// One line of `speed` (firmware/apps/speed.cpp): "op subnet=1 index=0 instructions=12345" or "total …".
std::uint64_t number_after(const std::string& line, const std::string& key) {
  std::uint64_t number = 0;
  const std::size_t at = line.find(" " + key + "=");
  if (at != std::string::npos) {
    const char* digits = line.data() + at + key.size() + 2;
    if (std::from_chars(digits, line.data() + line.size(), number).ptr != digits) return number;
  }
  throw environment_error("the emulated board said \"" + line + "\" where a line with \"" + key +
                          "=\" was expected");
}

}  // namespace

EmulatorSession::EmulatorSession(const PackedModel& model, EmulatorOptions options)
    : model_(model), options_(std::move(options)) {
  if (model.bytes() > kModelRoom) {
    throw input_error(model.path() + ": " + std::to_string(model.bytes()) + " bytes do not fit the board's " +
                      std::to_string(kModelRoom) + " bytes of flash for a model");
  }
}

void EmulatorSession::expect_success(int status, const std::string& console) const {
  if (status == 0) return;
  std::smatch found;
  static const std::regex refusal("refused status=(\\d+) offset=(\\d+) index=(\\d+)");
  if (status == kRefused && std::regex_search(console, found, refusal)) {
    const auto code = static_cast<nsrt_status>(std::stoul(found[1]));
    throw input_error(
        model_.path() + ": refused by the emulated board, at " + found[2].str() + ": " +
            nsrt_status_text(code),
        code == NSRT_ARENA_TOO_SMALL ? "the board has 448 KiB for activations, scratch and the output" : "");
  }
  if (status == kDifferent)
    throw Error(ErrorKind::kCheck,
                model_.path() + ": its test vector gives other bytes on the emulated board");
  throw environment_error("the firmware ended with status " + std::to_string(status) + ": " + console,
                          "the firmware may be of another version: build it again");
}

Outputs EmulatorSession::run(const Batch& batch, const Progress& progress) {
  const nsrt_network_info& info = model_.network(batch.network, batch.subnet);
  Outputs outputs{image_count(model_, batch), model_.answer_bytes(batch.network), info.operators, {}, {}};
  const std::size_t traced = std::min(batch.traced, outputs.images);
  outputs.bytes.resize(outputs.images * outputs.output_bytes);
  outputs.checksums.resize(traced * outputs.operators);

  std::vector<Share> shares = divide(outputs.images, traced, options_.processes);
  for (Share& share : shares) {
    share.process = std::make_unique<EmulatorProcess>(options_, model_.path());
    const auto* bytes = reinterpret_cast<const char*>(batch.inputs.data()) + share.first * info.input.bytes;
    std::ofstream inputs(share.process->file(kInputs), std::ios::binary);
    if (!inputs.write(bytes, static_cast<std::streamsize>(share.images * info.input.bytes)).flush()) {
      throw environment_error(share.process->file(kInputs) + ": cannot be written: " + std::strerror(errno),
                              "the environment's TMPDIR chooses another place");
    }
    share.process->watch(kOutputs);
    share.process->start({"infer", std::to_string(batch.network), std::to_string(batch.subnet), kInputs,
                          kOutputs, std::to_string(share.traced)},
                         Counting::kOff);
  }
  for (std::size_t running = shares.size(); running > 0;) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    std::size_t finished = 0;
    for (Share& share : shares) {
      if (!share.done && share.process->finished()) {
        expect_success(share.process->exit_status(), share.process->console());
        collect(share, outputs.operators, outputs);
        share.done = true;
        --running;
      }
      finished += images_done(share, outputs.output_bytes, outputs.operators);
    }
    if (progress) progress(finished);
  }
  return outputs;
}

std::vector<SubnetCost> EmulatorSession::measure_speed(unsigned network, const Progress& progress) {
  const nsrt_network_info& info = model_.network(network);
  std::string console;
  const int status = run_firmware(options_, model_.path(), {"speed", std::to_string(network)},
                                  Counting::kInstructions, &console, [&] {
                                    if (progress) progress(0);
                                  });
  expect_success(status, console);
  std::vector<SubnetCost> costs(info.subnets);
  std::istringstream lines(console);
  for (std::string line; std::getline(lines, line);) {
    const std::uint64_t subnet = number_after(line, "subnet");
    if (subnet < 1 || subnet > costs.size())
      throw environment_error("the emulated board counted a subnet too many: " + line);
    SubnetCost& cost = costs[subnet - 1];
    cost.subnet = static_cast<unsigned>(subnet);
    if (line.starts_with("total ")) {
      cost.total = number_after(line, "instructions");
      cost.stack_bytes = static_cast<std::uint32_t>(number_after(line, "stack"));
    } else if (line.starts_with("detect ")) {
      cost.detection = number_after(line, "instructions");
    } else {
      cost.operators.push_back(number_after(line, "instructions"));
    }
  }
  for (const SubnetCost& cost : costs) {
    if (cost.operators.size() != info.operators || cost.total == 0) {
      throw environment_error("the emulated board's counts are incomplete: " + console);
    }
  }
  return costs;
}

void EmulatorSession::self_test() {
  std::string console;
  expect_success(run_firmware(options_, model_.path(), {"check"}, Counting::kOff, &console), console);
}

}  // namespace ns::deploy
