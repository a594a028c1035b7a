// The members of a trained ensemble, each with class scores of its own.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ns/anytime/track.h"
#include "ns/data/dataset.h"
#include "ns/nested/member.h"

namespace ns::train {

/// The members of one checkpoint: the branches of a TentacleNet, the networks of a BENN, or a single network,
/// which is an ensemble of one. Member k's logits are those of its nested::MemberClassifier: their mean over
/// the members is the network's logits.
class EnsembleScores {
 public:
  /// Throws Error(kInput) naming the file if it is no checkpoint of a dense network with a linear classifier.
  explicit EnsembleScores(const checkpoint::Archive& archive);

  std::size_t members() const { return features_.size(); }
  const nn::Graph& graph() const { return model_.network().graph(); }
  std::size_t classes() const { return classes_; }
  const checkpoint::Profile& profile() const { return profile_; }
  const std::string& origin() const { return origin_; }

  /// Multiply-accumulates that member k adds to those before it: the first one pays for what all share.
  std::vector<double> member_macs() const;

  /// Of every image, all members; `progress` is told how many images are done. Throws Error(kInput) if the
  /// images are of another shape or have other classes.
  anytime::StageLogits logits(const data::Dataset& dataset,
                              const std::function<void(std::size_t)>& progress = {});

 private:
  /// Member k's logits from its features of image `image`.
  void score(std::size_t member, std::size_t image, std::span<float> logits) const;

  std::string origin_;
  checkpoint::Profile profile_;
  nested::Model model_;
  std::size_t classes_ = 0;
  std::vector<std::size_t> features_;  ///< the layer of each member that the classifier or the merge reads
  std::vector<nested::MemberClassifier> classifiers_;
};

}  // namespace ns::train
