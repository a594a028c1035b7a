// Every status of the reader, from a file whose only fault is the one named: CRCs are right unless they are
// the fault.
#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <vector>

#include "support/tiny_model.h"

using namespace nestkit_test;

namespace {

struct SectionFault {
  std::string what;
  std::function<void(TinyModel&)> change;
};

struct FileFault {
  std::string what;
  std::function<void(Bytes&)> change;
};

void expect_status(nsrt_status status, const std::vector<SectionFault>& faults) {
  for (const SectionFault& fault : faults) {
    TinyModel model;
    fault.change(model);
    const nsrt_error error = open_error(model.file());
    CHECK_MESSAGE(error.status == status, fault.what << ": " << nsrt_status_text(error.status) << " at "
                                                     << error.offset << ", index " << error.index);
  }
}

void expect_status(nsrt_status status, const std::vector<FileFault>& faults) {
  for (const FileFault& fault : faults) {
    Bytes file = TinyModel().file();
    fault.change(file);
    const nsrt_error error = open_error(file);
    CHECK_MESSAGE(error.status == status, fault.what << ": " << nsrt_status_text(error.status) << " at "
                                                     << error.offset << ", index " << error.index);
  }
}

std::function<void(TinyModel&)> set8(const char* section, std::size_t at, unsigned value) {
  return [=](TinyModel& m) { m.section(section).at(at) = static_cast<std::uint8_t>(value); };
}
std::function<void(TinyModel&)> set16(const char* section, std::size_t at, unsigned value) {
  return [=](TinyModel& m) { put16(m.section(section), at, value); };
}
std::function<void(TinyModel&)> set32(const char* section, std::size_t at, unsigned value) {
  return [=](TinyModel& m) { put32(m.section(section), at, value); };
}
constexpr std::size_t op(unsigned index, unsigned field) {
  return 48 * index + field;
}
constexpr std::size_t tensor(unsigned index, unsigned field) {
  return 16 * index + field;
}
constexpr std::size_t entry(unsigned index, unsigned field) {
  return 64 + 32 * index + field;
}

// Offset of an operator's weights or tables in their section.
std::size_t weights_at(TinyModel& m, unsigned index) {
  return get32(m.section("OPER"), op(index, 16));
}
std::size_t tables_at(TinyModel& m, unsigned index) {
  return get32(m.section("OPER"), op(index, 24));
}

constexpr std::size_t kCountsBytes = 32;  // of the sparse convolution: 5 rows × 3 levels, filled

// A record of the sparse convolution whose block (channels 2 and 3 of 3) lacks its second channel.
std::size_t last_block_record(TinyModel& m) {
  const Bytes& wncs = m.section("WNCS");
  const std::size_t counts = weights_at(m, kSparseConv);
  std::size_t record = counts + kCountsBytes;
  for (unsigned list = 0; list < 15; ++list) {
    unsigned position = 0;
    for (unsigned left = wncs[counts + 2 * list]; left > 0; --left, record += 3) {
      position += wncs[record];
      if (position >= 9) return record;
    }
  }
  FAIL("no such record");
  return 0;
}

std::function<void(Bytes&)> header32(std::size_t at, std::uint32_t value) {
  return [=](Bytes& file) {
    put32(file, at, value);
    mend_header(file);
  };
}
std::function<void(Bytes&)> table32(std::size_t at, std::uint32_t value) {
  return [=](Bytes& file) {
    put32(file, at, value);
    mend_table(file);
  };
}

}  // namespace

TEST_CASE("The tiny model opens, and a model of two networks too") {
  TinyModel model;
  CHECK(open_error(model.file()).status == NSRT_OK);
  model.networks.push_back(model.networks[0]);
  CHECK(open_error(model.file()).status == NSRT_OK);
}

