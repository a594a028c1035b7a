// Header, section table, padding and CRCs: every way in which the reader refuses the container.
#include "support/reader_faults.h"

using namespace nestkit_test;

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
  expect_status(NSRT_UNKNOWN_FEATURE, std::vector<FileFault>{{"bit 16", header32(16, 0x10001)},
                                                             {"bit 31", header32(16, 0x80000001)}});
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
  expect_status(NSRT_BAD_SECTION_TABLE,
                std::vector<FileFault>{
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
                       std::swap_ranges(f.begin() + 96, f.begin() + 128, f.begin() + 128);
                       mend_table(f);
                     }},
                    {"known types in another order",
                     [](Bytes& f) {
                       std::swap_ranges(f.begin() + 64 + 32 * 4, f.begin() + 68 + 32 * 4,
                                        f.begin() + 64 + 32 * 5);
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
  expect_status(
      NSRT_BAD_SECTION_TABLE,
      std::vector<SectionFault>{
          {"nothing in META", [](TinyModel& m) { m.meta.clear(); }, Seen::kElsewhere},
          {"no TENS", [](TinyModel& m) { m.section("TENS").clear(); }, Seen::kElsewhere},
          {"no TEST", [](TinyModel& m) { m.section("TEST").clear(); }, Seen::kElsewhere},
          {"sparse bit without WNCS", [](TinyModel& m) { m.section("WNCS").clear(); }, Seen::kElsewhere},
          {"second network incomplete",
           [](TinyModel& m) {
             m.networks.push_back(m.networks[0]);
             m.networks[0]["OPER"].clear();
           },
           Seen::kElsewhere},
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
