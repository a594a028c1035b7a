#include "ns/deploy/board_session.h"

#include <algorithm>
#include <cstring>

#include "model/crc32.h"
#include "ns/base/error.h"
#include "ns/deploy/board_line.h"

namespace ns::deploy {

using namespace nsrt::serial;

namespace {

const char* const kFirmwareHint = "its firmware is of another version: build and flash it again";

// The input that `speed` takes on the emulator (firmware/apps/speed.cpp), so that counts can be compared.
std::vector<std::int8_t> noise(std::size_t bytes) {
  std::vector<std::int8_t> input(bytes);
  std::uint32_t state = 1;
  for (std::int8_t& value : input) {
    state = state * 1664525 + 1013904223;
    value = static_cast<std::int8_t>(state >> 24);
  }
  return input;
}

}  // namespace

BoardSession::BoardSession(const PackedModel& model, const BoardOptions& options)
    : model_(model), line_(std::make_unique<BoardLine>(options)) {
  greet();
  open_model();
}

BoardSession::~BoardSession() = default;

std::size_t BoardSession::repeated_requests() const {
  return line_->repeated();
}

void BoardSession::greet() {
  const BoardReply reply = line_->request(kHello);
  if (reply.status != NSRT_OK || reply.number(0, 2) != kProtocolVersion) {
    throw environment_error(line_->device() + ": speaks version " + std::to_string(reply.number(0, 2)) +
                                " of the protocol, expected " + std::to_string(kProtocolVersion),
                            kFirmwareHint);
  }
  const std::uint64_t counts = reply.number(2, 1);
  if (counts > kInstructions)
    throw environment_error(line_->device() + ": counts something unknown", kFirmwareHint);
  board_.counts = static_cast<BoardCounts>(counts);
  board_.core_hz = static_cast<std::uint32_t>(reply.number(4, 4));
  if (board_.counts == BoardCounts::kCycles && board_.core_hz == 0)
    throw environment_error(line_->device() + ": counts cycles of 0 Hz", kFirmwareHint);
  board_.model_room = static_cast<std::uint32_t>(reply.number(8, 4));
  board_.arena_bytes = static_cast<std::uint32_t>(reply.number(12, 4));
  for (std::size_t i = 16; i < reply.data.size(); ++i) {
    const char c = static_cast<char>(reply.data[i]);
    board_.name += c > ' ' && c < 0x7F ? c : '?';
  }
}

void BoardSession::open_model() {
  if (model_.bytes() > board_.model_room) {
    throw input_error(model_.path() + ": " + std::to_string(model_.bytes()) + " bytes do not fit the " +
                      std::to_string(board_.model_room) + " bytes that " + board_.name + " has for a model");
  }
  const std::string hint = "write " + model_.path() + " into the board's flash first (docs/boards.md)";
  const BoardReply reply = line_->request(kOpen);
  if (reply.status != NSRT_OK) {
    throw input_error(line_->device() + ": " + board_.name + " refuses what is in its flash, at " +
                          std::to_string(reply.number(0, 4)) + ": " +
                          nsrt_status_text(static_cast<nsrt_status>(reply.status)),
                      hint);
  }
  const std::uint64_t bytes = reply.number(8, 4), crc = reply.number(12, 4);
  if (bytes != model_.bytes() ||
      crc != nsrt::crc32(model_.model().data, static_cast<std::uint32_t>(model_.bytes()))) {
    throw input_error(line_->device() + ": " + board_.name + " has another model in its flash, of " +
                          std::to_string(bytes) + " bytes; " + model_.path() + " has " +
                          std::to_string(model_.bytes()),
                      hint);
  }
}

BoardReply BoardSession::ask(std::uint8_t command, std::span<const std::uint8_t> payload) {
  BoardReply reply = line_->request(static_cast<Command>(command), payload);
  if (reply.status == NSRT_OK) return reply;
  const std::string who = line_->device() + ": " + board_.name;
  if (reply.status == NSRT_BAD_TEST) {
    throw Error(ErrorKind::kCheck, model_.path() + ": its test vector gives other bytes on " + board_.name);
  }
  if (reply.status == NSRT_ARENA_TOO_SMALL) {
    throw input_error(model_.path() + ": does not fit " + board_.name + ", which has " +
                      std::to_string(board_.arena_bytes) + " bytes for activations, scratch and the output");
  }
  if (reply.status >= kBadRequest) {
    throw environment_error(
        who + " does not understand request " + std::to_string(command) + ", or was reset in between",
        kFirmwareHint);
  }
  throw environment_error(who + " answers request " + std::to_string(command) + ": " +
                          nsrt_status_text(static_cast<nsrt_status>(reply.status)));
}

BoardReply BoardSession::run_one(unsigned network, unsigned subnet, std::span<const std::int8_t> input,
                                 std::uint16_t trace) {
  const std::span bytes(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
  for (std::size_t at = 0; at < bytes.size(); at += kMostData) {
    const auto piece = bytes.subspan(at, std::min(kMostData, bytes.size() - at));
    ask(kInput, BoardRequest().put(network, 2).put(0, 2).put(static_cast<std::uint32_t>(at), 4).put(piece));
  }
  return ask(kRun, BoardRequest().put(network, 2).put(subnet, 2).put(trace, 2));
}

void BoardSession::fetch(std::uint16_t what, std::span<std::uint8_t> bytes) {
  for (std::size_t at = 0; at < bytes.size(); at += kMostData) {
    const auto piece = bytes.subspan(at, std::min(kMostData, bytes.size() - at));
    const BoardReply reply = ask(kResult, BoardRequest()
                                              .put(what, 2)
                                              .put(0, 2)
                                              .put(static_cast<std::uint32_t>(at), 4)
                                              .put(static_cast<std::uint32_t>(piece.size()), 4));
    if (reply.data.size() != piece.size()) {
      throw environment_error(line_->device() + ": asked for " + std::to_string(piece.size()) +
                                  " bytes of results, got " + std::to_string(reply.data.size()),
                              kFirmwareHint);
    }
    std::ranges::copy(reply.data, piece.begin());
  }
}

Outputs BoardSession::run(const Batch& batch, const Progress& progress) {
  const nsrt_network_info& info = model_.network(batch.network, batch.subnet);
  Outputs outputs{image_count(model_, batch), model_.answer_bytes(batch.network), info.operators, {}, {}};
  outputs.bytes.resize(outputs.images * outputs.output_bytes);
  outputs.checksums.resize(std::min(batch.traced, outputs.images) * outputs.operators);
  const std::size_t traced = outputs.traced();
  for (std::size_t image = 0; image < outputs.images; ++image) {
    run_one(batch.network, batch.subnet, batch.inputs.subspan(image * info.input.bytes, info.input.bytes),
            image < traced ? kTraceChecksums : kNoTrace);
    const auto answer = std::span(outputs.bytes).subspan(image * outputs.output_bytes, outputs.output_bytes);
    fetch(kOutput, answer.first(info.output.bytes));
    if (model_.detector(batch.network) != nullptr) {
      ask(kDetect, {});
      fetch(kDetections, answer.subspan(info.output.bytes));
    }
    if (image < traced) {
      std::vector<std::uint8_t> bytes(outputs.operators * sizeof(std::uint32_t));
      fetch(kChecksums, bytes);
      std::memcpy(outputs.checksums.data() + image * outputs.operators, bytes.data(), bytes.size());
    }
    if (progress) progress(image + 1);
  }
  return outputs;
}

std::vector<SubnetCost> BoardSession::measure_speed(unsigned network, const Progress& progress) {
  const nsrt_network_info& info = model_.network(network);
  if (board_.counts == BoardCounts::kNothing) return {};
  const std::vector<std::int8_t> input = noise(info.input.bytes);
  std::vector<SubnetCost> costs(info.subnets);
  for (unsigned subnet = 1; subnet <= info.subnets; ++subnet) {
    SubnetCost& cost = costs[subnet - 1];
    cost.subnet = subnet;
    const bool detects = model_.detector(network) != nullptr;
    run_one(network, subnet, input, kNoTrace);
    if (detects) ask(kDetect, {});
    const BoardReply reply = run_one(network, subnet, input, kTraceCounts);
    cost.total = reply.number(0, 8);
    cost.stack_bytes = static_cast<std::uint32_t>(reply.number(8, 4));
    std::vector<std::uint8_t> bytes(info.operators * sizeof(std::uint32_t));
    fetch(kOperators, bytes);
    std::vector<std::uint32_t> counts(info.operators);
    std::memcpy(counts.data(), bytes.data(), bytes.size());
    cost.operators.assign(counts.begin(), counts.end());
    if (detects) cost.detection = ask(kDetect, {}).number(0, 8);
    if (progress) progress(subnet);
  }
  return costs;
}

void BoardSession::self_test() {
  ask(kCheck, {});
}

}  // namespace ns::deploy
