// Losses and gradients of all subnets on one batch.
#pragma once

#include <vector>

#include "ns/data/loader.h"
#include "ns/nested/gradient_routing.h"
#include "ns/nested/model.h"
#include "ns/nested/width_slice.h"
#include "ns/nn/loss.h"

namespace ns::train {

struct SubnetStepOptions {
  nested::Routing routing = nested::Routing::kSum;
  nn::DistillationMix mix;     ///< loss of the subnets below the densest; its smoothing holds for all
  std::vector<double> widths;  ///< of a slimmable model, whose passes then run on slices; else empty
};

/// Passes from the densest subnet to the sparsest: cross-entropy for the densest, a mix of cross-entropy and
/// distillation from the densest's logits (constants) for the others. The gradients of shared weights are
/// routed, those of a batch-norm bank come from its own subnet.
class SubnetStep {
 public:
  /// The model must outlive the step.
  SubnetStep(nested::Model& model, SubnetStepOptions options);

  /// Fills grad of every parameter and returns the losses, subnet 1 first. With `dense`, only bank 0 is
  /// trained, with cross-entropy and without masks (the model must have no level maps yet): one loss. With
  /// `regrow`, pruned weights learn from the densest subnet.
  std::vector<double> run(const data::Batch& batch, bool dense, bool regrow);

 private:
  double run_subnet(nn::Network& network, const data::Batch& batch, bool densest);
  double run_dense(const data::Batch& batch);
  void add_gradients(int subnet, int subnets, bool regrow);

  nested::Model& model_;
  SubnetStepOptions options_;
  std::vector<nested::WidthSlice> slices_;  // [subnet − 1], if slimmable
  std::vector<int> banks_;                  // of each parameter
  std::vector<Tensor> totals_;              // routed gradient of each parameter
  std::vector<Tensor> opposites_;  // routing "agree": the negative ones, while totals_ has the positive ones
  Tensor teacher_, logits_grad_;
};

}  // namespace ns::train
