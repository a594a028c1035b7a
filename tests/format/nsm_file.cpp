// Packed models as ns::pack writes them, and what the runtime's reader says when a byte of them is lost or
// changed.
#include <doctest/doctest.h>

#include <cstring>

#include "expect_error.h"
#include "ns/pack/extract_subnet.h"
#include "nsrt/nsrt.h"
#include "support/sample_models.h"

namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes good_file() {
  return ns::pack::pack_model({sample::nested_network(), sample::single_network()}, sample::provenance())
      .bytes;
}

/// The first `size` bytes of a file, 16-byte aligned and ending where their allocation ends: a sanitizer sees
/// every read beyond.
class Placed {
 public:
  Placed(const Bytes& file, std::size_t size)
      : size_(size), data_(static_cast<std::uint8_t*>(::operator new (size, std::align_val_t{16}))) {
    std::memcpy(data_, file.data(), size);
  }
  ~Placed() { ::operator delete (data_, std::align_val_t{16}); }
  Placed(const Placed&) = delete;
  Placed& operator=(const Placed&) = delete;

  std::uint8_t& operator[](std::size_t i) { return data_[i]; }
  nsrt_status open() const {
    nsrt_model model;
    return nsrt_open(&model, data_, size_).status;
  }

 private:
  std::size_t size_;
  std::uint8_t* data_;
};

}  // namespace

TEST_CASE("Files with every operator and encoding, one or two networks, open and pass their self-test") {
  // pack_model opens its result with nsrt_open and runs nsrt_self_test; here we only look that the features
  // are there.
  const auto model =
      ns::pack::pack_model({sample::nested_network(), sample::single_network()}, sample::provenance());
  bool encodings[4] = {};
  for (const auto& layout : model.layouts)
    for (const auto& weights : layout.weights) encodings[static_cast<int>(weights.encoding)] = true;
  for (const bool seen : encodings) CHECK(seen);
  CHECK(Placed(model.bytes, model.bytes.size()).open() == NSRT_OK);
}

TEST_CASE("Equal networks give equal bytes") {
  CHECK(good_file() == good_file());
}

TEST_CASE("Every truncation of a packed model is refused") {
  const Bytes file = good_file();
  for (std::size_t size = 0; size < file.size(); ++size) {
    CAPTURE(size);
    REQUIRE(Placed(file, size).open() != NSRT_OK);
  }
}

TEST_CASE("Every change of a single byte of a packed model is refused") {
  const Bytes file = good_file();
  Placed copy(file, file.size());
  for (std::size_t i = 0; i < file.size(); ++i) {
    for (const std::uint8_t mask : {0x01, 0x80, 0xFF}) {
      CAPTURE(i);
      copy[i] = static_cast<std::uint8_t>(copy[i] ^ mask);
      REQUIRE(copy.open() != NSRT_OK);
      copy[i] = file[i];
    }
  }
  CHECK(copy.open() == NSRT_OK);
}

TEST_CASE("A subnet that was extracted computes what it computed among its sisters") {
  auto all = sample::nested_network();
  const auto whole = ns::pack::pack_model({all}, sample::provenance());
  const auto output_of = [&](const Bytes& file, unsigned subnet) {
    Placed placed(file, file.size());
    nsrt_model model;
    REQUIRE(nsrt_open(&model, &placed[0], file.size()).status == NSRT_OK);
    nsrt_network_info info;
    nsrt_describe(&model, 0, &info);
    alignas(16) static std::uint8_t arena[1 << 16];
    std::vector<std::int16_t> logits(info.output.c);
    REQUIRE(nsrt_run(&model, 0, subnet, all.test_input.data(), logits.data(), arena, sizeof arena, nullptr) ==
            NSRT_OK);
    return logits;
  };
  const auto largest = output_of(whole.bytes, 3);
  CHECK(*std::max_element(largest.begin(), largest.end()) > 0);
  for (int subnet = 1; subnet <= 3; ++subnet) {
    auto alone = all;
    alone.network = ns::pack::extract_subnet(all.network, subnet);
    alone.sparsities = {0.5};
    const auto file = ns::pack::pack_model({alone}, sample::provenance());
    CHECK(file.bytes.size() < whole.bytes.size());
    CHECK(output_of(file.bytes, 1) == output_of(whole.bytes, static_cast<unsigned>(subnet)));
  }
}

TEST_CASE("What the format cannot hold is refused with the layer's name") {
  auto network = sample::nested_network();
  network.network.operators[0].kernel = {300, 3};
  EXPECT_ERROR(ns::pack::pack_model({network}, {}), kInput, "layer \"conv0\": kernel 300");
  auto depthwise = sample::nested_network();
  for (auto& op : depthwise.network.operators)
    if (op.kind == ns::quant::OperatorKind::kDepthwiseConv) op.weights.level[0] = 2;
  EXPECT_ERROR(ns::pack::pack_model({depthwise}, {}), kInput, "a depthwise convolution cannot differ");
}
