// Running packed models: the tiny model of tests/support, on every set of kernels.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "model/run.h"
#include "nsrt/regions.h"
#include "support/tiny_model.h"

using namespace nestkit_test;

namespace {

struct Aligned {
  explicit Aligned(std::size_t bytes) : size(bytes), data(new (std::align_val_t{16}) std::uint8_t[bytes]) {
    std::fill_n(data, bytes, std::uint8_t{0xCC});
  }
  ~Aligned() { ::operator delete[](data, std::align_val_t{16}); }
  Aligned(const Aligned&) = delete;
  Aligned& operator=(const Aligned&) = delete;
  std::size_t size;
  std::uint8_t* data;
};

using Logits = std::vector<std::int16_t>;

class Opened {
 public:
  explicit Opened(Bytes file) : file_(std::move(file)) {
    REQUIRE(nsrt_open(&model, file_.data(), file_.size()).status == NSRT_OK);
    REQUIRE(nsrt_describe(&model, 0, &info) == NSRT_OK);
  }
  Logits run(unsigned subnet, const std::vector<std::int8_t>& input) const {
    Aligned arena(info.arena_bytes);
    Logits logits(info.output.c);
    REQUIRE(nsrt_run(&model, 0, subnet, input.data(), logits.data(), arena.data, arena.size, nullptr) ==
            NSRT_OK);
    return logits;
  }
  Logits run(unsigned subnet, const std::vector<std::int8_t>& input, const nsrt::KernelSet& kernels) const {
    Aligned arena(info.arena_bytes), scratch(nsrt::scratch_bytes(model, 0, kernels) + 16);
    Logits logits(info.output.c);
    REQUIRE(nsrt::run(model, 0, subnet, input.data(), logits.data(), arena.data, arena.size, kernels,
                      {scratch.data, scratch.size}) == NSRT_OK);
    return logits;
  }

  nsrt_model model{};
  nsrt_network_info info{};

 private:
  Bytes file_;
};

std::vector<std::int8_t> some_input(std::size_t count, int seed) {
  std::vector<std::int8_t> input(count);
  for (std::size_t i = 0; i < count; ++i) {
    input[i] = static_cast<std::int8_t>((i * 37 + static_cast<std::size_t>(seed) * 101) % 256);
  }
  return input;
}

// The tiny model with the outputs that the reference kernels give for its own test input.
TinyModel with_outputs() {
  TinyModel tiny;
  Bytes& test = tiny.section("TEST");
  const Opened opened(tiny.file());
  std::vector<std::int8_t> input(45);
  std::memcpy(input.data(), test.data() + 4, 45);
  for (unsigned k = 1; k <= TinyModel::kSubnets; ++k) {
    const Logits logits = opened.run(k, input, nsrt::reference_kernels());
    std::memcpy(test.data() + 52 + (k - 1) * 6, logits.data(), 6);
  }
  return tiny;
}

}  // namespace

TEST_CASE("A model tells its shapes, scale and arena") {
  const Opened tiny(TinyModel().file());
  CHECK(tiny.model.networks == 1);
  CHECK(tiny.info.subnets == 3);
  CHECK(tiny.info.operators == kTinyOperators);
  CHECK(tiny.info.tensors == TinyModel::kTensors);
  CHECK(tiny.info.input.h == 3);
  CHECK(tiny.info.input.w == 5);
  CHECK(tiny.info.input.c == 3);
  CHECK(tiny.info.input.bytes == 45);
  CHECK(tiny.info.output.type == 1);
  CHECK(tiny.info.output.bytes == 6);
  CHECK(tiny.info.input_zero_point == -7);
  CHECK(tiny.info.input_scale == 0.0078125f);
  CHECK(tiny.info.arena_bytes == TinyModel().arena_bytes);
  nsrt_network_info unused;
  CHECK(nsrt_describe(&tiny.model, 1, &unused) == NSRT_BAD_ARGUMENT);
}

TEST_CASE("nsrt_run, the fast kernels and the reference kernels give the same logits for every subnet") {
  const Opened tiny(TinyModel().file());
  std::vector<Logits> first;
  for (unsigned k = 1; k <= tiny.info.subnets; ++k) {
    for (int seed = 0; seed < 8; ++seed) {
      const auto input = some_input(45, seed);
      const Logits reference = tiny.run(k, input, nsrt::reference_kernels());
      CHECK(tiny.run(k, input, nsrt::fast_kernels()) == reference);
      CHECK(tiny.run(k, input) == reference);
      if (seed == 0) first.push_back(reference);
    }
  }
  CHECK(first[0] != first[1]);
  CHECK(first[1] != first[2]);
}

