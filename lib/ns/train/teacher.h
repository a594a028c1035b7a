// A finished network that the one in training learns from.
#pragma once

#include <string>
#include <vector>

#include "ns/data/dataset.h"
#include "ns/nested/model.h"

namespace ns::train {

class Teacher {
 public:
  /// The densest subnet of the checkpoint's network. Throws Error(kInput) naming the file if it is no valid
  /// checkpoint, or takes other images or has other classes than `dataset`.
  Teacher(const checkpoint::Archive& archive, std::string sha256, const data::Dataset& dataset);

  /// One output, [n, classes], for images [n,h,w,c], in evaluation mode; valid until the next call.
  const std::vector<Tensor>& outputs(const Tensor& images) {
    outputs_.assign(1, model_.network().forward(images, nn::Mode::kEval));
    return outputs_;
  }
  const std::string& sha256() const { return sha256_; }

 private:
  nested::Model model_;
  std::string sha256_;
  std::vector<Tensor> outputs_;
};

}  // namespace ns::train
