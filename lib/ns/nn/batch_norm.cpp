// Batch normalisation (Ioffe and Szegedy, 2015) over n, h and w, optionally with the ReLU that follows it.
#include <cmath>

#include "ns/base/error.h"
#include "ns/nn/batch_norm.h"
#include "ns/nn/batch_norm_kernels.h"
#include "ns/nn/elementwise.h"
#include "ns/nn/layer.h"
#include "ns/nn/vectorised.h"

namespace ns::nn {
namespace {

constexpr std::int64_t kMinStripe = 256;
constexpr std::int64_t kStripesPerChunk = 64;

class BatchNorm : public LayerPasses {
 public:
  BatchNorm(const std::string& name, std::vector<BatchNormBank> banks, bool with_relu)
      : name_(name),
        banks_(std::move(banks)),
        with_relu_(with_relu),
        channels_(banks_[0].gamma->value.size()),
        stripe_(channels_ * ((kMinStripe + channels_ - 1) / channels_)),
        inverse_std_(static_cast<std::size_t>(channels_)) {
    for (std::vector<float>* row : {&mean_, &scale_, &beta_, &slope_, &offset_}) {
      row->resize(static_cast<std::size_t>(stripe_));
    }
  }

  void forward(const ForwardPass& pass) override {
    const BatchNormBank& bank = banks_[static_cast<std::size_t>(pass.bank)];
    const Tensor& x = *pass.inputs[0];
    if (pass.mode == Mode::kTrain) {
      use_batch_statistics(x, bank, *pass.group);
    } else {
      for (std::size_t c = 0; c < inverse_std_.size(); ++c) {
        mean_[c] = bank.mean->value.data()[c];
        inverse_std_[c] = 1.0 / std::sqrt(double{bank.variance->value.data()[c]} + kBatchNormEpsilon);
      }
    }
    for (std::size_t c = 0; c < inverse_std_.size(); ++c) {
      scale_[c] = static_cast<float>(bank.gamma->value.data()[c] * inverse_std_[c]);
      beta_[c] = bank.beta->value.data()[c];
    }
    repeat(mean_);
    repeat(scale_);
    repeat(beta_);
    Tensor& y = pass.before_relu ? *pass.before_relu : *pass.output;
    const bool fused = with_relu_ && !pass.before_relu;
    parallel_chunks(x.size(), chunk(), [&](std::int64_t, std::int64_t first, std::int64_t last) {
      normalise(x.data() + first, last - first, stripe_, mean_.data(), scale_.data(), beta_.data(), fused,
                y.data() + first);
    });
    if (pass.before_relu) {
      relu(*pass.before_relu, *pass.output);
    }
  }

  void backward(BackwardPass& pass) override {
    const BatchNormBank& bank = banks_[static_cast<std::size_t>(pass.bank)];
    const Tensor& x = *pass.inputs[0];
    const Gradient dy = std::move(pass.output_grad);
    reserve_partials(x.size());
    parallel_chunks(x.size(), chunk(), [&](std::int64_t index, std::int64_t first, std::int64_t last) {
      stripe_gradients(x.data() + first, dy->data() + first, last - first, stripe_, mean_.data(),
                       scale_.data(), beta_.data(), with_relu_, partial(index, 0), partial(index, 1));
    });
    std::vector<double> sum = total(0), product = total(1);
    for (std::size_t c = 0; c < inverse_std_.size(); ++c) {
      bank.beta->grad.data()[c] = static_cast<float>(sum[c]);
      bank.gamma->grad.data()[c] = static_cast<float>(product[c] * inverse_std_[c]);
    }
    sum_over(*pass.group, sum, product);
    const double count = static_cast<double>(x.size() / channels_ * pass.group->size());
    for (std::size_t c = 0; c < inverse_std_.size(); ++c) {
      // dx = γ/σ (g - mean(g) - x̂ mean(g x̂)), with x̂ = (x - mean)/σ
      const double scale = bank.gamma->value.data()[c] * inverse_std_[c];
      slope_[c] = static_cast<float>(scale * inverse_std_[c] * inverse_std_[c] * product[c] / count);
      offset_[c] = static_cast<float>(scale * sum[c] / count);
    }
    if (!pass.wanted[0]) {
      return;
    }
    repeat(slope_);
    repeat(offset_);
    Gradient dx = dy.use_count() == 1 ? dy : pass.pool->take(x.shape());
    parallel_chunks(x.size(), chunk(), [&](std::int64_t, std::int64_t first, std::int64_t last) {
      normalise_gradient(x.data() + first, dy->data() + first, last - first, stripe_, mean_.data(),
                         scale_.data(), beta_.data(), slope_.data(), offset_.data(), with_relu_,
                         dx->data() + first);
    });
    pass.input_grads[0] = std::move(dx);
  }