TEST_CASE("A missing or misaligned file is refused before it is read") {
  nsrt_model model;
  CHECK(nsrt_open(&model, nullptr, 0).status == NSRT_BAD_ARGUMENT);
  alignas(16) static std::uint8_t bytes[128] = {};
  CHECK(nsrt_open(&model, bytes + 4, 64).status == NSRT_MISALIGNED);
  CHECK(model.networks == 0);
}

TEST_CASE("A file that is shorter than its header says is truncated") {
  expect_status(NSRT_TRUNCATED, std::vector<FileFault>{
                                    {"63 bytes", [](Bytes& f) { f.resize(63); }},
                                    {"header only", [](Bytes& f) { f.resize(64); }},
                                    {"last block missing", [](Bytes& f) { f.erase(f.end() - 32, f.end()); }},
                                });
}

TEST_CASE("Another magic, a text-mode transfer and another major version are told apart") {
  expect_status(NSRT_BAD_MAGIC, std::vector<FileFault>{
                                    {"CR LF became LF", [](Bytes& f) { f.erase(f.begin() + 4); }},
                                    {"seven bits only", [](Bytes& f) { f[0] = 0x09; }},
                                });
  expect_status(NSRT_BAD_VERSION, std::vector<FileFault>{{"version 2.0", [](Bytes& f) {
                                                            put16(f, 8, 2);
                                                            mend_header(f);
                                                          }}});
}

TEST_CASE("Another minor version and unknown optional features are accepted, unknown required ones are not") {
  Bytes file = TinyModel().file();
  put16(file, 10, 7);
  put32(file, 20, 0x80000001);
  mend_header(file);
  CHECK(open_error(file).status == NSRT_OK);
  expect_status(NSRT_UNKNOWN_FEATURE,
                std::vector<FileFault>{{"bit 1", header32(16, 3)}, {"bit 31", header32(16, 0x80000001)}});
}

TEST_CASE("A damaged header is refused") {
  expect_status(NSRT_BAD_HEADER, std::vector<FileFault>{
                                     {"CRC", [](Bytes& f) { f[60] ^= 1; }},
                                     {"a field without its CRC", [](Bytes& f) { f[20] ^= 1; }},
                                     {"bytes after the end", [](Bytes& f) { f.resize(f.size() + 32); }},
                                     {"no section", header32(24, 0x00010000)},
                                     {"257 sections", header32(24, 0x00010101)},
                                     {"no network", header32(24, 8)},
                                     {"17 networks", header32(24, 17u << 16 | 8)},
                                     {"reserved byte", header32(52, 1u << 24)},
                                     {"arena of no network", header32(28, 16)},
                                 });
}

TEST_CASE("A damaged section table is refused") {
  expect_status(NSRT_BAD_SECTION_TABLE, std::vector<FileFault>{
                                            {"CRC",
                                             [](Bytes& f) {
                                               f[56] ^= 1;
                                               mend_header(f);
                                             }},
                                            {"table beyond the file", header32(24, 0x00010100)},
                                            {"more sections than listed", header32(24, 0x00010009)},
                                            {"feature bit without a sparse section's use", header32(16, 0)},
                                            {"two networks promised", header32(24, 2u << 16 | 8)},
                                            {"unknown type", table32(entry(3, 0), 0x41414141)},
                                            {"META twice", table32(entry(1, 0), 0x4154454D)},
                                            {"order",
                                             [](Bytes& f) {
                                               std::swap_ranges(f.begin() + 96, f.begin() + 128,
                                                                f.begin() + 128);
                                               mend_table(f);
                                             }},
                                            {"META of a network", table32(entry(0, 16), 0)},
                                            {"section of another network", table32(entry(4, 16), 1)},
                                            {"hole", table32(entry(2, 4), 0x4000)},
                                            {"unaligned",
                                             [](Bytes& f) {
                                               f[entry(1, 4)] += 4;
                                               mend_table(f);
                                             }},
                                            {"empty section", table32(entry(0, 8), 0)},
                                            {"beyond the file", table32(entry(7, 8), 0x10000)},
                                            {"wraps around", table32(entry(7, 8), 0xFFFFFFF0)},
                                            {"file ends late", table32(entry(7, 8), 4)},
                                            {"reserved byte", table32(entry(5, 28), 1)},
                                        });
  expect_status(NSRT_BAD_SECTION_TABLE,
                std::vector<SectionFault>{
                    {"no TENS", [](TinyModel& m) { m.section("TENS").clear(); }},
                    {"no TEST", [](TinyModel& m) { m.section("TEST").clear(); }},
                    {"sparse bit without WNCS", [](TinyModel& m) { m.section("WNCS").clear(); }},
                    {"second network incomplete",
                     [](TinyModel& m) {
                       m.networks.push_back(m.networks[0]);
                       m.networks[0]["OPER"].clear();
                     }},
                });
}

