#include "ns/nn/elementwise.h"
#include "ns/nn/layer.h"

namespace ns::nn {
namespace {

class Add : public LayerPasses {
 public:
  explicit Add(bool with_relu) : with_relu_(with_relu) {}

  void forward(const ForwardPass& pass) override {
    if (pass.before_relu != nullptr) {
      add(*pass.inputs[0], *pass.inputs[1], *pass.before_relu);
      relu(*pass.before_relu, *pass.output);
    } else if (with_relu_) {
      add_relu(*pass.inputs[0], *pass.inputs[1], *pass.output);
    } else {
      add(*pass.inputs[0], *pass.inputs[1], *pass.output);
    }
  }

  void backward(BackwardPass& pass) override {
    Gradient gradient = std::move(pass.output_grad);
    if (with_relu_) {
      gradient = relu_gradient(*pass.output, std::move(gradient), *pass.pool);
    }
    for (std::size_t k = 0; k < 2; ++k) {
      if (pass.wanted[k]) {
        pass.input_grads[k] = gradient;  // shared: nobody may overwrite it while the other holds it
      }
    }
  }

 private:
  bool with_relu_;
};

}  // namespace

std::unique_ptr<LayerPasses> make_add(bool with_relu) {
  return std::make_unique<Add>(with_relu);
}

}  // namespace ns::nn
