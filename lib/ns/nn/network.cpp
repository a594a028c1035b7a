#include "ns/nn/network.h"

#include <omp.h>

#include <algorithm>

#include "ns/base/error.h"
#include "ns/base/nearest.h"
#include "ns/nn/elementwise.h"
#include "ns/nn/layer.h"
#include "ns/nn/parameter_set.h"

namespace ns::nn {
namespace {

/// One call: a layer, or a layer with the ReLU after it.
struct Step {
  std::unique_ptr<LayerPasses> passes;
  std::vector<int> inputs;  ///< layer indices, -1 the network's input
  int output = 0;
  int before_relu = -1;  ///< the layer whose own output a fused step keeps to itself
  std::vector<bool> wanted;
};

template <class Item>
Item& find_named(std::vector<Item>& items, const std::string& name, const char* kind) {
  std::vector<std::string> names;
  for (Item& item : items) {
    if (item.name == name) {
      return item;
    }
    names.push_back(item.name);
  }
  throw input_error(std::string("the network has no ") + kind + " '" + name + "'", nearest_hint(name, names));
}

}  // namespace

struct Network::Impl {
  Impl(Graph description, int bank_count, std::uint64_t seed)
      : graph(std::move(description)),
        shapes(graph.infer_shapes()),
        output_layers(graph.output_layers()),
        banks(bank_count),
        set(graph, shapes, bank_count, seed),
        outputs(graph.layers.size()),
        gradients(graph.layers.size()) {
    link();
    for (std::size_t i = 0; i < graph.layers.size(); ++i) {
      add_step(i);
    }
  }

  /// Who reads whom, and which layers have something to learn at or before them.
  void link() {
    const std::size_t count = graph.layers.size();
    sources.resize(count);
    readers.resize(count);
    learns.assign(count, false);
    for (std::size_t i = 0; i < count; ++i) {
      const LayerParameters& own = set.of_layer[i];
      learns[i] = own.weight >= 0 || own.shift >= 0 || !own.gamma.empty();
      for (const std::string& name : graph.layers[i].inputs) {
        const int source = graph.index_of(name);
        sources[i].push_back(source);
        if (source >= 0) {
          readers[static_cast<std::size_t>(source)].push_back(i);
          learns[i] = learns[i] || learns[static_cast<std::size_t>(source)];
        }
      }
    }
  }

  /// The ReLU that alone reads layer i, which is no output; or -1.
  int only_relu_after(std::size_t i) const {
    if (std::find(output_layers.begin(), output_layers.end(), i) != output_layers.end()) {
      return -1;
    }
    if (readers[i].size() != 1 || graph.layers[readers[i][0]].op != Op::kRelu) {
      return -1;
    }
    return static_cast<int>(readers[i][0]);
  }

  void add_step(std::size_t i) {
    const Layer& layer = graph.layers[i];
    const int source = sources[i][0];
    if (layer.op == Op::kRelu && source >= 0) {
      const Op before = graph.layers[static_cast<std::size_t>(source)].op;
      if ((before == Op::kBatchNorm || before == Op::kAdd) &&
          only_relu_after(static_cast<std::size_t>(source)) >= 0) {
        return;  // done by the step of its source
      }
    }
    Step step;
    step.inputs = sources[i];
    step.output = static_cast<int>(i);
    if (layer.op == Op::kBatchNorm || layer.op == Op::kAdd) {
      if (const int relu_layer = only_relu_after(i); relu_layer >= 0) {
        step.output = relu_layer;
        step.before_relu = static_cast<int>(i);
      }
    }
    for (std::size_t k = 0; k < step.inputs.size(); ++k) {
      step.wanted.push_back(step.inputs[k] >= 0 && learns[static_cast<std::size_t>(step.inputs[k])]);
    }
    const ImageShape& in = source < 0 ? graph.input : shapes[static_cast<std::size_t>(source)];
    step.passes = make_passes(layer, in, shapes[i], set, i, step.before_relu >= 0);
    steps.push_back(std::move(step));
  }

  Shape batch_shape(std::size_t layer, std::int64_t n) const {
    const ImageShape& s = shapes[layer];
    return graph.layers[layer].op == Op::kLinear ? Shape{n, s.c} : Shape{n, s.h, s.w, s.c};
  }

