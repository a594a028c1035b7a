// What the passes of one layer look like from inside the network. Private to this room.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <vector>

#include "ns/nn/graph.h"
#include "ns/nn/network.h"
#include "ns/tensor/tensor.h"

namespace ns::nn {

/// A gradient buffer on loan from a GradientPool; it goes back when the last holder lets go. Whoever holds
/// the only reference may overwrite it.
using Gradient = std::shared_ptr<Tensor>;

/// Buffers of one backward pass, reused most-recent-first because that one is still in the cache.
class GradientPool {
 public:
  /// A buffer with arbitrary contents. The pool must outlive it.
  Gradient take(const Shape& shape);
  void clear() { free_.clear(); }

 private:
  std::map<Shape, std::vector<std::unique_ptr<Tensor>>> free_;
};

struct ForwardPass {
  Mode mode = Mode::kEval;
  int bank = 0;
  Relaxation relaxation;
  Precision precision = Precision::kFloat32;
  parallel::Communicator* group = &parallel::single_process();
  std::vector<const Tensor*> inputs;
  Tensor* output = nullptr;
  Tensor* before_relu = nullptr;  ///< a layer fused with its ReLU also writes its own output here, if set
};

struct BackwardPass {
  int bank = 0;
  parallel::Communicator* group = &parallel::single_process();
  GradientPool* pool = nullptr;
  std::vector<const Tensor*> inputs;
  const Tensor* output = nullptr;
  Gradient output_grad;
  std::vector<bool> wanted;           ///< which input gradients somebody needs
  std::vector<Gradient> input_grads;  ///< as many
};

/// The computation of one layer (or of one layer and the ReLU after it). Called for any batch size; backward
/// only after a kTrain forward with the same inputs.
class LayerPasses {
 public:
  virtual ~LayerPasses() = default;
  virtual void forward(const ForwardPass& pass) = 0;
  virtual void backward(BackwardPass& pass) = 0;
};

/// One bank of a batch-norm layer.
struct BatchNormBank {
  Parameter* gamma = nullptr;
  Parameter* beta = nullptr;
  Buffer* mean = nullptr;
  Buffer* variance = nullptr;
};

struct ParameterSet;

/// The passes of layer number `index`, on its parameters in `set`, which outlives them.
std::unique_ptr<LayerPasses> make_passes(const Layer& layer, const ImageShape& in, const ImageShape& out,
                                         ParameterSet& set, std::size_t index, bool with_relu);

std::unique_ptr<LayerPasses> make_conv(const Layer& layer, ImageShape in, ImageShape out, Parameter* weight,
                                       Parameter* bias);
std::unique_ptr<LayerPasses> make_depthwise_conv(const Layer& layer, ImageShape in, ImageShape out,
                                                 Parameter* weight, Parameter* bias);
std::unique_ptr<LayerPasses> make_linear(ImageShape in, ImageShape out, Parameter* weight, Parameter* bias);
std::unique_ptr<LayerPasses> make_batch_norm(const std::string& name, std::vector<BatchNormBank> banks,
                                             bool with_relu);
std::unique_ptr<LayerPasses> make_relu();
std::unique_ptr<LayerPasses> make_max_pool(const Layer& layer, ImageShape in, ImageShape out);
/// The global pool is the one whose kernel is the whole image.
std::unique_ptr<LayerPasses> make_avg_pool(const Layer& layer, ImageShape in, ImageShape out);
std::unique_ptr<LayerPasses> make_add(bool with_relu);
std::unique_ptr<LayerPasses> make_concat();
/// `shift` may be null.
std::unique_ptr<LayerPasses> make_sign(const Layer& layer, Parameter* shift);
std::unique_ptr<LayerPasses> make_binary_conv(const Layer& layer, ImageShape in, ImageShape out,
                                              Parameter* weight);
std::unique_ptr<LayerPasses> make_scale(const Layer& layer, ImageShape in);

}  // namespace ns::nn
