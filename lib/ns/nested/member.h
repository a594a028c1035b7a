// A member of an ensemble (ns/binary/tentacle.h) with class scores of its own.
#pragma once

#include <vector>

#include "ns/nested/model.h"

namespace ns::nested {

/// What turns one member's features into its class scores, such that the mean of all members' scores is the
/// whole network's output: that member's part of the classifier, as many-fold as there are members. A member
/// that bagging or boosting has trained has its own logits times its share of the votes times their number.
struct MemberClassifier {
  Tensor weight;            ///< [classes, features], columns in c, h, w order
  std::vector<float> bias;  ///< by class; zeros if the classifier has none
};

/// Of every member of the ensemble that `model` was read from `archive` as; of one that is no ensemble, its
/// only one. Empty if the last layer is no linear one. Throws Error(kInput) naming file and tensor if biases
/// of members do not fit.
std::vector<MemberClassifier> member_classifiers(const checkpoint::Archive& archive, Model& model);

/// Member `member`, from 1, as a network that answers alone: with copies of what it shares. Throws
/// Error(kUsage) if the checkpoint has no such member, is nested, or has no linear classifier.
Model member_model(const checkpoint::Archive& archive, int member);

}  // namespace ns::nested
