// Every architecture, from the float graph to the packed model and through the runtime.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "model/run.h"
#include "ns/arch/registry.h"
#include "ns/data/loader.h"
#include "support/small_architectures.h"

namespace {

using Bytes = std::vector<std::uint8_t>;

struct AlignedDelete {
  void operator()(std::uint8_t* p) const { ::operator delete[](p, std::align_val_t{32}); }
};
using Memory = std::unique_ptr<std::uint8_t[], AlignedDelete>;
Memory memory(std::size_t bytes) {
  return Memory(new (std::align_val_t{32}) std::uint8_t[bytes]());
}

class Opened {
 public:
  explicit Opened(const Bytes& file) : file_(memory(file.size())) {
    std::memcpy(file_.get(), file.data(), file.size());
    REQUIRE(nsrt_open(&model_, file_.get(), file.size()).status == NSRT_OK);
    REQUIRE(nsrt_describe(&model_, 0, &info_) == NSRT_OK);
  }

  /// The outputs of all operators, one after the other.
  Bytes run(unsigned subnet, const std::vector<std::int8_t>& input, const nsrt::KernelSet& kernels) const {
    const Memory arena = memory(info_.arena_bytes), output = memory(info_.output.bytes);
    const std::size_t scratch_bytes = nsrt::scratch_bytes(model_, 0, kernels) + 16;
    const Memory scratch = memory(scratch_bytes);
    Bytes all;
    const auto collect = [](void* user, unsigned, const void* data, std::uint32_t bytes) {
      const auto* begin = static_cast<const std::uint8_t*>(data);
      static_cast<Bytes*>(user)->insert(static_cast<Bytes*>(user)->end(), begin, begin + bytes);
    };
    REQUIRE(nsrt::run(model_, 0, subnet, input.data(), output.get(), arena.get(), info_.arena_bytes, kernels,
                      {scratch.get(), scratch_bytes}, {collect, &all}) == NSRT_OK);
    return all;
  }

  /// What the last operator of a run wrote: int16 logits.
  std::vector<float> logits(const Bytes& outputs) const {
    REQUIRE(info_.output.type == 1);
    std::vector<std::int16_t> values(info_.output.c);
    std::memcpy(values.data(), outputs.data() + outputs.size() - info_.output.bytes, info_.output.bytes);
    std::vector<float> real;
    for (const std::int16_t value : values) real.push_back(static_cast<float>(value) / 256);
    return real;
  }

 private:
  Memory file_;
  nsrt_model model_{};
  nsrt_network_info info_{};
};

std::vector<std::int8_t> planar(const ns::data::Dataset& images, std::size_t index) {
  const auto pixels = images.image(index);
  const auto channels = static_cast<std::size_t>(images.shape.c), plane = pixels.size() / channels;
  std::vector<std::int8_t> input(pixels.size());
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    input[i % channels * plane + i / channels] = static_cast<std::int8_t>(pixels[i] - 128);
  }
  return input;
}

/// Pearson's, of pairs whose per-class means are removed: the bias of a class says nothing about its input.
class Correlation {
 public:
  explicit Correlation(std::size_t classes) : classes_(classes) {}
  void add(const std::vector<float>& a, const float* b) {
    a_.insert(a_.end(), a.begin(), a.end());
    b_.insert(b_.end(), b, b + a.size());
  }
  double value() const {
    double aa = 0, bb = 0, ab = 0;
    for (std::size_t c = 0; c < classes_; ++c) {
      double mean_a = 0, mean_b = 0;
      const double rows = static_cast<double>(a_.size() / classes_);
      for (std::size_t i = c; i < a_.size(); i += classes_) mean_a += a_[i] / rows, mean_b += b_[i] / rows;
      for (std::size_t i = c; i < a_.size(); i += classes_) {
        const double a = a_[i] - mean_a, b = b_[i] - mean_b;
        aa += a * a, bb += b * b, ab += a * b;
      }
    }
    return ab / std::sqrt(aa * bb);
  }

 private:
  std::size_t classes_;
  std::vector<float> a_, b_;
};

}  // namespace

TEST_CASE("every architecture packs, runs alike on all kernels and follows its float network") {
  constexpr std::size_t kImages = 16;
  for (const SmallArchitecture& c : kSmallArchitectures) {
    CAPTURE(std::string(c.arch));
    CAPTURE(c.input.h);
    RandomNetwork network = small_network(c);
    const Opened model(ns::pack::pack_model({network.packed}, {}).bytes);
    ns::data::Batch batch;
    ns::data::evaluation_batch(network.images, 0, kImages, batch);
    for (int subnet = 1; subnet <= 2; ++subnet) {
      CAPTURE(subnet);
      network.model.select(subnet);
      const ns::Tensor& expected = network.model.network().forward(batch.x, ns::nn::Mode::kEval);
      const auto classes = static_cast<std::size_t>(expected.shape()[1]);
      Correlation correlation(classes);
      for (std::size_t i = 0; i < kImages; ++i) {
        const std::vector<std::int8_t> input = planar(network.images, i);
        const Bytes outputs = model.run(static_cast<unsigned>(subnet), input, nsrt::fast_kernels());
        CHECK(outputs == model.run(static_cast<unsigned>(subnet), input, nsrt::reference_kernels()));
        correlation.add(model.logits(outputs), expected.data() + i * classes);
      }
      CHECK(correlation.value() > 0.85);  // a deep random network multiplies every rounding
    }
  }
}

TEST_CASE("every architecture of the registry is among those packed") {
  for (const std::string& name : ns::arch::names()) {
    CAPTURE(name);
    CHECK(std::any_of(std::begin(kSmallArchitectures), std::end(kSmallArchitectures),
                      [&](const SmallArchitecture& c) { return name == c.arch; }));
  }
}