TEST_CASE("An arena cut in two gives the same logits, and cannot be cut through a tensor") {
  const Opened tiny(TinyModel().file());
  const auto input = some_input(45, 3);
  const std::uint32_t all = tiny.info.arena_bytes;
  Aligned fast(all), rest(all);
  unsigned cuts = 0;
  for (std::uint32_t at = 0; at <= all; at += 16) {
    const std::uint32_t cut = nsrt_arena_cut(&tiny.model, 0, at);
    CHECK(cut <= at);
    Logits logits(tiny.info.output.c);
    nsrt_regions regions{fast.data, at, rest.data, all - at};
    const auto run = [&] {
      return nsrt_run_in(&tiny.model, 0, 2, input.data(), logits.data(), &regions, nullptr);
    };
    if (cut < at) {
      CHECK(run() == NSRT_BAD_ARGUMENT);
      continue;
    }
    ++cuts;
    CHECK(run() == NSRT_OK);
    CHECK(logits == tiny.run(2, input));
    auto* const place = reinterpret_cast<std::uint8_t*>(nsrt_input_place_in(&tiny.model, 0, &regions));
    CHECK(((place >= fast.data && place < fast.data + at) ||
           (place >= rest.data && place < rest.data + all - at)));
    if (at == all) continue;
    regions.rest_bytes -= 1;
    CHECK(run() == NSRT_ARENA_TOO_SMALL);
    regions.rest = rest.data + 8;
    CHECK(run() == NSRT_MISALIGNED);
    regions.rest = nullptr;
    CHECK(run() == NSRT_BAD_ARGUMENT);
  }
  CHECK(cuts > 2);
  CHECK(nsrt_arena_cut(&tiny.model, 0, UINT32_MAX) == all);
  CHECK(nsrt_arena_cut(&tiny.model, 1, all) == 0);
}

TEST_CASE("The self-test passes on right outputs and notices one wrong byte in any subnet of any network") {
  TinyModel tiny = with_outputs();
  tiny.networks.push_back(tiny.networks[0]);
  Aligned arena(tiny.arena_bytes);
  {
    const Opened opened(tiny.file());
    CHECK(nsrt_self_test(&opened.model, arena.data, arena.size) == NSRT_OK);
    CHECK(nsrt_self_test(&opened.model, arena.data, arena.size - 1) == NSRT_ARENA_TOO_SMALL);
    CHECK(nsrt_self_test(&opened.model, arena.data + 8, arena.size) == NSRT_MISALIGNED);
  }
  for (Sections& network : tiny.networks) {
    for (unsigned k = 0; k < TinyModel::kSubnets; ++k) {
      std::uint8_t& byte = network["TEST"][52 + 6 * k + 5];
      byte ^= 1;
      const Opened opened(tiny.file());
      CHECK(nsrt_self_test(&opened.model, arena.data, arena.size) == NSRT_BAD_TEST);
      byte ^= 1;
    }
  }
}

TEST_CASE("The observer sees every operator's output, in order") {
  const Opened tiny(TinyModel().file());
  struct Seen {
    std::vector<unsigned> operators;
    std::vector<std::uint32_t> bytes;
    Logits last;
  } seen;
  const nsrt_run_options options{[](void* user, unsigned index, const void* output, std::uint32_t bytes) {
                                   auto& s = *static_cast<Seen*>(user);
                                   s.operators.push_back(index);
                                   s.bytes.push_back(bytes);
                                   if (index == kLinear) {
                                     s.last.resize(bytes / 2);
                                     std::memcpy(s.last.data(), output, bytes);
                                   }
                                 },
                                 &seen};
  Aligned arena(tiny.info.arena_bytes);
  Logits logits(3);
  const auto input = some_input(45, 1);
  REQUIRE(nsrt_run(&tiny.model, 0, 2, input.data(), logits.data(), arena.data, arena.size, &options) ==
          NSRT_OK);
  CHECK(seen.operators == std::vector<unsigned>{0, 1, 2, 3, 4, 5, 6, 7});
  CHECK(seen.bytes == std::vector<std::uint32_t>{75, 75, 75, 75, 20, 5, 5, 6});
  CHECK(seen.last == logits);
}

