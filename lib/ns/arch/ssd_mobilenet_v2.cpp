// A single-shot detector on MobileNetV2's blocks (Sandler et al., 2018, 6.2), shortened, and with a pool
// after the stem: what works on large maps is what cannot be sparse.
#include "ns/arch/architectures.h"
#include "ns/arch/default_box_sizes.h"
#include "ns/arch/inverted_residual.h"

namespace ns::arch {
namespace {

constexpr InvertedStage kBackboneStages[] = {
    {1, 16, 1, 1}, {6, 32, 2, 2}, {6, 64, 2, 2}, {6, 96, 2, 1}, {6, 160, 2, 2}};
constexpr std::size_t kFine = 1, kMiddle = 3, kCoarse = 4;  // the stages whose outputs the heads read

}  // namespace

nn::Graph ssd_mobilenet_v2(nn::ImageShape input, int classes, double width) {
  GraphBuilder graph("ssd_mobilenet_v2", input);
  const int channels = scaled_channels(32, width);
  std::string x = graph.conv_bn_relu("stem", "input", channels, 3, 2);
  x = graph.max_pool("stem.pool", x, {2, 2}, 2);
  const std::vector<std::string> outputs = inverted_stages(graph, x, channels, kBackboneStages, width);
  graph.detection_scale("head1", outputs[kFine], classes, kFineBoxes);
  graph.detection_scale("head2", outputs[kMiddle], classes, kMiddleBoxes);
  graph.detection_scale("head3", outputs[kCoarse], classes, kCoarseBoxes);
  return graph.take();
}

}  // namespace ns::arch
