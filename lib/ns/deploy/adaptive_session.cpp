#include "ns/deploy/adaptive_session.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <memory>
#include <numeric>
#include <thread>

#include "ns/base/error.h"
#include "ns/base/mapped_file.h"

namespace ns::deploy {
namespace {

constexpr const char *kRule = "rule.bin", *kInputs = "inputs.bin", *kOutputs = "outputs.bin";

constexpr std::size_t kMostRuleBytes = 4096;  // firmware/apps/adapt.cpp

// As the firmware writes it.
struct Record {
  nsrt_verdict verdict;
  std::uint32_t instructions;
};
static_assert(sizeof(Record) == 16);

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

void collect(const Share& share, Counting counting, AdaptiveOutputs& outputs) {
  const MappedFile file(share.process->file(kOutputs));
  if (file.size() != share.images * sizeof(Record)) {
    throw environment_error("the emulated board wrote " + std::to_string(file.size()) + " bytes for " +
                            std::to_string(share.images) + " verdicts");
  }
  for (std::size_t i = 0; i < share.images; ++i) {
    Record record;
    std::memcpy(&record, file.bytes().data() + i * sizeof record, sizeof record);
    outputs.verdicts[share.first + i] = record.verdict;
    // Without QEMU's instruction clock the board counts time.
    if (counting == Counting::kInstructions) outputs.instructions[share.first + i] = record.instructions;
  }
}

// No rule bytes: the model's own rule.
AdaptiveOutputs run_all(const PackedModel& model, const EmulatorOptions& options,
                        std::span<const std::uint8_t> rule, std::span<const std::int8_t> inputs,
                        Counting counting, const std::function<void()>& waiting) {
  const std::size_t bytes = model.network(0).input.bytes;
  if (inputs.empty() || inputs.size() % bytes != 0) {
    throw internal_error("inputs are not a whole number of tensors");
  }
  const std::size_t images = inputs.size() / bytes;
  const std::size_t count = std::min<std::size_t>(std::max(1u, options.processes), images);
  std::vector<Share> shares;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t first = images * i / count, end = images * (i + 1) / count;
    Share& share =
        shares.emplace_back(first, end - first, std::make_unique<EmulatorProcess>(options, model.path()));
    std::vector<std::string> command{"adapt", kInputs, kOutputs};
    if (!rule.empty()) {
      write_file(share.process->file(kRule), rule.data(), rule.size());
      command.insert(command.begin() + 1, kRule);
    }
    write_file(share.process->file(kInputs), inputs.data() + first * bytes, share.images * bytes);
    share.process->watch(kOutputs);
    share.process->start(command, counting);
  }
  AdaptiveOutputs outputs{std::vector<nsrt_verdict>(images), std::vector<std::uint32_t>(images)};
  for (const Share& share : shares) {
    while (!share.process->finished()) {
      if (waiting) waiting();
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    expect_success(*share.process, model);
    collect(share, counting, outputs);
  }
  return outputs;
}

}  // namespace

double AdaptiveOutputs::mean_instructions() const {
  const double sum = std::accumulate(instructions.begin(), instructions.end(), 0.0);
  return sum / static_cast<double>(instructions.size());
}

AdaptiveOutputs run_adaptive(const PackedModel& model, const EmulatorOptions& options, const PackedRule& rule,
                             std::span<const std::int8_t> inputs, Counting counting,
                             const std::function<void()>& waiting) {
  const std::vector<std::uint8_t> bytes = rule.bytes();
  if (bytes.size() > kMostRuleBytes) {
    throw input_error("a rule of " + std::to_string(bytes.size()) + " bytes: the firmware takes at most " +
                          std::to_string(kMostRuleBytes),
                      "one threshold for all classes takes less room than one per class");
  }
  return run_all(model, options, bytes, inputs, counting, waiting);
}

AdaptiveOutputs run_adaptive(const PackedModel& model, const EmulatorOptions& options,
                             std::span<const std::int8_t> inputs, Counting counting,
                             const std::function<void()>& waiting) {
  if (model.rule() == nullptr)
    throw usage_error(model.path() + ": has no stopping rule", "coop-eval makes cooperative models");
  return run_all(model, options, {}, inputs, counting, waiting);
}

}  // namespace ns::deploy