TEST_CASE("An input that was written in place gives the same logits as one that is copied") {
  const Opened tiny(TinyModel().file());
  Aligned arena(tiny.info.arena_bytes);
  const auto input = some_input(45, 3);
  std::int8_t* place = nsrt_input_place(&tiny.model, 0, arena.data);
  std::copy(input.begin(), input.end(), place);
  Logits logits(3);
  REQUIRE(nsrt_run(&tiny.model, 0, 3, place, logits.data(), arena.data, arena.size, nullptr) == NSRT_OK);
  CHECK(logits == tiny.run(3, input));
  CHECK(nsrt_input_place(&tiny.model, 1, arena.data) == nullptr);
}

TEST_CASE("Kernels that ask for more scratch than there is are refused") {
  static const nsrt::KernelSet greedy = [] {
    nsrt::KernelSet set = nsrt::reference_kernels();
    set.dwconv_s8_scratch_bytes = [](const nsrt::Window&) -> std::uint32_t { return 1'000'000; };
    return set;
  }();
  const Opened tiny(TinyModel().file());
  CHECK(nsrt::scratch_bytes(tiny.model, 0, greedy) == 1'000'000);
  Aligned arena(tiny.info.arena_bytes), scratch(1'000'000);
  Logits logits(3);
  const auto input = some_input(45, 3);
  const auto run = [&](nsrt::Scratch place) {
    return nsrt::run(tiny.model, 0, 1, input.data(), logits.data(), arena.data, arena.size, greedy, place);
  };
  CHECK(run({}) == NSRT_ARENA_TOO_SMALL);
  CHECK(run({scratch.data, 999'999}) == NSRT_ARENA_TOO_SMALL);
  CHECK(run({scratch.data + 1, 999'999}) == NSRT_MISALIGNED);
  CHECK(run({scratch.data, 1'000'000}) == NSRT_OK);
}

TEST_CASE("A wrong network, subnet, buffer or arena is refused before anything runs") {
  const Opened tiny(TinyModel().file());
  Aligned arena(tiny.info.arena_bytes);
  Logits logits(3);
  const auto input = some_input(45, 0);
  const auto run = [&](unsigned network, unsigned subnet, const std::int8_t* in, void* out, void* place,
                       std::size_t bytes) {
    return nsrt_run(&tiny.model, network, subnet, in, out, place, bytes, nullptr);
  };
  CHECK(run(1, 1, input.data(), logits.data(), arena.data, arena.size) == NSRT_BAD_ARGUMENT);
  CHECK(run(0, 0, input.data(), logits.data(), arena.data, arena.size) == NSRT_BAD_ARGUMENT);
  CHECK(run(0, 4, input.data(), logits.data(), arena.data, arena.size) == NSRT_BAD_ARGUMENT);
  CHECK(run(0, 1, nullptr, logits.data(), arena.data, arena.size) == NSRT_BAD_ARGUMENT);
  CHECK(run(0, 1, input.data(), nullptr, arena.data, arena.size) == NSRT_BAD_ARGUMENT);
  CHECK(run(0, 1, input.data(), logits.data(), nullptr, arena.size) == NSRT_BAD_ARGUMENT);
  CHECK(run(0, 1, input.data(), logits.data(), arena.data + 4, arena.size) == NSRT_MISALIGNED);
  CHECK(run(0, 1, input.data(), logits.data(), arena.data, arena.size - 1) == NSRT_ARENA_TOO_SMALL);
}

TEST_CASE("The largest logit wins and the lowest index wins a tie") {
  const Logits logits{-5, 7, -32768, 7, 6};
  CHECK(nsrt_argmax(logits.data(), 5) == 1);
  CHECK(nsrt_argmax(logits.data(), 1) == 0);
  CHECK(nsrt_argmax(logits.data() + 2, 1) == 0);
}

TEST_CASE("Every status has a text of its own") {
  std::vector<std::string> texts;
  for (int status = NSRT_OK; status <= NSRT_NO_KERNEL; ++status) {
    texts.emplace_back(nsrt_status_text(static_cast<nsrt_status>(status)));
  }
  std::sort(texts.begin(), texts.end());
  CHECK(std::adjacent_find(texts.begin(), texts.end()) == texts.end());
}
