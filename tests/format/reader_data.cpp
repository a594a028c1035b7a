// Weights, tables and test vector: every way in which the reader refuses them.
#include "support/reader_faults.h"

using namespace nestkit_test;

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
           },
           Seen::kElsewhere},
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
          {"average shift of 63",
           [](TinyModel& m) { m.section("REQT")[tables_at(m, kAveragePool) + 9] = 63; }},
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
