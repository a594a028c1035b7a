// Networks, tensors, operators and the memory plan: every way in which the reader refuses them.
#include "support/reader_faults.h"

using namespace nestkit_test;

TEST_CASE("An impossible network record is refused") {
  expect_status(NSRT_BAD_NETWORK,
                std::vector<SectionFault>{
                    {"too short", [](TinyModel& m) { m.section("NETW").resize(31); }},
                    {"no subnet", set16("NETW", 0, 0)},
                    {"9 subnets", set16("NETW", 0, 9)},
                    {"9 subnets and their entries",
                     [](TinyModel& m) {
                       Bytes& netw = m.section("NETW");
                       put16(netw, 0, 9);
                       for (int k = 3; k < 9; ++k) netw.insert(netw.end(), netw.end() - 16, netw.end());
                     }},
                    {"no operator and one tensor",
                     [](TinyModel& m) {
                       put16(m.section("NETW"), 2, 1);
                       put16(m.section("NETW"), 4, 0);
                     }},
                    {"1025 operators",
                     [](TinyModel& m) {
                       put16(m.section("NETW"), 2, 1026);
                       put16(m.section("NETW"), 4, 1025);
                     }},
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
          {"one too many", [](TinyModel& m) { m.section("TENS").resize(16 * (TinyModel::kTensors + 1)); }},
          {"no height and no bytes",
           [](TinyModel& m) {
             put16(m.section("TENS"), tensor(1, 0), 0);
             put32(m.section("TENS"), tensor(1, 12), 0);
           }},
          {"no width and no bytes",
           [](TinyModel& m) {
             put16(m.section("TENS"), tensor(1, 2), 0);
             put32(m.section("TENS"), tensor(1, 12), 0);
           }},
          {"no channel and no bytes",
           [](TinyModel& m) {
             put16(m.section("TENS"), tensor(1, 4), 0);
             put32(m.section("TENS"), tensor(1, 12), 0);
           }},
          {"no height", set16("TENS", tensor(1, 0), 0)},
          {"no width", set16("TENS", tensor(1, 2), 0)},
          {"no channel", set16("TENS", tensor(1, 4), 0)},
          {"type", set8("TENS", tensor(1, 6), 5)},
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
           },
           Seen::kElsewhere},
      });
}

TEST_CASE("An impossible operator or graph is refused") {
  expect_status(
      NSRT_BAD_OPERATOR,
      std::vector<SectionFault>{
          {"one missing", [](TinyModel& m) { m.section("OPER").resize(48 * (kTinyOperators - 1)); }},
          {"one too many", [](TinyModel& m) { m.section("OPER").resize(48 * (kTinyOperators + 1)); }},
          {"kind 0", set8("OPER", op(kConv, 0), 0)},
          {"kind 7", set8("OPER", op(kConv, 0), 7)},
          {"dense rows for a convolution", set8("OPER", op(kConv, 1), 2)},
          {"nested CSR for a depthwise convolution", set8("OPER", op(kDepthwise, 1), 3)},
          {"quads for linear", set8("OPER", op(kLinear, 1), 1)},
          {"weights for a pool", set8("OPER", op(kMaxPool, 1), 1)},
          {"block 3", set8("OPER", op(kSparseConv, 2), 3)},
          {"block of dense weights", set8("OPER", op(kConv, 2), 2)},
          {"table form 4", set8("OPER", op(kConv, 3), 4)},
          {"table form of a pool", set8("OPER", op(kMaxPool, 3), 1)},
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
           },
           Seen::kElsewhere},
          {"addition of two shapes", [](TinyModel& m) { put16(m.section("OPER"), op(kAdd, 6), 0); }},
          {"linear with a plane",
           [](TinyModel& m) {
             put16(m.section("TENS"), tensor(7, 0), 5);
             put16(m.section("TENS"), tensor(7, 4), 1);
           },
           Seen::kElsewhere},
          {"int16 convolution",
           [](TinyModel& m) {
             m.section("TENS")[tensor(2, 6)] = 1;
             put32(m.section("TENS"), tensor(2, 12), 150);
           },
           Seen::kElsewhere},
          {"reads int16",
           [](TinyModel& m) {
             m.section("TENS")[tensor(7, 6)] = 1;
             put32(m.section("TENS"), tensor(7, 12), 10);
           },
           Seen::kElsewhere},
      });
}

TEST_CASE("A memory plan whose tensors or scratch overlap is refused") {
  expect_status(NSRT_BAD_OPERATOR,
                std::vector<SectionFault>{
                    {"output over input", set32("TENS", tensor(1, 8), 0), Seen::kElsewhere},
                    {"one byte of overlap", set32("TENS", tensor(1, 8), 44), Seen::kElsewhere},
                    {"over a tensor that is read later", set32("TENS", tensor(2, 8), 64), Seen::kElsewhere},
                    {"in place with another offset", set32("TENS", tensor(3, 8), 52), Seen::kElsewhere},
                    {"in place of a tensor that is still read",
                     [](TinyModel& m) {
                       put16(m.section("OPER"), op(kDepthwise, 4), 1);  // t1 lives on after the add
                     },
                     Seen::kElsewhere},
                    {"in place of what a pool reads", set32("TENS", tensor(5, 8), 124), Seen::kElsewhere},
                    {"scratch over the input", set32("OPER", op(kConv, 32), 0)},
                    {"scratch over the output", set32("OPER", op(kConv, 32), 112)},
                    {"scratch over a tensor that waits", set32("OPER", op(kSparseConv, 32), 48)},
                    {"scratch not a multiple of 16", set32("OPER", op(kConv, 32), 196)},
                    {"scratch beyond the arena", set32("OPER", op(kConv, 36), 0x10000000)},
                    {"scratch wraps around", set32("OPER", op(kConv, 32), 0xFFFFFFF0)},
                });
}

TEST_CASE("A memory plan with less scratch than the M7's kernels need is another version's") {
  expect_status(NSRT_OLD_PLAN, std::vector<SectionFault>{{"one byte less", [](TinyModel& m) {
                                                            Bytes& oper = m.section("OPER");
                                                            put32(oper, op(kConv, 36),
                                                                  get32(oper, op(kConv, 36)) - 1);
                                                          }}});
}

TEST_CASE("A fault that shows at another place than it was made is told by operator and field") {
  const auto seen_at = [](const std::function<void(TinyModel&)>& change, unsigned index, unsigned field) {
    TinyModel model;
    change(model);
    const Bytes file = model.file();
    const nsrt_error error = open_error(file);
    CHECK(error.status == NSRT_BAD_OPERATOR);
    CHECK(error.index == index);
    CHECK(error.offset == get32(file, entry(3, 4)) + op(index, field));
  };
  seen_at(
      [](TinyModel& m) {  // int16 from a convolution
        m.section("TENS")[tensor(2, 6)] = 1;
        put32(m.section("TENS"), tensor(2, 12), 150);
      },
      kSparseConv, 8);
  seen_at(
      [](TinyModel& m) {  // int16 into a linear operator
        m.section("TENS")[tensor(7, 6)] = 1;
        put32(m.section("TENS"), tensor(7, 12), 10);
      },
      kLinear, 4);
  seen_at(set32("TENS", tensor(0, 8), 208), kConv, 32);      // the input in the scratch
  seen_at(set32("TENS", tensor(1, 8), 0), kConv, 8);         // the output over the input
  seen_at(set32("TENS", tensor(2, 8), 64), kSparseConv, 8);  // over a tensor that waits
  seen_at(set32("TENS", tensor(5, 8), 124), kMaxPool, 8);    // a pool in place
}
