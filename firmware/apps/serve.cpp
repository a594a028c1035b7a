#include "firmware/apps/serve.h"

#include <string.h>

#include "firmware/apps/checksums.h"
#include "firmware/apps/detections.h"
#include "firmware/apps/model_size.h"
#include "firmware/apps/timed_run.h"
#include "model/crc32.h"

namespace app {

using namespace nsrt::serial;

namespace {

Counts counts() {
  return board::counts_instructions() ? kInstructions : board::cycles_per_second() > 0 ? kCycles : kNothing;
}

std::uint64_t counts_of(std::uint64_t ticks) {
  return board::counts_instructions() ? board::instructions(ticks) : ticks;
}

}  // namespace

// A request's fields, read one after the other; ok says whether all were there.
struct ModelServer::Request {
  explicit Request(const Frame& frame) : type(frame.type), at_(frame.payload), left_(frame.length) {}

  std::uint16_t u16() { return static_cast<std::uint16_t>(take(2)); }
  std::uint32_t u32() { return take(4); }
  const std::uint8_t* rest() const { return at_; }
  std::size_t left() const { return left_; }
  bool complete() const { return ok_ && left_ == 0; }
  bool ok() const { return ok_; }

  const std::uint8_t type;

 private:
  std::uint32_t take(unsigned bytes) {
    std::uint32_t value = 0;
    ok_ = ok_ && left_ >= bytes;
    if (!ok_) return 0;
    for (unsigned i = 0; i < bytes; ++i) value |= std::uint32_t{at_[i]} << 8 * i;
    at_ += bytes;
    left_ -= bytes;
    return value;
  }

