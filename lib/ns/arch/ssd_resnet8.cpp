// A single-shot detector (Liu et al., "SSD: Single Shot MultiBox Detector", 2016) on ResNet-8's layers: the
// image is brought down to an eighth by a stem, a pool and the first residual block before most of the work
// is done.
#include "ns/arch/architectures.h"
#include "ns/arch/default_box_sizes.h"
#include "ns/arch/residual_block.h"

namespace ns::arch {

nn::Graph ssd_resnet8(nn::ImageShape input, int classes, double width) {
  GraphBuilder graph("ssd_resnet8", input);
  std::string x = graph.conv_bn_relu("stem", "input", scaled_channels(16, width), 3, 2);
  x = graph.max_pool("stem.pool", x, {2, 2}, 2);
  const std::string fine = residual_block(graph, "stack1", x, scaled_channels(32, width), 2);
  const std::string middle = residual_block(graph, "stack2", fine, scaled_channels(64, width), 2);
  const std::string coarse = residual_block(graph, "stack3", middle, scaled_channels(128, width), 2);
  graph.detection_scale("head1", fine, classes, kFineBoxes);
  graph.detection_scale("head2", middle, classes, kMiddleBoxes);
  graph.detection_scale("head3", coarse, classes, kCoarseBoxes);
  return graph.take();
}

}  // namespace ns::arch