TEST_CASE("Padding that is not zero and sections that do not match their CRC are refused") {
  expect_status(NSRT_BAD_PADDING,
                std::vector<FileFault>{{"after META", [](Bytes& f) { f[get32(f, entry(0, 4)) + 2] = 1; }}});
  expect_status(NSRT_BAD_SECTION_CRC, std::vector<FileFault>{
                                          {"a weight", [](Bytes& f) { f[get32(f, entry(4, 4))] ^= 0x10; }},
                                          {"the CRC", table32(entry(2, 12), 0)},
                                      });
}

TEST_CASE("An impossible network record is refused") {
  expect_status(NSRT_BAD_NETWORK,
                std::vector<SectionFault>{
                    {"too short", [](TinyModel& m) { m.section("NETW").resize(31); }},
                    {"no subnet", set16("NETW", 0, 0)},
                    {"9 subnets", set16("NETW", 0, 9)},
                    {"entry left over", set16("NETW", 0, 2)},
                    {"one tensor", set16("NETW", 2, 1)},
                    {"tensor without a writer", set16("NETW", 2, TinyModel::kTensors + 1)},
                    {"no operator", set16("NETW", 4, 0)},
                    {"input beyond", set16("NETW", 6, TinyModel::kTensors)},
                    {"output beyond", set16("NETW", 8, TinyModel::kTensors)},
                    {"output is input", set16("NETW", 8, 0)},
                    {"fraction bits", set8("NETW", 11, 7)},
                    {"scale zero", set32("NETW", 12, 0)},
                    {"scale negative", set32("NETW", 12, 0xBF800000)},
                    {"scale infinite", set32("NETW", 12, 0x7F800000)},
                    {"scale NaN", set32("NETW", 12, 0x7FC00000)},
                    {"no arena", set32("NETW", 16, 0)},
                    {"arena not a multiple of 16", [](TinyModel& m) { m.section("NETW")[16] |= 8; }},
                    {"arena of a computer", set32("NETW", 16, 0x40000010)},
                    {"reserved", set32("NETW", 28, 1)},
                    {"sparsity above 1", set32("NETW", 40, 1'000'001)},
                    {"reserved of a subnet", set32("NETW", 44, 1)},
                    {"fewer operations in subnet 2", set32("NETW", 48, 999)},
                    {"fewer weights in subnet 2", set32("NETW", 52, 99)},
                    {"sparser subnet 2", set32("NETW", 56, 500'001)},
                });
}

TEST_CASE("An impossible tensor is refused") {
  expect_status(
      NSRT_BAD_TENSOR,
      std::vector<SectionFault>{
          {"one missing", [](TinyModel& m) { m.section("TENS").resize(16 * (TinyModel::kTensors - 1)); }},
          {"no height", set16("TENS", tensor(1, 0), 0)},
          {"no width", set16("TENS", tensor(1, 2), 0)},
          {"no channel", set16("TENS", tensor(1, 4), 0)},
          {"type", set8("TENS", tensor(1, 6), 2)},
          {"int16 input",
           [](TinyModel& m) {
             m.section("TENS")[6] = 1;
             put32(m.section("TENS"), 12, 90);
           }},
          {"reserved", set8("TENS", tensor(1, 7), 1)},
          {"offset not a multiple of 4", set32("TENS", tensor(1, 8), 66)},
          {"beyond the arena", set32("TENS", tensor(1, 8), 0x10000000)},
          {"wraps around", set32("TENS", tensor(1, 8), 0xFFFFFFF0)},
          {"bytes", set32("TENS", tensor(1, 12), 63)},
          {"bytes modulo 2^32",
           [](TinyModel& m) {
             put32(m.section("TENS"), tensor(1, 0), 0x80008000);  // 2^15 · 2^15 · 2^2 = 2^32
             put32(m.section("TENS"), tensor(1, 12), 0);
           }},
      });
}

TEST_CASE("An impossible operator or graph is refused") {
  expect_status(
      NSRT_BAD_OPERATOR,
      std::vector<SectionFault>{
          {"one missing", [](TinyModel& m) { m.section("OPER").resize(48 * (kTinyOperators - 1)); }},
          {"kind 0", set8("OPER", op(kConv, 0), 0)},
          {"kind 7", set8("OPER", op(kConv, 0), 7)},
          {"dense rows for a convolution", set8("OPER", op(kConv, 1), 2)},
          {"nested CSR for a depthwise convolution", set8("OPER", op(kDepthwise, 1), 3)},
          {"quads for linear", set8("OPER", op(kLinear, 1), 1)},
          {"weights for a pool", set8("OPER", op(kMaxPool, 1), 1)},
          {"block 3", set8("OPER", op(kSparseConv, 2), 3)},
          {"block of dense weights", set8("OPER", op(kConv, 2), 2)},
          {"reserved", set8("OPER", op(kConv, 3), 1)},
          {"input beyond", set16("OPER", op(kConv, 4), TinyModel::kTensors)},
          {"reads itself", set16("OPER", op(kConv, 4), 1)},
          {"reads a later output", set16("OPER", op(kSparseConv, 4), 5)},
          {"second input of a convolution", set16("OPER", op(kConv, 6), 0)},
          {"add without a second input", set16("OPER", op(kAdd, 6), 0xFFFF)},
          {"adds a later output", set16("OPER", op(kAdd, 6), 4)},
          {"output beyond", set16("OPER", op(kConv, 8), 9)},
          {"writes the input", set16("OPER", op(kConv, 8), 0)},
          {"writes twice", set16("OPER", op(kSparseConv, 8), 1)},
          {"kernel 0", set8("OPER", op(kConv, 10), 0)},
          {"stride 0", set8("OPER", op(kConv, 12), 0)},
          {"padding of a whole kernel", set8("OPER", op(kConv, 14), 3)},
          {"windows beyond the input", set8("OPER", op(kConv, 13), 2)},
          {"kernel of an addition", set8("OPER", op(kAdd, 11), 2)},
          {"padding of linear", set8("OPER", op(kLinear, 15), 1)},
          {"padded average", set8("OPER", op(kAveragePool, 14), 1)},
          {"average over the edge", set8("OPER", op(kAveragePool, 10), 3)},
          {"reserved at the end", set8("OPER", op(kConv, 47), 1)},
          {"pool changes channels",
           [](TinyModel& m) {
             put16(m.section("TENS"), tensor(5, 4), 3);
             put32(m.section("TENS"), tensor(5, 12), 12);
           }},
          {"addition of two shapes", [](TinyModel& m) { put16(m.section("OPER"), op(kAdd, 6), 0); }},
          {"linear with a plane",
           [](TinyModel& m) {
             put16(m.section("TENS"), tensor(7, 0), 5);
             put16(m.section("TENS"), tensor(7, 4), 1);
           }},
          {"int16 convolution",
           [](TinyModel& m) {
             m.section("TENS")[tensor(2, 6)] = 1;
             put32(m.section("TENS"), tensor(2, 12), 150);
           }},
          {"reads int16",
           [](TinyModel& m) {
             m.section("TENS")[tensor(7, 6)] = 1;
             put32(m.section("TENS"), tensor(7, 12), 10);
           }},
      });
}

TEST_CASE("A memory plan whose tensors or scratch overlap is refused") {
  expect_status(NSRT_BAD_OPERATOR,
                std::vector<SectionFault>{
                    {"output over input", set32("TENS", tensor(1, 8), 0)},
                    {"one byte of overlap", set32("TENS", tensor(1, 8), 44)},
                    {"over a tensor that is read later", set32("TENS", tensor(2, 8), 64)},
                    {"in place with another offset", set32("TENS", tensor(3, 8), 52)},
                    {"in place of a tensor that is still read",
                     [](TinyModel& m) {
                       put16(m.section("OPER"), op(kDepthwise, 4), 1);  // t1 lives on after the add
                     }},
                    {"in place of what a pool reads", set32("TENS", tensor(5, 8), 124)},
                    {"scratch over the input", set32("OPER", op(kConv, 32), 0)},
                    {"scratch over the output", set32("OPER", op(kConv, 32), 112)},
                    {"scratch over a tensor that waits", set32("OPER", op(kSparseConv, 32), 48)},
                    {"scratch not a multiple of 16", set32("OPER", op(kConv, 32), 196)},
                    {"scratch beyond the arena", set32("OPER", op(kConv, 36), 0x10000000)},
                    {"scratch wraps around", set32("OPER", op(kConv, 32), 0xFFFFFFF0)},
                    {"less scratch than the M7 needs",
                     [](TinyModel& m) {
                       Bytes& oper = m.section("OPER");
                       put32(oper, op(kConv, 36), get32(oper, op(kConv, 36)) - 1);
                     }},
                });
}

TEST_CASE("Malformed weights are refused") {
  expect_status(
      NSRT_BAD_WEIGHTS,
      std::vector<SectionFault>{
          {"offset of none", set32("OPER", op(kAdd, 16), 4)},
          {"bytes of none", set32("OPER", op(kMaxPool, 20), 4)},
          {"offset not a multiple of 4", [](TinyModel& m) { m.section("OPER")[op(kDepthwise, 16)] += 2; }},
          {"offset beyond", set32("OPER", op(kLinear, 16), 0x1000)},
          {"offset wraps around", set32("OPER", op(kLinear, 16), 0xFFFFFFFC)},
          {"dense bytes", [](TinyModel& m) { m.section("OPER")[op(kConv, 20)] -= 4; }},
          {"sparse bytes below the counts", set32("OPER", op(kSparseConv, 20), 12)},
          {"sparse bytes left over",
           [](TinyModel& m) {
             m.section("WNCS").resize(m.section("WNCS").size() + 4);
             m.section("OPER")[op(kSparseLinear, 20)] += 4;
           }},
          {"−128 in quads", [](TinyModel& m) { m.section("WDEN")[weights_at(m, kConv)] = 0x80; }},
          {"absent channel in quads",
           [](TinyModel& m) { m.section("WDEN")[weights_at(m, kConv) + 4 * 9 - 2] = 1; }},
          {"fill of a dense row", [](TinyModel& m) { m.section("WDEN")[weights_at(m, kLinear) + 7] = 1; }},
          {"−128 in a record",
           [](TinyModel& m) { m.section("WNCS")[weights_at(m, kSparseConv) + kCountsBytes + 1] = 0x80; }},
          {"absent channel in a record",
           [](TinyModel& m) { m.section("WNCS")[last_block_record(m) + 2] = 1; }},
          {"fill of the counts",
           [](TinyModel& m) { m.section("WNCS")[weights_at(m, kSparseConv) + 30] = 1; }},
          {"gap 0 after the first",
           [](TinyModel& m) {
             Bytes& wncs = m.section("WNCS");
             wncs[weights_at(m, kSparseConv) + kCountsBytes + 3] = 0;
           }},
          {"position beyond the row",
           [](TinyModel& m) { m.section("WNCS")[weights_at(m, kSparseConv) + kCountsBytes] = 18; }},
          {"count beyond the bytes",
           [](TinyModel& m) { put16(m.section("WNCS"), weights_at(m, kSparseConv), 0xFFFF); }},
      });
}

TEST_CASE("A malformed requantisation table is refused") {
  expect_status(
      NSRT_BAD_REQUANT,
      std::vector<SectionFault>{
          {"bytes", [](TinyModel& m) { m.section("OPER")[op(kConv, 28)] -= 4; }},
          {"offset not a multiple of 4", [](TinyModel& m) { m.section("OPER")[op(kAdd, 24)] += 2; }},
          {"offset beyond", set32("OPER", op(kLinear, 24), 0xFFFFFFFC)},
          {"table of a max pool", set32("OPER", op(kMaxPool, 28), 4)},
          {"place of no table", set32("OPER", op(kMaxPool, 24), 4)},
          {"reserved of rows", [](TinyModel& m) { m.section("REQT")[tables_at(m, kConv) + 2] = 1; }},
          {"zero point of int16", [](TinyModel& m) { m.section("REQT")[tables_at(m, kLinear) + 1] = 1; }},
          {"multiplier 511", [](TinyModel& m) { put32(m.section("REQT"), tables_at(m, kConv) + 4, 511); }},
          {"multiplier −511",
           [](TinyModel& m) { put32(m.section("REQT"), tables_at(m, kConv) + 4, 0u - 511); }},
          {"multiplier −2^31",
           [](TinyModel& m) { put32(m.section("REQT"), tables_at(m, kConv) + 4, 0x80000000); }},
          {"bias overflows with the weights",
           [](TinyModel& m) { put32(m.section("REQT"), tables_at(m, kConv) + 8, 0x7FFFFFFF); }},
          {"bias −2^31",
           [](TinyModel& m) { put32(m.section("REQT"), tables_at(m, kSparseConv) + 8, 0x80000000); }},
          {"subnet 2 only", [](TinyModel& m) { put32(m.section("REQT"), tables_at(m, kConv) + 44 + 4, 0); }},
          {"average multiplier",
           [](TinyModel& m) { put32(m.section("REQT"), tables_at(m, kAveragePool), 0); }},
          {"average bias",
           [](TinyModel& m) { put32(m.section("REQT"), tables_at(m, kAveragePool) + 4, 0x7FFFFFFF); }},
          {"average shift", [](TinyModel& m) { m.section("REQT")[tables_at(m, kAveragePool) + 9] = 31; }},
          {"average sum shifted out",
           [](TinyModel& m) { m.section("REQT")[tables_at(m, kAveragePool) + 9] = 22; }},
          {"average reserved", [](TinyModel& m) { m.section("REQT")[tables_at(m, kAveragePool) + 11] = 1; }},
          {"add shift", [](TinyModel& m) { m.section("REQT")[tables_at(m, kAdd) + 8] = 31; }},
          {"add bias", [](TinyModel& m) { put32(m.section("REQT"), tables_at(m, kAdd) + 4, 0x7FFFFFFF); }},
          {"add reserved", [](TinyModel& m) { m.section("REQT")[tables_at(m, kAdd) + 9] = 1; }},
      });
}

TEST_CASE("A malformed test vector is refused") {
  expect_status(NSRT_BAD_TEST, std::vector<SectionFault>{
                                   {"too short", [](TinyModel& m) { m.section("TEST").pop_back(); }},
                                   {"fill of the input", set8("TEST", 4 + 45, 1)},
                                   {"too long", [](TinyModel& m) { m.section("TEST").push_back(0); }},
                               });
}
