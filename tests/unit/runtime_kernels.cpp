#include <doctest/doctest.h>

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "selftest/encode_case.h"
#include "support/kernel_cases.h"

namespace {

using namespace nsrt::selftest;
using nestkit_test::accumulate;

template <class Visit>
void each_case(Visit visit) {
  for (std::uint32_t i = 0; i < kernel_case_count(); ++i) visit(kernel_case(i));
}

void check_against_oracle(const nsrt::KernelSet& kernels) {
  const auto buffers = std::make_unique<CaseBuffers>();
  each_case([&](const KernelCase& c) {
    const std::string difference = nestkit_test::first_difference(c, kernels, *buffers);
    CHECK_MESSAGE(difference.empty(), difference);
  });
}

}  // namespace

TEST_CASE("every reference kernel equals the naive int64 oracle in every shared case") {
  check_against_oracle(nsrt::reference_kernels());
}

TEST_CASE("the fast kernels of this machine return the reference kernels' transcript") {
  const auto reference = nestkit_test::transcript_of(nsrt::reference_kernels());
  const auto fast = nestkit_test::transcript_of(nsrt::fast_kernels());
  REQUIRE(reference.size() == fast.size());
  for (std::size_t i = 0; i < reference.size(); ++i) {
    CHECK_MESSAGE(reference[i] == fast[i], reference[i].first);
  }
}

TEST_CASE("every case of the shared list has its own name and fits the buffers") {
  std::set<std::string> names;
  each_case([&](const KernelCase& c) {
    CHECK_MESSAGE(names.insert(c.id).second, c.id);
    CHECK_MESSAGE(c.inputs() <= kMaxActivationBytes, c.id);
    CHECK_MESSAGE(c.outputs() * (c.out16() ? 2 : 1) <= kMaxActivationBytes, c.id);
    if (c.has_rows()) CHECK_MESSAGE(c.window.co <= kMaxRows, c.id);
    std::vector<std::uint8_t> room(1 << 17);
    if (c.kind == CaseKind::kConvDense || c.gated()) {
      CHECK_MESSAGE(encode_quads(c, reinterpret_cast<std::int8_t*>(room.data())) <= kMaxEncodedBytes, c.id);
    } else if (c.rice()) {
      CHECK_MESSAGE(encode_rice(c, room.data()) <= kMaxEncodedBytes, c.id);
    } else if (c.sparse()) {
      CHECK_MESSAGE(encode_ncsr(c, room.data()) <= kMaxEncodedBytes, c.id);
    } else if (c.binary()) {
      CHECK_MESSAGE(encode_binary(c, reinterpret_cast<std::uint32_t*>(room.data())) <= kMaxEncodedBytes,
                    c.id);
    } else if (c.has_rows()) {
      CHECK_MESSAGE(encode_rows(c, reinterpret_cast<std::int8_t*>(room.data())) <= kMaxEncodedBytes, c.id);
    }
  });
}

TEST_CASE(
    "the shared list reaches rounding ties, both saturations, empty rows, full rows, fillers and negative "
    "multipliers") {
  int ties = 0, low = 0, high = 0, inner = 0, empty_rows = 0, full_rows = 0, fillers = 0, negative = 0;
  each_case([&](const KernelCase& c) {
    if (!c.has_rows()) return;
    if (c.sparse() && !c.rice()) {
      std::vector<std::uint8_t> code(kMaxEncodedBytes);
      const std::uint32_t bytes = encode_ncsr(c, code.data());
      for (std::uint32_t at = ncsr_counts_bytes(c); at < bytes; at += 1u + c.block) {
        bool zero = code[at] == 255;
        for (std::uint32_t i = 1; i <= c.block; ++i) zero = zero && code[at + i] == 0;
        fillers += zero ? 1 : 0;
      }
    }
    for (std::uint32_t row = 0; row < c.window.co; ++row) {
      const nsrt::RequantRow rq = case_requant_row(c, c.levels, row);
      negative += rq.multiplier < 0 ? 1 : 0;
      int kept = 0;
      for (std::uint32_t t = 0; t < c.taps(); ++t) {
        const std::uint32_t kx = t % c.window.kw, ky = t / c.window.kw % c.window.kh;
        if (c.sparse())
          kept += case_level(c, row, t / c.window.kw / c.window.kh / c.block, ky, kx) != 0 ? 1 : 0;
      }
      if (c.sparse() && kept == 0) ++empty_rows;
      if (c.sparse() && kept == static_cast<int>(c.taps())) ++full_rows;
      const std::int64_t x = accumulate(c, c.levels, static_cast<int>(row), 0, 0);
      const std::int64_t value = case_output_zero_point(c, c.levels) + nestkit_test::scaled(x, rq.multiplier);
      ties += ((x * rq.multiplier) & 0xFFFFFFFF) == 0x80000000 ? 1 : 0;
      (value < -128 ? low : value > 127 ? high : inner) += 1;
    }
  });
  CHECK(ties > 100);
  CHECK(low > 100);
  CHECK(high > 100);
  CHECK(inner > 1000);
  CHECK(empty_rows > 20);
  CHECK(full_rows > 50);
  CHECK(fillers > 20);
  CHECK(negative > 500);
}

TEST_CASE("a sparse convolution with every block in level 1 returns what the dense convolution returns") {
  const auto buffers = std::make_unique<CaseBuffers>();
  int compared = 0;
  each_case([&](const KernelCase& sparse) {
    if (sparse.kind != CaseKind::kConvSparse || sparse.values != CaseValues::kFull) return;
    KernelCase dense = sparse;
    dense.kind = CaseKind::kConvDense;
    const auto& kernels = nsrt::reference_kernels();
    const void* output = nullptr;
    prepare_case(sparse, *buffers);
    REQUIRE(run_case(sparse, 1, kernels, *buffers, &output) == CaseVerdict::kRan);
    const auto* first = static_cast<const std::int8_t*>(output);
    const std::vector<std::int8_t> expected(first, first + sparse.outputs());
    prepare_case(dense, *buffers);
    REQUIRE(run_case(dense, 1, kernels, *buffers, &output) == CaseVerdict::kRan);
    first = static_cast<const std::int8_t*>(output);
    CHECK_MESSAGE(std::vector<std::int8_t>(first, first + dense.outputs()) == expected, sparse.id);
    ++compared;
  });
  CHECK(compared > 50);
}

TEST_CASE("the M7's scratch size of a hostile window is UINT32_MAX, not what is left of it in 32 bits") {
  // Words pair rows here, so that all of them are in one strip: more than 4 GB of it.
  const nsrt::Window tall{30120, 1, 7128, 30120, 2, 1, 1, 7, 1, 1, 0, 1};
  CHECK(nsrt::m7_conv_ncsr_s8_scratch_bytes(tall, 1) == UINT32_MAX);
  const nsrt::Window wide{1, 65535, 16000, 1, 65535, 1, 1, 255, 1, 1, 0, 127};
  CHECK(nsrt::m7_conv_ncsr_s8_scratch_bytes(wide, 1) == UINT32_MAX);
  const nsrt::Window image{224, 224, 64, 224, 224, 64, 3, 3, 1, 1, 1, 1};
  CHECK(nsrt::m7_conv_ncsr_s8_scratch_bytes(image, 1) < 200'000);
}
