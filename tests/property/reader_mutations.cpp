// Random changes behind correct CRCs: the reader refuses them or the model runs, within its arena and its
// file. What this test shows it shows under the sanitizers: every read and write beyond a buffer ends it.
#include <doctest/doctest.h>

#include <cstdint>
#include <memory>
#include <new>
#include <random>
#include <vector>

#include "model/crc32.h"
#include "model/run.h"
#include "nsrt/detect.h"
#include "support/sample_models.h"
#include "support/tiny_model.h"

using namespace nestkit_test;

namespace {

constexpr const char* kSections[] = {"NETW", "TENS", "OPER", "WDEN", "WNCS", "REQT", "TEST"};

struct AlignedDelete {
  void operator()(std::uint8_t* p) const { ::operator delete[](p, std::align_val_t{16}); }
};
std::unique_ptr<std::uint8_t[], AlignedDelete> aligned(std::size_t bytes) {
  return std::unique_ptr<std::uint8_t[], AlignedDelete>(new (std::align_val_t{16}) std::uint8_t[bytes]());
}

std::uint32_t interesting(std::mt19937& rng) {
  constexpr std::uint32_t kValues[] = {0,      1,       2,          3,          4,          8,         15,
                                       16,     127,     128,        255,        256,        0x7FFF,    0x8000,
                                       0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF0, 0xFFFFFFFF};
  return rng() % 3 == 0 ? rng() : kValues[rng() % std::size(kValues)];
}

void mutate(Bytes& bytes, std::mt19937& rng) {
  const std::size_t at = rng() % bytes.size();
  switch (rng() % 4) {
    case 0:
      bytes[at] = static_cast<std::uint8_t>(interesting(rng));
      break;
    case 1:
      bytes[at] = static_cast<std::uint8_t>(bytes[at] + (rng() % 2 == 0 ? 1 : -1));
      break;
    case 2:
      if (at / 2 * 2 + 2 <= bytes.size()) put16(bytes, at / 2 * 2, interesting(rng));
      break;
    default:
      if (at / 4 * 4 + 4 <= bytes.size()) put32(bytes, at / 4 * 4, interesting(rng));
  }
}

// Opens exactly these bytes; whatever the reader accepts is run on every subnet.
nsrt_status open_and_run(const Bytes& file) {
  const auto exact = aligned(file.size());
  std::copy(file.begin(), file.end(), exact.get());
  nsrt_model model;
  const nsrt_status status = nsrt_open(&model, exact.get(), file.size()).status;
  if (status != NSRT_OK) return status;
  for (unsigned n = 0; n < model.networks; ++n) {
    nsrt_network_info info;
    REQUIRE(nsrt_describe(&model, n, &info) == NSRT_OK);
    if (info.arena_bytes > 1'000'000) continue;
    const auto arena = aligned(info.arena_bytes);
    const nsrt::KernelSet* const sets[] = {&nsrt::reference_kernels(), &nsrt::fast_kernels()};
    std::vector<std::uint8_t> outputs[2];
    for (unsigned k = 1; k <= info.subnets; ++k) {
      for (int s = 0; s < 2; ++s) {
        const std::size_t scratch_bytes = nsrt::scratch_bytes(model, n, *sets[s]);
        const auto scratch = aligned(scratch_bytes + 1);
        const std::vector<std::int8_t> input(info.input.bytes, static_cast<std::int8_t>(k * 50));
        outputs[s].assign(info.output.bytes, 0);
        CHECK(nsrt::run(model, n, k, input.data(), outputs[s].data(), arena.get(), info.arena_bytes, *sets[s],
                        {scratch.get(), scratch_bytes}) == NSRT_OK);
      }
      CHECK(outputs[0] == outputs[1]);
      nsrt_detector detector;
      if (nsrt_describe_detector(&model, n, &detector) != NSRT_OK) continue;
      std::vector<nsrt_detection> found(detector.candidates);
      std::uint32_t count = 0;
      const auto* values = reinterpret_cast<const std::int8_t*>(outputs[0].data());
      CHECK(nsrt_detect(&model, n, k, values, found.data(), &count) == NSRT_OK);
      CHECK(count <= found.size());
    }
  }
  return status;
}

}  // namespace

TEST_CASE("Random changes of a section behind correct CRCs are refused or run within their buffers") {
  constexpr unsigned kSeed = 20261122;
  INFO("seed " << kSeed);
  std::mt19937 rng(kSeed);
  int refused = 0, accepted = 0;
  for (int round = 0; round < 6000; ++round) {
    TinyModel tiny(round % 2);
    for (unsigned changes = 1 + rng() % 3; changes > 0; --changes) {
      mutate(tiny.section(kSections[rng() % std::size(kSections)]), rng);
    }
    (open_and_run(tiny.file()) == NSRT_OK ? accepted : refused) += 1;
  }
  CHECK(refused > 2000);
  CHECK(accepted > 500);
}

namespace {

void change_sections(const ns::pack::NetworkDescription& description) {
  const Bytes good = ns::pack::pack_model({description}, sample::provenance()).bytes;
  std::mt19937 rng(11);
  int refused = 0, accepted = 0;
  for (int round = 0; round < 1500; ++round) {
    Bytes file = good;
    const std::uint32_t entry = 64 + 32 * (1 + rng() % ((get32(file, 24) & 0xFFFF) - 1));
    const std::uint32_t offset = get32(file, entry + 4), bytes = get32(file, entry + 8);
    Bytes section(file.begin() + offset, file.begin() + offset + bytes);
    mutate(section, rng);
    std::copy(section.begin(), section.end(), file.begin() + offset);
    put32(file, entry + 12, nsrt::crc32(section.data(), bytes));
    mend_table(file);
    (open_and_run(file) == NSRT_OK ? accepted : refused) += 1;
  }
  CHECK(refused > 500);
  CHECK(accepted > 200);
}

}  // namespace

TEST_CASE("Random changes of a model with binary layers are refused or run within their buffers") {
  change_sections(sample::binary_network());
}

TEST_CASE("Random changes of a detector are refused or run within their buffers") {
  change_sections(sample::detector_network());
}

TEST_CASE(
    "Random changes of header and section table behind correct CRCs are refused or run within their "
    "buffers") {
  constexpr unsigned kSeed = 7;
  INFO("seed " << kSeed);
  std::mt19937 rng(kSeed);
  int refused = 0;
  for (int round = 0; round < 3000; ++round) {
    Bytes file = TinyModel().file();
    Bytes front(file.begin(), file.begin() + 64 + 8 * 32);
    mutate(front, rng);
    std::copy(front.begin(), front.end(), file.begin());
    // More sections than the file holds cannot get a right CRC: their table ends beyond it.
    if ((get32(file, 24) & 0xFFFF) * 32 + 64 <= file.size()) mend_table(file);
    refused += open_and_run(file) == NSRT_OK ? 0 : 1;
  }
  CHECK(refused > 2000);
}
