// Trained models on this architecture's fast kernels.
#include <doctest/doctest.h>

#include <filesystem>
#include <random>

#include "kernels/kernels.h"
#include "model/crc32.h"
#include "model/run.h"
#include "ns/deploy/host_engine.h"

using namespace ns::deploy;

namespace {

std::vector<std::string> zoo() {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(NESTKIT_SOURCE_DIR "/zoo")) {
    if (entry.path().extension() == ".nsm") paths.push_back(entry.path());
  }
  return paths;
}

/// The reference kernels' outputs, operator by operator.
Outputs run_reference(const PackedModel& model, const Batch& batch) {
  const nsrt_network_info& info = model.network(batch.network);
  Outputs outputs{image_count(model, batch), info.output.bytes, info.operators, {}, {}};
  outputs.bytes.resize(outputs.images * outputs.output_bytes);
  outputs.checksums.resize(outputs.images * outputs.operators);
  struct alignas(16) Block {
    std::uint8_t bytes[16];
  };
  std::vector<Block> arena(info.arena_bytes / sizeof(Block) + 1);
  for (std::size_t image = 0; image < outputs.images; ++image) {
    const nsrt::Observer observer{[](void* user, unsigned op, const void* output, std::uint32_t bytes) {
                                    static_cast<std::uint32_t*>(user)[op] = nsrt::crc32(output, bytes);
                                  },
                                  outputs.checksums.data() + image * outputs.operators};
    REQUIRE(nsrt::run(model.model(), batch.network, batch.subnet,
                      batch.inputs.data() + image * info.input.bytes,
                      outputs.bytes.data() + image * outputs.output_bytes, arena.data(), info.arena_bytes,
                      nsrt::reference_kernels(), {}, observer) == NSRT_OK);
  }
  return outputs;
}

}  // namespace

TEST_CASE("every subnet of the zoo's models gives the reference kernels' bytes, operator by operator") {
  const std::vector<std::string> paths = zoo();
  REQUIRE(paths.size() >= 2);
  for (const std::string& path : paths) {
    const PackedModel model(path);
    HostEngine engine(model, 1);
    std::mt19937 rng(5);
    for (unsigned network = 0; network < model.networks(); ++network) {
      std::vector<std::int8_t> inputs(2 * model.network(network).input.bytes);
      for (auto& value : inputs) value = static_cast<std::int8_t>(rng() >> 24);
      for (unsigned subnet = 1; subnet <= model.network(network).subnets; ++subnet) {
        CAPTURE(path);
        CAPTURE(subnet);
        const Batch batch{network, subnet, inputs, 2};
        const Outputs found = engine.run(batch), expected = run_reference(model, batch);
        CHECK_FALSE(first_difference(expected, found).has_value());
      }
    }
  }
}
