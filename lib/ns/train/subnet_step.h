// Losses and gradients of all subnets on one batch.
#pragma once

#include <memory>
#include <vector>

#include "ns/nested/gradient_routing.h"
#include "ns/nested/model.h"
#include "ns/nested/width_slice.h"
#include "ns/train/objective.h"

namespace ns::train {

struct SubnetStepOptions {
  nested::Routing routing = nested::Routing::kSum;
  nn::DistillationMix mix;     ///< loss of subnets with a teacher: the densest subnet, or another network
  std::vector<double> widths;  ///< of a slimmable model, whose passes then run on slices; else empty
  std::vector<double> loss_weights;  ///< of the subnets, the densest first; empty: all 1
  bool shared_batch_norm = false;    ///< all subnets use and train bank 0, the other banks nothing
  double diversity = 0.0;            ///< weight of the similarity of an ensemble's members in the loss
  nn::Precision precision = nn::Precision::kFloat32;
  std::shared_ptr<const Objective> objective;  ///< none: classification with `mix`
};

/// Passes from the densest subnet to the sparsest; the objective's loss, for all but the densest with the
/// densest's outputs as teacher. The gradients of shared weights are
/// routed, those of a batch-norm bank come from its own subnet unless batch-norm is shared.
class SubnetStep {
 public:
  /// The model and the group must outlive the step. Every process of the group has a share of the batch, all
  /// of the same size; losses and gradients are those of the whole batch, the same bytes in each process.
  /// Throws Error(kEnvironment) for a precision that the processor lacks.
  SubnetStep(nested::Model& model, SubnetStepOptions options,
             parallel::Communicator& group = parallel::single_process());

  /// Fills grad of every parameter and returns the losses, unweighted, subnet 1 first. With `dense`, only
  /// bank 0 is trained, without teacher and without masks (the model must have no level maps yet): one loss.
  /// With `regrow`, pruned weights learn from the densest subnet. `teacher`, if given, has the outputs of
  /// another network: the densest then learns from it as the others do from the densest.
  std::vector<double> run(const data::Batch& batch, bool dense, bool regrow,
                          const std::vector<Tensor>* teacher = nullptr);

 private:
  double run_subnet(nn::Network& network, const data::Batch& batch, const std::vector<Tensor>* teacher,
                    double weight = 1.0);
  double run_dense(const data::Batch& batch, const std::vector<Tensor>* teacher);
  double keep_apart(nn::Network& network);
  int bank_of(int subnet) const { return options_.shared_batch_norm ? 0 : subnet - 1; }
  void backward(nn::Network& network, double weight);
  void sum_gradients(int bank);
  void average(std::vector<double>& losses);
  void add_gradients(int subnet, int subnets, bool regrow);

  nested::Model& model_;
  SubnetStepOptions options_;
  parallel::Communicator& group_;
  std::vector<nested::WidthSlice> slices_;   // [subnet − 1], if slimmable
  std::vector<int> banks_;                   // of each parameter; -1: every subnet's
  std::vector<std::size_t> member_outputs_;  // layers, if there is a diversity loss
  std::vector<Tensor> totals_;               // routed gradient of each parameter
  std::vector<Tensor> opposites_;  // routing "agree": the negative ones, while totals_ has the positive ones
  std::vector<Tensor> densest_outputs_, gradients_;  // one per output
  std::vector<float> message_;                       // gradients on their way through the group
};

}  // namespace ns::train
