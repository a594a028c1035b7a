// binary-agreement: does a packed network with binary layers decide as its float layers do, and the emulated
// M7 as this computer? Random weights, images of a test set.
#include <algorithm>
#include <fstream>
#include <iterator>

#include "common/default_firmware.h"
#include "common/option_groups.h"
#include "common/run_tool.h"
#include "common/streams.h"
#include "level_agreement.h"
#include "ns/base/error.h"
#include "ns/base/json.h"
#include "ns/data/catalog.h"
#include "ns/deploy/emulator_session.h"
#include "ns/deploy/host_engine.h"
#include "ns/deploy/planar_input.h"
#include "random_network.h"

namespace {

struct Options {
  std::string graph, dataset = "fashion_mnist", data;
  std::size_t images = 20;
  std::uint64_t seed = 1;
};

void declare(CLI::App& app, Options& o) {
  app.add_option("GRAPH", o.graph, "Network (nestkit.graph/1)")->required();
  app.add_option("--dataset", o.dataset, "Whose test images")->capture_default_str();
  app.add_option("--data", o.data, "Folder of the data set");
  app.add_option("--images", o.images, "How many")->capture_default_str();
  app.add_option("--seed", o.seed, "Of the weights")->capture_default_str();
}

ns::nn::Graph read_graph(const std::string& path) {
  std::ifstream stream(path);
  if (!stream) throw ns::input_error(path + ": cannot be read");
  const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  return ns::nn::graph_from_json(ns::parse_json(text, path), path);
}

std::vector<std::int8_t> test_images(const Options& o, ns::ImageShape shape) {
  const ns::data::Dataset test = ns::data::load_dataset(o.dataset, o.data, ns::data::Part::kTest);
  if (!(test.shape == shape))
    throw ns::input_error(o.graph + ": takes other images than " + o.dataset + " has");
  const auto bytes = static_cast<std::size_t>(shape.size());
  std::vector<std::int8_t> inputs(std::min(o.images, test.size()) * bytes);
  for (std::size_t i = 0; i * bytes < inputs.size(); ++i)
    ns::deploy::planar_input(test.image(i), static_cast<std::size_t>(shape.h),
                             static_cast<std::size_t>(shape.w), static_cast<std::size_t>(shape.c),
                             std::span(inputs).subspan(i * bytes, bytes));
  return inputs;
}

/// Images of which any operator's output differs between this computer and the emulated board.
std::size_t different_images(const std::vector<std::uint8_t>& packed, std::span<const std::int8_t> inputs) {
  const ns::TemporaryFolder folder;
  const std::string path = folder.file("model.nsm");
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(packed.data()), static_cast<std::streamsize>(packed.size()));
  const ns::deploy::PackedModel model(path);
  const std::size_t images = inputs.size() / model.network(0).input.bytes;
  const ns::deploy::Batch batch{0, 1, inputs, images};
  const auto host = ns::deploy::HostEngine(model).run(batch);
  const auto board = ns::deploy::EmulatorSession(model, {.elf = default_firmware()}).run(batch);
  std::size_t different = 0;
  for (std::size_t i = 0; i < images; ++i)
    different += !std::ranges::equal(host.output(i), board.output(i)) ||
                 !std::ranges::equal(host.trace(i), board.trace(i));
  return different;
}

int run(const Options& o) {
  const ns::nn::Graph graph = read_graph(o.graph);
  const std::vector<std::int8_t> inputs = test_images(o, graph.input);
  const RandomNetwork network = random_network(graph, {{}, 2, o.seed});
  const std::vector<std::uint8_t> packed = ns::pack::pack_model({network.packed}, {}).bytes;
  const LevelAgreement levels = level_agreement(network.model, network.packed.network, packed, inputs);
  const std::size_t images = different_images(packed, inputs);
  standard_output().record(ns::Json{{"graph", graph.name},
                                    {"seed", o.seed},
                                    {"images", inputs.size() / static_cast<std::size_t>(graph.input.size())},
                                    {"levels", levels.levels},
                                    {"levels_different_from_float", levels.different},
                                    {"images_different_on_m7", images}});
  standard_output().finish();
  return levels.different == 0 && images == 0 ? kDone : kCheckFailed;
}

}  // namespace

int main(int argc, char** argv) {
  const ToolInfo info{"binary-agreement",
                      "Counts where a packed binary network decides otherwise than its float layers.",
                      "  binary-agreement bench/graphs/binary_plain.json\n"
                      "  binary-agreement bench/graphs/binary_residual.json --images 100 --seed 2",
                      "scripts/headlines binary prints the sum."};
  Options options;
  return run_tool(info, argc, argv, [&](CLI::App& app) {
    declare(app, options);
    return [&options] { return run(options); };
  });
}
