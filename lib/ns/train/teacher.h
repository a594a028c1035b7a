// A finished network that the one in training learns from.
#pragma once

#include <string>

#include "ns/data/dataset.h"
#include "ns/nested/model.h"

namespace ns::train {

class Teacher {
 public:
  /// The densest subnet of the checkpoint's network. Throws Error(kInput) naming the file if it is no valid
  /// checkpoint, or takes other images or has other classes than `dataset`.
  Teacher(const checkpoint::Archive& archive, std::string sha256, const data::Dataset& dataset);

  /// [n, classes] for images [n,h,w,c], in evaluation mode; valid until the next call.
  const Tensor& logits(const Tensor& images) { return model_.network().forward(images, nn::Mode::kEval); }
  const std::string& sha256() const { return sha256_; }

 private:
  nested::Model model_;
  std::string sha256_;
};

}  // namespace ns::train