  void reserve(std::int64_t n) {
    if (n != batch) {
      pool.clear();
      batch = n;
    }
    for (const Step& step : steps) {
      reserve_output(step.output);
      if (keep && step.before_relu >= 0) {
        reserve_output(step.before_relu);
      }
    }
  }

  void reserve_output(int layer) {
    const Shape shape = batch_shape(static_cast<std::size_t>(layer), batch);
    Tensor& output = outputs[static_cast<std::size_t>(layer)];
    if (output.shape() != shape || output.empty()) {
      output = Tensor(shape);
    }
  }

  const Tensor* source(int index) const {
    return index < 0 ? &input : &outputs[static_cast<std::size_t>(index)];
  }

  const Tensor& forward(const Tensor& x, Mode with) {
    const ImageShape& in = graph.input;
    const Shape& given = x.shape();
    if (given.size() != 4 || given[0] < 1 || given != Shape{given[0], in.h, in.w, in.c}) {
      throw input_error("network '" + graph.name + "': expected a batch of shape " +
                        to_string({std::int64_t{given.empty() ? 1 : given[0]}, in.h, in.w, in.c}) +
                        ", found " + to_string(given));
    }
    input = x;
    mode = with;
    reserve(x.shape()[0]);
    kept = keep;
    for (Step& step : steps) {
      ForwardPass pass;
      pass.mode = with;
      pass.bank = bank;
      pass.relaxation = relaxation;
      pass.precision = with == Mode::kTrain ? precision : Precision::kFloat32;
      pass.group = group;
      for (const int index : step.inputs) {
        pass.inputs.push_back(source(index));
      }
      pass.output = &outputs[static_cast<std::size_t>(step.output)];
      pass.before_relu =
          keep && step.before_relu >= 0 ? &outputs[static_cast<std::size_t>(step.before_relu)] : nullptr;
      step.passes->forward(pass);
    }
    forward_bank = bank;
    return outputs[output_layers[0]];
  }

  void backward(std::span<const Tensor> output_grads) {
    if (batch == 0 || mode != Mode::kTrain) {
      throw internal_error("network '" + graph.name +
                           "': backward needs a forward in training mode before it");
    }
    if (output_grads.size() != output_layers.size()) {
      throw internal_error("network '" + graph.name + "': " + std::to_string(output_grads.size()) +
                           " gradients for " + std::to_string(output_layers.size()) + " outputs");
    }
    for (std::size_t i = 0; i < output_grads.size(); ++i) {
      const Tensor& of = outputs[output_layers[i]];
      if (output_grads[i].shape() != of.shape()) {
        throw internal_error("network '" + graph.name + "': the output's gradient is " +
                             to_string(output_grads[i].shape()) + ", expected " + to_string(of.shape()));
      }
      Gradient& gradient = gradients[output_layers[i]];
      gradient = pool.take(of.shape());
      *gradient = output_grads[i];
    }
    for (auto& [layer, gradient] : inner_gradients) {
      Gradient part = pool.take(gradient.shape());
      *part = std::move(gradient);
      accumulate(gradients[layer], std::move(part));
    }
    inner_gradients.clear();
    for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
      BackwardPass pass;
      pass.bank = forward_bank;
      pass.group = group;
      pass.pool = &pool;
      pass.output = &outputs[static_cast<std::size_t>(step->output)];
      pass.output_grad = std::move(gradients[static_cast<std::size_t>(step->output)]);
      pass.wanted = step->wanted;
      pass.input_grads.resize(step->inputs.size());
      for (const int index : step->inputs) {
        pass.inputs.push_back(source(index));
      }
      if (!pass.output_grad) {
        continue;  // nothing to learn at or before it
      }
      step->passes->backward(pass);
      for (std::size_t k = 0; k < step->inputs.size(); ++k) {
        if (pass.wanted[k]) {
          accumulate(gradients[static_cast<std::size_t>(step->inputs[k])], std::move(pass.input_grads[k]));
        }
      }
    }
  }

  /// total += part, without writing to a buffer that somebody else holds.
  void accumulate(Gradient& total, Gradient part) {
    if (!total) {
      total = std::move(part);
      return;
    }
    Gradient sum = total.use_count() == 1 ? total : part.use_count() == 1 ? part : pool.take(part->shape());
    add(*total, *part, *sum);
    total = std::move(sum);
  }

  Graph graph;
  std::vector<ImageShape> shapes;
  std::vector<std::size_t> output_layers;
  int banks;
  ParameterSet set;
  std::vector<std::vector<int>> sources;
  std::vector<std::vector<std::size_t>> readers;
  std::vector<bool> learns;
  std::vector<Step> steps;

