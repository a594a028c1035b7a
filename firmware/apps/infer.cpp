// infer NETWORK SUBNET INPUTS OUTPUTS TRACED
// INPUTS: input tensors, one after the other. OUTPUTS: for each its output tensor, and for the first TRACED
// of them, after it, the CRC-32 of every operator's output (u32, little-endian). A detector's outputs are
// followed by the number of its detections (u32) and these, zero-filled to the model's number of candidates.
#include "firmware/apps/apps.h"
#include "firmware/apps/checksums.h"
#include "firmware/apps/detections.h"

namespace app {
namespace {

struct Job {
  const nsrt_model* model;
  unsigned network, subnet, traced;
  nsrt_network_info info;
  int inputs, outputs;
};

int run_all(const Job& job) {
  const board::Region arena = board::arena();
  if (arena.bytes < std::uint64_t{job.info.arena_bytes} + job.info.output.bytes)
    return refuse(NSRT_ARENA_TOO_SMALL);
  nsrt_detector detector;
  std::uint32_t* found = nullptr;
  if (nsrt_describe_detector(job.model, job.network, &detector) == NSRT_OK) {
    found = detections_place(arena.data + job.info.arena_bytes + job.info.output.bytes, detector);
    if (found == nullptr) return refuse(NSRT_ARENA_TOO_SMALL);
  }
  std::int8_t* const input = nsrt_input_place(job.model, job.network, arena.data);
  std::uint8_t* const output = arena.data + job.info.arena_bytes;
  const nsrt_run_options trace = {store_checksum, nullptr};
  for (unsigned image = 0;; ++image) {
    const std::size_t bytes = board::read(job.inputs, input, job.info.input.bytes);
    if (bytes == 0) return kDone;
    if (bytes != job.info.input.bytes) return kFileError;
    const bool traced = image < job.traced;
    const nsrt_status status = nsrt_run(job.model, job.network, job.subnet, input, output, arena.data,
                                        job.info.arena_bytes, traced ? &trace : nullptr);
    if (status != NSRT_OK) return refuse(status);
    if (!board::write(job.outputs, output, job.info.output.bytes)) return kFileError;
    if (found != nullptr) {
      const nsrt_status done = detect(*job.model, job.network, job.subnet, output, detector, found).status;
      if (done != NSRT_OK) return refuse(done);
      if (!board::write(job.outputs, found, detections_bytes(detector))) return kFileError;
    }
    if (traced && !board::write(job.outputs, checksums, job.info.operators * sizeof checksums[0]))
      return kFileError;
  }
}

}  // namespace

int infer() {
  const board::Arguments& arguments = board::arguments();
  std::uint32_t network, subnet, traced;
  if (arguments.count != 6 || !parse_number(arguments.word[1], &network) ||
      !parse_number(arguments.word[2], &subnet) || !parse_number(arguments.word[5], &traced)) {
    return kUsage;
  }
  nsrt_model model;
  if (!open_model(&model)) return kRefused;
  Job job{&model, network, subnet, traced, {}, -1, -1};
  if (const nsrt_status status = nsrt_describe(&model, network, &job.info); status != NSRT_OK)
    return refuse(status);
  job.inputs = board::open_for_reading(arguments.word[3]);
  job.outputs = board::open_for_writing(arguments.word[4]);
  if (job.inputs < 0 || job.outputs < 0) return kFileError;
  const int status = run_all(job);
  board::close(job.inputs);
  return board::close(job.outputs) ? status : kFileError;
}

}  // namespace app
