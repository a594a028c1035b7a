// What version 1.2 added: stages and a stopping rule, and every way in which the reader refuses them.
#include "nsrt/anytime.h"
#include "support/reader_faults.h"

using namespace nestkit_test;

namespace {

constexpr unsigned kMinor = 2;

TinyModel cooperative() {
  TinyModel model(1);
  model.cooperate();
  return model;
}

constexpr std::size_t stage(unsigned index, unsigned field) {
  return 32 + 16 * index + field;
}

}  // namespace

TEST_CASE("A cooperative model opens and gives its rule, which lies in the file") {
  const Bytes file = cooperative().file();
  nsrt_model model;
  REQUIRE(nsrt_open(&model, file.data(), file.size()).status == NSRT_OK);
  nsrt_rule rule;
  REQUIRE(nsrt_model_rule(&model, &rule) == NSRT_OK);
  CHECK(rule.max_passes == 2);
  CHECK(rule.min_passes == 1);
  CHECK(rule.classes == 3);
  CHECK(rule.aggregate == NSRT_REPLACE);
  CHECK(rule.confidence == NSRT_MAX_PROBABILITY);
  CHECK(rule.thresholds[0] == 0xC000);
  CHECK(rule.stages[1].network == 1);
  CHECK(rule.stages[1].subnet == 3);
  CHECK(rule.stages[1].weight == 1);
  CHECK(reinterpret_cast<const std::uint8_t*>(rule.thresholds) < file.data() + file.size());
  CHECK(nsrt_adaptive_logit_bytes(&model, &rule) == 6);
}

TEST_CASE("A model without stages has no rule") {
  const Bytes file = TinyModel(1).file();
  nsrt_model model;
  REQUIRE(nsrt_open(&model, file.data(), file.size()).status == NSRT_OK);
  nsrt_rule rule;
  CHECK(nsrt_model_rule(&model, &rule) == NSRT_BAD_ARGUMENT);
}

TEST_CASE("Malformed stages and rules are refused") {
  const auto longer = [](TinyModel& m) { m.stages.push_back(0); };
  const auto shorter = [](TinyModel& m) { m.stages.resize(20); };
  expect_status(NSRT_BAD_STAGES,
                std::vector<SectionFault>{
                    {"longer than its counts", longer, Seen::kElsewhere},
                    {"shorter than its head", shorter, Seen::kElsewhere},
                    {"no stages", set16("STGS", 0, 0)},
                    {"more stages than the section has", set16("STGS", 0, 3)},
                    {"65 stages",
                     [](TinyModel& m) {
                       put16(m.stages, 0, 65);
                       m.stages.resize(32 + 65 * 16 + 4);
                     },
                     Seen::kElsewhere},
                    {"never before stage 0", set16("STGS", 2, 0)},
                    {"never before stage 3 of 2", set16("STGS", 2, 3)},
                    {"one class", set16("STGS", 4, 1), Seen::kElsewhere},
                    {"four classes", set16("STGS", 4, 4), Seen::kElsewhere},
                    {"no such aggregate", set8("STGS", 6, 6)},
                    {"no such confidence", set8("STGS", 7, 4)},
                    {"no thresholds", set16("STGS", 8, 0)},
                    {"two columns of thresholds", set16("STGS", 10, 2)},
                    {"other networks' CRC", set32("STGS", 12, 77)},
                    {"reserved", set8("STGS", 31, 1), Seen::kElsewhere},
                    {"no such network", set16("STGS", stage(1, 0), 2)},
                    {"subnet 0", set16("STGS", stage(0, 2), 0)},
                    {"subnet 4 of 3", set16("STGS", stage(1, 2), 4)},
                    {"mirrored twice", set16("STGS", stage(0, 8), 2)},
                    {"reserved of a stage", set16("STGS", stage(0, 10), 1)},
                    {"weight 0", set32("STGS", stage(0, 12), 0), Seen::kElsewhere},
                    {"weights of 4097", set32("STGS", stage(0, 12), 4096), Seen::kElsewhere},
                },
                kMinor);
}

TEST_CASE("Networks of other inputs do not cooperate") {
  for (const std::size_t field : {10u, 12u}) {  // zero point, scale
    TinyModel model = cooperative();
    model.networks[1]["NETW"][field] ^= 1;
    CAPTURE(field);
    CHECK(open_error(model.file()).status == NSRT_BAD_STAGES);
    // Nor if no stage uses the other one.
    put16(model.stages, stage(1, 0), 0);
    put16(model.stages, stage(1, 2), 1);
    CHECK(open_error(model.file()).status == NSRT_BAD_STAGES);
    model.networks[1]["NETW"][field] ^= 1;
    CHECK(open_error(model.file()).status == NSRT_OK);
  }
}

TEST_CASE("Stages and their feature bit go together, and stages come last") {
  TinyModel without_bit = cooperative();
  without_bit.required_features &= ~8u;
  CHECK(open_error(without_bit.file()).status == NSRT_BAD_SECTION_TABLE);
  TinyModel without_stages(1);
  without_stages.required_features |= 8;
  CHECK(open_error(without_stages.file()).status == NSRT_BAD_SECTION_TABLE);
  Bytes early = cooperative().file();
  const std::size_t last = 64 + 32 * ((get32(early, 24) & 0xFFFF) - 1u);
  put16(early, last + 16, 1);
  mend_table(early);
  CHECK(open_error(early).status == NSRT_BAD_SECTION_TABLE);
}

TEST_CASE("Every truncation and every change of a byte of a cooperative model is refused") {
  Bytes file = cooperative().file();
  for (std::size_t size = file.size() - 200; size < file.size(); ++size) {
    CAPTURE(size);
    REQUIRE(open_error(Bytes(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size))).status !=
            NSRT_OK);
  }
  for (std::size_t i = 0; i < file.size(); ++i) {
    CAPTURE(i);
    file[i] ^= 0x40;
    REQUIRE(open_error(file).status != NSRT_OK);
    file[i] ^= 0x40;
  }
}
