// Binary ensembles of whole networks (BENN: Zhu, Dong and Su, CVPR 2019): one recipe, several members,
// trained one after another on samples of the training images.
#pragma once

#include <functional>
#include <vector>

#include "ns/train/trainer.h"

namespace ns::train {

/// All are optional, as in Observers.
struct EnsembleObservers {
  Observers member;                                        ///< of the member under way; images are of all
  std::function<void(int member, double vote)> on_member;  ///< counted from 1; when it has been trained
};

class EnsembleTrainer {
 public:
  /// `recipe` is of a bagging or boosting ensemble; member k has a seed of its own. `data` must outlive the
  /// trainer. Throws as Trainer does.
  EnsembleTrainer(Recipe recipe, const data::Split& data);
  ~EnsembleTrainer();

  /// As Trainer::learn_from, of every member; before resume().
  void learn_from(const checkpoint::Archive& teacher, const std::string& sha256);

  /// Continues what save_resumable was given. Throws as resume_from does, and Error(kInput) if the checkpoint
  /// is of no such ensemble.
  void resume(const checkpoint::Archive& archive);

  /// As Trainer::run: true at the end, false after an interruption.
  ///   bagging: a member's images are drawn with replacement, as many as there are (Breiman, 1996);
  ///   boosting: with weights that grow where members before it were wrong, and members vote with weights of
  ///   their own: SAMME (Zhu, Zou, Rosset and Hastie, "Multi-class AdaBoost", 2009).
  bool run(const EnsembleObservers& observers);

  /// The ensemble as one network (docs/format/checkpoint.md): the members side by side, with a classifier
  /// that gives the mean of their logits, weighted by their votes.
  checkpoint::Archive finished() const;

 private:
  nn::Graph side_by_side() const;
  Recipe member_recipe(std::size_t member) const;
  void teach(Trainer& trainer) const;
  data::Split sample_for(std::size_t member) const;
  checkpoint::Archive with_members(checkpoint::Archive archive) const;
  double vote_of(Trainer& trainer);

  Recipe recipe_;
  const data::Split& data_;
  checkpoint::Archive teacher_;  ///< or empty
  std::string teacher_sha256_;
  std::vector<checkpoint::Archive> done_;  ///< finished members
  std::vector<double> votes_;              ///< theirs
  std::vector<double> image_weights_;      ///< boosting: of every training image, sum 1
  checkpoint::Archive under_way_;          ///< of the member to resume, or empty
};

}  // namespace ns::train
