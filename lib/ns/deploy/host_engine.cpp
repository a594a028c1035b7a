#include "ns/deploy/host_engine.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <thread>
#include <vector>

#include "kernels/kernels.h"
#include "model/crc32.h"
#include "model/run.h"
#include "ns/base/error.h"

namespace ns::deploy {
namespace {

constexpr std::size_t kAlignment = 64;

struct FreeAligned {
  void operator()(std::uint8_t* data) const { ::operator delete[](data, std::align_val_t{kAlignment}); }
};
using Arena = std::unique_ptr<std::uint8_t[], FreeAligned>;

Arena make_arena(std::size_t bytes) {
  return Arena(static_cast<std::uint8_t*>(::operator new[](bytes, std::align_val_t{kAlignment})));
}

void store_checksum(void* user, unsigned op_index, const void* output, std::uint32_t bytes) {
  static_cast<std::uint32_t*>(user)[op_index] = nsrt::crc32(output, bytes);
}

/// Images are handed out one by one; the first status that is not OK stops everybody.
struct Queue {
  std::atomic<std::size_t> next{0};
  std::atomic<nsrt_status> status{NSRT_OK};
};

void work(const PackedModel& model, const Batch& batch, Queue& queue, Outputs& outputs) {
  const nsrt_network_info& info = model.network(batch.network);
  const std::size_t traced = outputs.traced();
  const nsrt::KernelSet& kernels = nsrt::fast_kernels();
  const std::uint32_t scratch_bytes = nsrt::scratch_bytes(model.model(), batch.network, kernels);
  const nsrt_detector* const detector = model.detector(batch.network);
  std::vector<nsrt_detection> found(detector == nullptr ? 0 : detector->candidates);
  const Arena arena = make_arena(info.arena_bytes), scratch = make_arena(scratch_bytes);
  for (std::size_t image; (image = queue.next++) < outputs.images && queue.status == NSRT_OK;) {
    nsrt::Observer observer;
    if (image < traced) observer = {store_checksum, outputs.checksums.data() + image * outputs.operators};
    const nsrt_status status =
        nsrt::run(model.model(), batch.network, batch.subnet, batch.inputs.data() + image * info.input.bytes,
                  outputs.bytes.data() + image * outputs.output_bytes, arena.get(), info.arena_bytes, kernels,
                  {scratch.get(), scratch_bytes}, observer);
    if (status == NSRT_OK && detector != nullptr) {
      std::uint8_t* const answer = outputs.bytes.data() + image * outputs.output_bytes;
      std::uint32_t count = 0;
      nsrt_detect(&model.model(), batch.network, batch.subnet, reinterpret_cast<const std::int8_t*>(answer),
                  found.data(), &count);
      // What lies behind stays zero.
      std::memcpy(answer + info.output.bytes, &count, sizeof count);
      std::memcpy(answer + info.output.bytes + sizeof count, found.data(), count * sizeof found[0]);
    }
    if (status != NSRT_OK) queue.status = status;
  }
}

}  // namespace

HostEngine::HostEngine(const PackedModel& model, unsigned threads)
    : model_(model), threads_(threads != 0 ? threads : std::max(1u, std::thread::hardware_concurrency())) {}

Outputs HostEngine::run(const Batch& batch, const Progress& progress) {
  const nsrt_network_info& info = model_.network(batch.network, batch.subnet);
  Outputs outputs{image_count(model_, batch), model_.answer_bytes(batch.network), info.operators, {}, {}};
  outputs.bytes.resize(outputs.images * outputs.output_bytes);
  outputs.checksums.resize(std::min(batch.traced, outputs.images) * outputs.operators);

  Queue queue;
  std::mutex mutex;
  std::condition_variable ended;
  unsigned working = threads_;
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < threads_; ++i) {
      threads.emplace_back([&] {
        work(model_, batch, queue, outputs);
        const std::scoped_lock lock(mutex);
        --working;
        ended.notify_one();
      });
    }
    std::unique_lock lock(mutex);
    while (!ended.wait_for(lock, std::chrono::milliseconds(100), [&] { return working == 0; })) {
      try {
        if (progress) progress(std::min<std::size_t>(queue.next, outputs.images));
      } catch (...) {
        queue.next = outputs.images;  // the threads that are about to be joined have nothing left to do
        throw;
      }
    }
  }
  if (queue.status != NSRT_OK) {
    throw internal_error(model_.path() + ": a valid model does not run: " + nsrt_status_text(queue.status));
  }
  if (progress) progress(outputs.images);
  return outputs;
}

void self_test(const PackedModel& model) {
  std::size_t bytes = 0;
  for (unsigned i = 0; i < model.networks(); ++i)
    bytes = std::max<std::size_t>(bytes, model.network(i).arena_bytes);
  const Arena arena = make_arena(bytes);
  const nsrt_status status = nsrt_self_test(&model.model(), arena.get(), bytes);
  if (status != NSRT_OK) {
    throw internal_error(model.path() +
                         ": its own test vector fails on this computer: " + nsrt_status_text(status));
  }
}

}  // namespace ns::deploy
