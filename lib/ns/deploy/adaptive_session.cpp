#include "ns/deploy/adaptive_session.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <memory>
#include <regex>
#include <thread>

#include "ns/base/error.h"
#include "ns/base/mapped_file.h"

namespace ns::deploy {
namespace {

constexpr const char *kRule = "rule.bin", *kInputs = "inputs.bin", *kOutputs = "outputs.bin";

constexpr std::size_t kMostRuleBytes = 4096;  // firmware/apps/adapt.cpp

static_assert(sizeof(nsrt_verdict) == 12, "as the firmware writes it");

struct Share {
  std::size_t first, images;
  std::unique_ptr<EmulatorProcess> process;
};

void write_file(const std::string& path, const void* data, std::size_t bytes) {
  std::ofstream file(path, std::ios::binary);
  if (!file.write(static_cast<const char*>(data), static_cast<std::streamsize>(bytes)).flush()) {
    throw environment_error(path + ": cannot be written: " + std::strerror(errno),
                            "the environment's TMPDIR chooses another place");
  }
}

std::uint64_t counted(const std::string& console) {
  std::smatch found;
  static const std::regex line("adaptive images=\\d+ instructions=(\\d+)");
  if (!std::regex_search(console, found, line)) {
    throw environment_error("the emulated board did not count: " + console);
  }
  return std::stoull(found[1]);
}

void expect_success(const EmulatorProcess& process, const PackedModel& model) {
  constexpr int kRefused = 3;  // firmware/apps/apps.h
  const int status = process.exit_status();
  if (status == kRefused) {
    throw input_error(model.path() + ": the emulated board says: " + process.console());
  }
  if (status != 0) {
    throw environment_error(
        "the firmware ended with status " + std::to_string(status) + ": " + process.console(),
        "the firmware may be of another version: build it again");
  }
}

void collect(const Share& share, AdaptiveOutputs& outputs) {
  const MappedFile file(share.process->file(kOutputs));
  if (file.size() != share.images * sizeof(nsrt_verdict)) {
    throw environment_error("the emulated board wrote " + std::to_string(file.size()) + " bytes for " +
                            std::to_string(share.images) + " verdicts");
  }
  std::memcpy(outputs.verdicts.data() + share.first, file.bytes().data(), file.size());
}

}  // namespace

AdaptiveOutputs run_adaptive(const PackedModel& model, const EmulatorOptions& options, const PackedRule& rule,
                             std::span<const std::int8_t> inputs, Counting counting,
                             const std::function<void()>& waiting) {
  const std::size_t bytes = model.network(0).input.bytes;
  if (inputs.empty() || inputs.size() % bytes != 0) {
    throw internal_error("inputs are not a whole number of tensors");
  }
  const std::size_t images = inputs.size() / bytes;
  const std::size_t count = std::min<std::size_t>(std::max(1u, options.processes), images);
  const std::vector<std::uint8_t> rule_bytes = rule.bytes();
  if (rule_bytes.size() > kMostRuleBytes) {
    throw input_error("a rule of " + std::to_string(rule_bytes.size()) +
                          " bytes: the firmware takes at most " + std::to_string(kMostRuleBytes),
                      "one threshold for all classes takes less room than one per class");
  }
  std::vector<Share> shares;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t first = images * i / count, end = images * (i + 1) / count;
    Share& share =
        shares.emplace_back(first, end - first, std::make_unique<EmulatorProcess>(options, model.path()));
    write_file(share.process->file(kRule), rule_bytes.data(), rule_bytes.size());
    write_file(share.process->file(kInputs), inputs.data() + first * bytes, share.images * bytes);
    share.process->watch(kOutputs);
    share.process->start({"adapt", kRule, kInputs, kOutputs}, counting);
  }
  AdaptiveOutputs outputs{std::vector<nsrt_verdict>(images), 0};
  for (const Share& share : shares) {
    while (!share.process->finished()) {
      if (waiting) waiting();
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    expect_success(*share.process, model);
    collect(share, outputs);
    if (counting == Counting::kInstructions) outputs.instructions += counted(share.process->console());
  }
  return outputs;
}

}  // namespace ns::deploy
