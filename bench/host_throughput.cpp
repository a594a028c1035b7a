// host-throughput MODEL.nsm [IMAGES [RUNS]]: seconds that the host engine takes for random images on two
// threads, as one JSON line. The first images of every run are compared with the reference kernels before
// a time is printed.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <memory>
#include <vector>

#include "model/run.h"
#include "ns/base/rng.h"
#include "ns/deploy/host_engine.h"

namespace {

constexpr unsigned kThreads = 2;
constexpr std::size_t kChecked = 32;
constexpr std::size_t kAlignment = 64;

/// The output of one image, from the reference kernels.
std::vector<std::uint8_t> reference_output(const ns::deploy::PackedModel& model, const std::int8_t* input) {
  const nsrt_network_info& info = model.network(0);
  const auto& kernels = nsrt::reference_kernels();
  const std::uint32_t scratch_bytes = nsrt::scratch_bytes(model.model(), 0, kernels);
  std::vector<std::uint8_t> arena(info.arena_bytes + kAlignment), scratch(scratch_bytes + kAlignment);
  const auto aligned = [](std::vector<std::uint8_t>& memory) {
    void* at = memory.data();
    std::size_t bytes = memory.size();
    return std::align(kAlignment, bytes - kAlignment, at, bytes);
  };
  std::vector<std::uint8_t> output(info.output.bytes);
  const nsrt_status status = nsrt::run(model.model(), 0, 1, input, output.data(), aligned(arena),
                                       info.arena_bytes, kernels, {aligned(scratch), scratch_bytes});
  return status == NSRT_OK ? output : std::vector<std::uint8_t>{};
}

struct Seconds {
  double elapsed, processor;
};

Seconds now() {
  timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return {std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(),
          static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9};
}

int measure(const char* path, std::size_t images, int runs) {
  const ns::deploy::PackedModel model(path);
  const std::size_t input_bytes = model.network(0).input.bytes;
  std::vector<std::int8_t> inputs(images * input_bytes);
  ns::Rng rng(1);
  for (std::int8_t& value : inputs) value = static_cast<std::int8_t>(static_cast<int>(rng.below(256)) - 128);

  ns::deploy::HostEngine engine(model, kThreads);
  std::vector<double> elapsed, processor;
  for (int r = 0; r < runs; ++r) {
    const Seconds begin = now();
    const ns::deploy::Outputs outputs = engine.run({0, 1, inputs, 0});
    const Seconds end = now();
    for (std::size_t i = 0; i < std::min(images, kChecked); ++i) {
      if (!std::ranges::equal(outputs.output(i), reference_output(model, inputs.data() + i * input_bytes))) {
        std::fprintf(stderr, "host-throughput: image %zu: other bytes than the reference kernels'\n", i);
        return 1;
      }
    }
    elapsed.push_back(end.elapsed - begin.elapsed);
    processor.push_back(end.processor - begin.processor);
  }
  std::ranges::sort(elapsed);
  std::ranges::sort(processor);
  std::printf(
      "{\"schema\":\"nestkit.host_throughput/1\",\"images\":%zu,\"checked\":%zu,\"threads\":%u,\"runs\":%d,"
      "\"seconds_min\":%.4f,\"seconds_median\":%.4f,\"seconds_max\":%.4f,\"cpu_seconds_median\":%.4f}\n",
      images, std::min(images, kChecked), kThreads, runs, elapsed.front(), elapsed[elapsed.size() / 2],
      elapsed.back(), processor[processor.size() / 2]);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const long images = argc > 2 ? std::atol(argv[2]) : 10000, runs = argc > 3 ? std::atol(argv[3]) : 5;
  if (argc < 2 || argc > 4 || images < 1 || runs < 1) {
    std::fprintf(stderr, "usage: host-throughput MODEL.nsm [IMAGES [RUNS]]\n");
    return 2;
  }
  try {
    return measure(argv[1], static_cast<std::size_t>(images), static_cast<int>(runs));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "host-throughput: error: %s\n", error.what());
    return 3;
  }
}
