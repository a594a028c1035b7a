// What a network learns from: the loss of its outputs on a batch.
#pragma once

#include <vector>

#include "ns/data/loader.h"
#include "ns/detect/default_boxes.h"
#include "ns/nn/loss.h"
#include "ns/nn/network.h"

namespace ns::train {

class Objective {
 public:
  virtual ~Objective() = default;

  /// Mean over the batch of the loss of `network`'s outputs after a forward pass with the batch's images.
  /// `teacher`, if there is one, has outputs of the same shapes, constants, to be learnt from as well.
  /// `gradients` become one per output. Throws Error(kInput) for labels that are none.
  virtual double loss(const nn::Network& network, const data::Batch& batch,
                      const std::vector<Tensor>* teacher, std::vector<Tensor>& gradients) const = 0;
};

/// Cross-entropy of one output [n, classes], mixed with distillation if there is a teacher; an image counts
/// as much as the batch's weights say.
class ClassificationObjective : public Objective {
 public:
  explicit ClassificationObjective(nn::DistillationMix mix) : mix_(mix) {}
  double loss(const nn::Network& network, const data::Batch& batch, const std::vector<Tensor>* teacher,
              std::vector<Tensor>& gradients) const override;

 private:
  nn::DistillationMix mix_;
};

/// The multi-box loss of a detector over the batch's objects, per default box that stands for one. Takes no
/// notice of a teacher.
class DetectionObjective : public Objective {
 public:
  /// Every process of `group`, which must outlive it, has a share of each batch.
  DetectionObjective(const nn::Graph& graph, parallel::Communicator& group);
  double loss(const nn::Network& network, const data::Batch& batch, const std::vector<Tensor>* teacher,
              std::vector<Tensor>& gradients) const override;

 private:
  std::vector<detect::Box> default_boxes_;
  int classes_;
  parallel::Communicator& group_;
};

}  // namespace ns::train
