// What version 1.1 added: Rice-coded weights and narrow tables, and every way in which the reader refuses
// them.
#include "support/reader_faults.h"

using namespace nestkit_test;

namespace {

constexpr unsigned kMinor = 1;

std::size_t head_at(TinyModel& m, unsigned level, std::size_t field) {
  return weights_at(m, kSparseConv) + 16 * level + field;
}
/// First code, count and value of a level.
std::size_t codes_at(TinyModel& m, unsigned level) {
  return weights_at(m, kSparseConv) + get32(m.section("WNCS"), head_at(m, level, 0));
}
std::size_t counts_at(TinyModel& m, unsigned level) {
  return codes_at(m, level) + get32(m.section("WNCS"), head_at(m, level, 8));
}

std::function<void(TinyModel&)> head8(unsigned level, std::size_t field, std::uint8_t value) {
  return [=](TinyModel& m) { m.section("WNCS")[head_at(m, level, field)] = value; };
}

}  // namespace

TEST_CASE("A file with Rice-coded weights and narrow tables opens") {
  const Bytes file = TinyModel(kMinor).file();
  CHECK(file[10] == 1);
  CHECK(open_error(file).status == NSRT_OK);
}

TEST_CASE("Malformed Rice-coded weights are refused") {
  expect_status(
      NSRT_BAD_WEIGHTS,
      std::vector<SectionFault>{
          {"bytes below the heads", set32("OPER", op(kSparseConv, 20), 44)},
          {"bytes left over", [](TinyModel& m) { m.section("OPER")[op(kSparseLinear, 20)] -= 4; },
           Seen::kElsewhere},
          {"level at another place", head8(1, 0, 0)},
          {"odd bytes of codes", [](TinyModel& m) { m.section("WNCS")[head_at(m, 0, 8)] ^= 1; }},
          {"no codes", head8(0, 8, 0)},
          {"15 low bits", head8(0, 12, 15)},
          {"counts of no bytes", head8(0, 13, 0)},
          {"counts of 3 bytes", head8(0, 13, 3)},
          {"reserved", head8(2, 15, 1)},
          {"records beyond the bytes",
           [](TinyModel& m) { put32(m.section("WNCS"), head_at(m, 0, 4), 0xFFFFFFFF); }},
          {"a code of more than 16 bits", [](TinyModel& m) { put32(m.section("WNCS"), codes_at(m, 0), 0); },
           Seen::kElsewhere},
          {"a count beyond the records", [](TinyModel& m) { m.section("WNCS")[counts_at(m, 0)] = 200; }},
          {"records that no row counts", [](TinyModel& m) { --m.section("WNCS")[counts_at(m, 0)]; },
           Seen::kElsewhere},
          {"a bit after the last code", [](TinyModel& m) { m.section("WNCS")[counts_at(m, 1) - 1] = 0x40; },
           Seen::kElsewhere},
          {"−128", [](TinyModel& m) { m.section("WNCS")[counts_at(m, 0) + 5] = 0x80; }},
      },
      kMinor);
}

TEST_CASE("Malformed narrow tables are refused") {
  expect_status(
      NSRT_BAD_REQUANT,
      std::vector<SectionFault>{
          {"multiplier shift 17", [](TinyModel& m) { m.section("REQT")[tables_at(m, kConv) + 2] = 17; }},
          {"bias shift 17", [](TinyModel& m) { m.section("REQT")[tables_at(m, kConv) + 3] = 17; }},
          {"shift of wide biases", [](TinyModel& m) { m.section("REQT")[tables_at(m, kDepthwise) + 3] = 1; }},
          {"shift of wide multipliers",
           [](TinyModel& m) { m.section("REQT")[tables_at(m, kSparseLinear) + 2] = 1; }},
          {"multiplier 0", [](TinyModel& m) { put16(m.section("REQT"), tables_at(m, kConv) + 4 + 10, 0); }},
          {"multiplier −2^31",
           [](TinyModel& m) {
             m.section("REQT")[tables_at(m, kConv) + 2] = 16;
             put16(m.section("REQT"), tables_at(m, kConv) + 4 + 10, 0x8000);
           },
           Seen::kElsewhere},
          {"bias that overflows",
           [](TinyModel& m) { put32(m.section("REQT"), tables_at(m, kDepthwise) + 4, 0x7FFFFFFF); }},
          {"filling", [](TinyModel& m) { m.section("REQT")[tables_at(m, kDepthwise) + 4 + 6 * 5] = 1; }},
      },
      kMinor);
}

TEST_CASE("What version 1.1 added is refused without its feature bit") {
  for (const std::uint32_t missing : {1u, 2u, 4u}) {
    TinyModel model(kMinor);
    model.required_features &= ~missing;
    CAPTURE(missing);
    CHECK(open_error(model.file()).status != NSRT_OK);
  }
}