  Tensor input;                 ///< a copy: the caller's batch may be gone by the time of backward
  std::vector<Tensor> outputs;  ///< per layer; empty for a layer hidden in a fused step
  GradientPool pool;            ///< before `gradients`, which return their buffers to it
  std::vector<Gradient> gradients;
  std::vector<std::pair<std::size_t, Tensor>> inner_gradients;  ///< for the next backward
  std::int64_t batch = 0;
  Mode mode = Mode::kEval;
  int bank = 0, forward_bank = 0;
  Relaxation relaxation;
  Precision precision = Precision::kFloat32;
  parallel::Communicator* group = &parallel::single_process();
  bool keep = false, kept = false;
};

Network::Network(Graph graph, int banks, std::uint64_t seed) {
  if (banks < 1) {
    throw internal_error("a network needs at least one batch-norm bank");
  }
  for (const Layer& layer : graph.layers) {
    if (!layer.keep.empty() && layer.keep.size() != static_cast<std::size_t>(banks)) {
      throw input_error("graph '" + graph.name + "': layer '" + layer.name + "': \"keep\" lists " +
                        std::to_string(layer.keep.size()) + " shares, expected one for each of " +
                        std::to_string(banks) + (banks == 1 ? " subnet" : " subnets"));
    }
  }
  impl_ = std::make_unique<Impl>(std::move(graph), banks, seed);
}

Network::~Network() = default;
Network::Network(Network&&) noexcept = default;
Network& Network::operator=(Network&&) noexcept = default;

const Graph& Network::graph() const {
  return impl_->graph;
}
int Network::banks() const {
  return impl_->banks;
}

void Network::select_bank(int bank) {
  if (bank < 0 || bank >= impl_->banks) {
    throw internal_error("batch-norm bank " + std::to_string(bank) + " of " + std::to_string(impl_->banks));
  }
  impl_->bank = bank;
}

const Tensor& Network::forward(const Tensor& x, Mode mode) {
  return impl_->forward(x, mode);
}
const Tensor& Network::output(std::size_t i) const {
  return impl_->outputs[impl_->output_layers.at(i)];
}
void Network::backward(std::span<const Tensor> output_grads) {
  impl_->backward(output_grads);
}
void Network::add_gradient(std::size_t layer, Tensor gradient) {
  for (const Step& step : impl_->steps) {
    if (step.output == static_cast<int>(layer) && gradient.shape() == impl_->outputs[layer].shape()) {
      impl_->inner_gradients.emplace_back(layer, std::move(gradient));
      return;
    }
  }
  throw internal_error("layer " + std::to_string(layer) + " of network '" + impl_->graph.name +
                       "' takes no gradient of shape " + to_string(gradient.shape()));
}
void Network::relax(Relaxation relaxation) {
  impl_->relaxation = relaxation;
}
void Network::multiply_in(Precision precision) {
  if (precision == Precision::kBfloat16 && !has_bfloat16()) {
    throw environment_error("this processor has no bfloat16 arithmetic (AVX512_BF16)",
                            "--set precision=float32 begins a run that goes on anywhere");
  }
  impl_->precision = precision;
}
void Network::synchronise(parallel::Communicator& group) {
  impl_->group = &group;
}
void Network::keep_activations(bool keep) {
  impl_->keep = keep;
}

const Tensor& Network::activation(std::size_t layer) const {
  if (!impl_->kept || layer >= impl_->outputs.size()) {
    throw internal_error("activation of layer " + std::to_string(layer) + " was not kept");
  }
  return impl_->outputs[layer];
}

std::vector<Parameter>& Network::parameters() {
  return impl_->set.parameters;
}
const std::vector<Parameter>& Network::parameters() const {
  return impl_->set.parameters;
}
std::vector<Buffer>& Network::buffers() {
  return impl_->set.buffers;
}
const std::vector<Buffer>& Network::buffers() const {
  return impl_->set.buffers;
}

Parameter& Network::parameter(const std::string& name) {
  return find_named(impl_->set.parameters, name, "parameter");
}
Buffer& Network::buffer(const std::string& name) {
  return find_named(impl_->set.buffers, name, "buffer");
}

void use_threads(int threads) {
  omp_set_num_threads(threads > 0 ? threads : omp_get_num_procs());
}

}  // namespace ns::nn