  const std::uint8_t* at_;
  std::size_t left_;
  bool ok_ = true;
};

std::size_t ModelServer::answer(const Frame& frame) {
  if (frame.sequence == last_sequence_ && frame.type == last_type_ && frame.type != kHello)
    return reply_bytes_;
  last_sequence_ = frame.sequence;
  last_type_ = frame.type;
  length_ = 4;
  const std::uint32_t status = execute(Request(frame));
  if (status != NSRT_OK && frame.type != kOpen) length_ = 4;
  for (unsigned i = 0; i < 4; ++i) payload_[i] = static_cast<std::uint8_t>(status >> 8 * i);
  reply_bytes_ =
      encode_frame(reply_, static_cast<std::uint8_t>(frame.type | kReply), frame.sequence, payload_, length_);
  return reply_bytes_;
}

std::uint32_t ModelServer::execute(const Request& request) {
  switch (request.type) {
    case kHello:
      hello();
      return NSRT_OK;
    case kOpen:
      return open();
    case kCheck:
      return check();
    case kInput:
      return input(request);
    case kRun:
      return run(request);
    case kDetect:
      return detect(request);
    case kResult:
      return result(request);
  }
  return kBadRequest;
}

void ModelServer::hello() {
  opened_ = false;
  put(kProtocolVersion, 2);
  put(counts(), 1);
  put(0, 1);
  put(board::cycles_per_second(), 4);
  put(board::model_flash().bytes, 4);
  put(board::arena().bytes, 4);
  put_bytes(board::name(), strlen(board::name()));
}

std::uint32_t ModelServer::open() {
  const board::Region flash = board::model_flash();
  const nsrt_error error = nsrt_open(&model_, flash.data, size_in_header(flash));
  opened_ = error.status == NSRT_OK;
  put(error.offset, 4);
  put(error.index, 4);
  put(opened_ ? model_.bytes : 0, 4);
  put(opened_ ? nsrt::crc32(model_.data, model_.bytes) : 0, 4);
  return error.status;
}

std::uint32_t ModelServer::check() {
  if (!opened_) return kBadRequest;
  return nsrt_self_test(&model_, board::arena().data, board::arena().bytes);
}

std::uint32_t ModelServer::describe(unsigned network, nsrt_network_info* info, nsrt_regions* regions) const {
  if (!opened_) return kBadRequest;
  const nsrt_status status = nsrt_describe(&model_, network, info);
  if (status != NSRT_OK) return status;
  const board::Region fast = board::fast_ram(), arena = board::arena();
  *regions = {fast.data, nsrt_arena_cut(&model_, network, static_cast<std::uint32_t>(fast.bytes)), arena.data,
              arena.bytes};
  const std::uint64_t rest = info->arena_bytes - regions->fast_bytes;
  return rest + info->output.bytes <= arena.bytes ? NSRT_OK : NSRT_ARENA_TOO_SMALL;
}

std::uint32_t ModelServer::input(const Request& received) {
  Request request = received;
  const std::uint16_t network = request.u16();
  request.u16();
  const std::uint32_t offset = request.u32();
  if (!request.ok()) return kBadRequest;
  nsrt_network_info info;
  nsrt_regions regions;
  if (const std::uint32_t status = describe(network, &info, &regions); status != NSRT_OK) return status;
  if (offset > info.input.bytes || info.input.bytes - offset < request.left()) return kBadRequest;
  memcpy(nsrt_input_place_in(&model_, network, &regions) + offset, request.rest(), request.left());
  return NSRT_OK;
}

std::uint32_t ModelServer::run(const Request& received) {
  Request request = received;
  const std::uint16_t network = request.u16(), subnet = request.u16(), trace = request.u16();
  ran_ = {};
  found_bytes_ = 0;
  if (!request.complete() || trace > kTraceCounts) return kBadRequest;
  nsrt_network_info info;
  nsrt_regions regions;
  if (const std::uint32_t status = describe(network, &info, &regions); status != NSRT_OK) return status;
  std::int8_t* const place = nsrt_input_place_in(&model_, network, &regions);
  output_ = board::arena().data + (info.arena_bytes - regions.fast_bytes);
  TimedRun timed{NSRT_OK, 0, 0};
  if (trace == kTraceCounts) {
    timed = timed_run(model_, network, subnet, info, regions, place, output_);
  } else {
    const nsrt_run_options options = {store_checksum, nullptr};
    timed.status = nsrt_run_in(&model_, network, subnet, place, output_, &regions,
                               trace == kTraceChecksums ? &options : nullptr);
  }
  if (timed.status != NSRT_OK) return timed.status;
  ran_ = info;
  network_ = network;
  subnet_ = subnet;
  trace_ = trace;
  put(counts_of(timed.total), 8);
  put(timed.stack_bytes, 4);
  return NSRT_OK;
}

std::uint32_t ModelServer::detect(const Request& request) {
  nsrt_detector detector;
  if (!request.complete() || ran_.output.bytes == 0 ||
      nsrt_describe_detector(&model_, network_, &detector) != NSRT_OK)
    return kBadRequest;
  std::uint32_t* const place = detections_place(output_ + ran_.output.bytes, detector);
  if (place == nullptr) return NSRT_ARENA_TOO_SMALL;
  const Detected detected = app::detect(model_, network_, subnet_, output_, detector, place);
  if (detected.status != NSRT_OK) return detected.status;
  found_ = place;
  found_bytes_ = detections_bytes(detector);
  put(counts_of(detected.ticks), 8);
  return NSRT_OK;
}

std::uint32_t ModelServer::result(const Request& received) {
  Request request = received;
  const std::uint16_t what = request.u16();
  request.u16();
  const std::uint32_t offset = request.u32(), bytes = request.u32();
  if (!request.complete() || bytes > kMostData) return kBadRequest;
  if (what == kOutput || what == kDetections) {
    const std::uint32_t size = what == kOutput ? ran_.output.bytes : found_bytes_;
    if (offset > size || size - offset < bytes) return kBadRequest;
    put_bytes((what == kOutput ? output_ : reinterpret_cast<const std::uint8_t*>(found_)) + offset, bytes);
    return NSRT_OK;
  }
  const bool known =
      (what == kChecksums && trace_ == kTraceChecksums) || (what == kOperators && trace_ == kTraceCounts);
  const std::uint32_t size = std::uint32_t{4} * ran_.operators;
  if (!known || offset % 4 != 0 || bytes % 4 != 0 || offset > size || size - offset < bytes)
    return kBadRequest;
  for (std::uint32_t op = offset / 4; op < (offset + bytes) / 4; ++op)
    put(what == kChecksums ? checksums[op] : counts_of(operator_ticks()[op]), 4);
  return NSRT_OK;
}

void ModelServer::put(std::uint64_t value, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i) payload_[length_++] = static_cast<std::uint8_t>(value >> 8 * i);
}

void ModelServer::put_bytes(const void* data, std::size_t bytes) {
  memcpy(payload_ + length_, data, bytes);
  length_ += bytes;
}

void serve() {
  static ModelServer server;
  static FrameReader reader;
  for (;;) {
    std::uint8_t byte;
    if (!board::serial_read(&byte)) continue;
    reader.push(byte);
    for (Frame request; reader.next(&request);) {
      const std::size_t bytes = server.answer(request);
      board::serial_write(server.reply(), bytes);
    }
  }
}

}  // namespace app