 private:
  std::int64_t chunk() const { return stripe_ * kStripesPerChunk; }

  float* partial(std::int64_t index, int which) { return partials_.data() + (2 * index + which) * stripe_; }

  void reserve_partials(std::int64_t count) {
    chunks_ = (count + chunk() - 1) / chunk();
    partials_.resize(static_cast<std::size_t>(2 * chunks_ * stripe_));
  }

  /// Per channel, in double and in a fixed order.
  std::vector<double> total(int which) {
    std::vector<double> sums(static_cast<std::size_t>(channels_));
    for (std::int64_t index = 0; index < chunks_; ++index) {
      const float* part = partial(index, which);
      for (std::int64_t i = 0; i < stripe_; i += channels_) {
        for (std::int64_t c = 0; c < channels_; ++c) {
          sums[static_cast<std::size_t>(c)] += part[i + c];
        }
      }
    }
    return sums;
  }

  void repeat(std::vector<float>& row) const {
    for (std::int64_t i = channels_; i < stripe_; ++i) {
      row[static_cast<std::size_t>(i)] = row[static_cast<std::size_t>(i - channels_)];
    }
  }

  /// Both in one message.
  static void sum_over(parallel::Communicator& group, std::vector<double>& a, std::vector<double>& b) {
    if (group.alone()) {
      return;
    }
    std::vector<double> both(a);
    both.insert(both.end(), b.begin(), b.end());
    group.sum(std::span(both));
    const auto middle = both.begin() + static_cast<std::ptrdiff_t>(a.size());
    std::copy(both.begin(), middle, a.begin());
    std::copy(middle, both.end(), b.begin());
  }

  /// Each process has sums around a value of its own: they are moved to 0, in double, and added up.
  void sum_moments_over(parallel::Communicator& group, double rows_here, std::vector<double>& sum,
                        std::vector<double>& square) {
    if (group.alone()) {
      return;
    }
    for (std::size_t c = 0; c < sum.size(); ++c) {
      const double shift = mean_[c];
      square[c] += shift * (2.0 * sum[c] + rows_here * shift);
      sum[c] += rows_here * shift;
      mean_[c] = 0.0f;
    }
    sum_over(group, sum, square);
  }

  void use_batch_statistics(const Tensor& x, const BatchNormBank& bank, parallel::Communicator& group) {
    const std::int64_t rows_here = x.size() / channels_, rows = rows_here * group.size();
    if (rows < 2) {
      throw usage_error("layer '" + name_ + "': batch statistics of a single value per channel are undefined",
                        "train with a larger batch");
    }
    // Sums around some value of the channel instead of 0: no cancellation when the mean is far from 0.
    std::copy_n(x.data(), channels_, mean_.data());
    repeat(mean_);
    reserve_partials(x.size());
    parallel_chunks(x.size(), chunk(), [&](std::int64_t index, std::int64_t first, std::int64_t last) {
      stripe_moments(x.data() + first, last - first, stripe_, mean_.data(), partial(index, 0),
                     partial(index, 1));
    });
    std::vector<double> sum = total(0), square = total(1);
    sum_moments_over(group, static_cast<double>(rows_here), sum, square);
    const double count = static_cast<double>(rows);
    for (std::size_t c = 0; c < inverse_std_.size(); ++c) {
      const double shifted = sum[c] / count;
      const double mean = mean_[c] + shifted;
      const double variance = std::max(0.0, square[c] / count - shifted * shifted);
      mean_[c] = static_cast<float>(mean);
      inverse_std_[c] = 1.0 / std::sqrt(variance + kBatchNormEpsilon);
      update(bank.mean->value.data()[c], mean);
      update(bank.variance->value.data()[c], variance * count / (count - 1.0));
    }
  }

  static void update(float& running, double now) {
    running = static_cast<float>((1.0 - kBatchNormMomentum) * running + kBatchNormMomentum * now);
  }

  std::string name_;
  std::vector<BatchNormBank> banks_;
  bool with_relu_;
  std::int64_t channels_, stripe_, chunks_ = 0;
  std::vector<double> inverse_std_;
  std::vector<float> mean_, scale_, beta_, slope_, offset_;  ///< one stripe each
  std::vector<float> partials_;                              ///< [chunk][2][stripe]
};

}  // namespace

std::unique_ptr<LayerPasses> make_batch_norm(const std::string& name, std::vector<BatchNormBank> banks,
                                             bool with_relu) {
  return std::make_unique<BatchNorm>(name, std::move(banks), with_relu);
}

}  // namespace ns::nn
