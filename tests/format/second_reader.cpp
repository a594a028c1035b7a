// scripts/nsm_dump.py was written from the document alone: it must see what was packed, and refuse what the
// runtime refuses.
#include <doctest/doctest.h>
#include <stdio.h>

#include <cstring>
#include <fstream>
#include <random>
#include <sstream>

#include "model/crc32.h"
#include "ns/base/json.h"
#include "ns/pack/extract_subnet.h"
#include "nsrt/detect.h"
#include "support/sample_models.h"
#include "support/tiny_model.h"
#include "temp_folder.h"

namespace {

using Bytes = std::vector<std::uint8_t>;
using nestkit_test::TinyModel;
using ns::Json;

/// One line of the script's output per file.
std::vector<Json> dump(const std::string& arguments) {
  const std::string command =
      "python3 " NESTKIT_SOURCE_DIR "/scripts/nsm_dump.py " + arguments + " 2>/dev/null";
  FILE* pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string text;
  char buffer[4096];
  for (std::size_t n = 0; (n = ::fread(buffer, 1, sizeof buffer, pipe)) > 0;) text.append(buffer, n);
  ::pclose(pipe);
  std::vector<Json> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(Json::parse(line));
  return lines;
}

void write_file(const std::string& path, const Bytes& bytes) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

struct alignas(16) Line {
  std::uint8_t bytes[16];
};

nsrt_error open(const Bytes& file) {
  std::vector<Line> placed(file.size() / sizeof(Line) + 1);
  std::memcpy(placed.data(), file.data(), file.size());
  nsrt_model model;
  return nsrt_open(&model, placed.data(), file.size());
}

std::uint32_t u32(const Bytes& file, std::size_t at) {
  std::uint32_t value;
  std::memcpy(&value, file.data() + at, 4);
  return value;
}
void patch(Bytes& file, std::size_t at, std::uint32_t value) {
  std::memcpy(file.data() + at, &value, 4);
}

/// Makes all CRCs right again, so that a reader has to understand what was changed.
void repair(Bytes& file) {
  const std::size_t sections = file[24];
  for (std::size_t entry = 64; entry < 64 + 32 * sections; entry += 32)
    patch(file, entry + 12, nsrt::crc32(file.data() + u32(file, entry + 4), u32(file, entry + 8)));
  patch(file, 56, nsrt::crc32(file.data() + 64, static_cast<std::uint32_t>(32 * sections)));
  patch(file, 60, nsrt::crc32(file.data(), 60));
}

}  // namespace

TEST_CASE("The second reader decodes the weights and tables that were packed, for every subnet") {
  const auto description = sample::nested_network();
  const TempFolder folder;
  write_file(folder.file("good.nsm"),
             ns::pack::pack_model({description, sample::single_network()}, sample::provenance()).bytes);
  const Json dumped = dump("--decode " + folder.file("good.nsm")).at(0);
  REQUIRE(!dumped.contains("error"));
  CHECK(dumped["meta"]["parents"] == Json({"aa"}));
  const Json& operators = dumped["networks"][0]["operators"];
  REQUIRE(operators.size() == description.network.operators.size());
  for (std::size_t i = 0; i < operators.size(); ++i) {
    const auto& op = description.network.operators[i];
    CAPTURE(op.layer);
    for (int subnet = 1; subnet <= 3; ++subnet) {
      const auto k = static_cast<std::size_t>(subnet - 1);
      if (op.has_weights()) {
        const auto values = ns::pack::extract_subnet(description.network, subnet).operators[i].weights.values;
        CHECK(operators[i]["weight_crcs"][k] ==
              nsrt::crc32(values.data(), static_cast<std::uint32_t>(values.size())));
        const auto& table = std::get<ns::quant::RowTable>(op.tables[k]);
        const Json& found = operators[i]["tables"][k];
        CHECK(found["input_zero_point"] == table.input_zero_point);
        for (std::size_t row = 0; row < table.bias.size(); ++row)
          CHECK(found["rows"][row] == Json({table.multiplier[row], table.bias[row]}));
      }
    }
  }
}

namespace {

void compare_on_changed_files(const Bytes& good, unsigned seed) {
  CAPTURE(seed);
  std::mt19937 rng(seed);
  const TempFolder folder;
  std::string names;
  std::vector<Bytes> files;
  const auto add = [&](Bytes file) {
    names += " " + folder.file(std::to_string(files.size()));
    write_file(folder.file(std::to_string(files.size())), file);
    files.push_back(std::move(file));
  };
  add(good);
  for (std::size_t entry = 64; entry < 64 + 32U * good[24]; entry += 32) {
    const std::size_t offset = u32(good, entry + 4), bytes = u32(good, entry + 8);
    const bool meta = entry == 64;
    for (int i = 0; i < (meta ? 3 : 150); ++i) {
      Bytes file = good;
      std::uint8_t& byte = file[meta ? offset + static_cast<std::size_t>(i) : offset + rng() % bytes];
      // Small changes get past the first check more often than random bytes.
      byte = static_cast<std::uint8_t>(rng() % 2 ? rng() : byte + (rng() % 2 ? 1U : 255U));
      repair(file);
      add(std::move(file));
    }
  }
  const std::vector<Json> verdicts = dump(names);
  REQUIRE(verdicts.size() == files.size());
  int refused = 0;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const nsrt_error error = open(files[i]);
    const std::string second = verdicts[i].value("error", "");
    refused += error.status != NSRT_OK;
    // Each knows one thing that the other cannot: what the M7's kernels need in scratch; META and which
    // positions are taken.
    const bool scratch = error.status == NSRT_OLD_PLAN;
    const bool beyond_a_device = second.starts_with("META") || second.ends_with("is taken");
    if (scratch || beyond_a_device) continue;
    CAPTURE(i);
    CAPTURE(second);
    CAPTURE(std::string(nsrt_status_text(error.status)));
    CHECK((error.status != NSRT_OK) == !second.empty());
  }
  CHECK(refused > 300);
  CHECK(refused < static_cast<int>(files.size()) - 100);
}

}  // namespace

TEST_CASE("Both readers agree on every changed file whose CRCs are right again") {
  compare_on_changed_files(ns::pack::pack_model({sample::nested_network()}, sample::provenance()).bytes, 17);
}

TEST_CASE("Both readers agree on every changed file with binary layers whose CRCs are right again") {
  compare_on_changed_files(ns::pack::pack_model({sample::binary_network()}, sample::provenance()).bytes, 23);
}

TEST_CASE("Both readers agree on every changed file with gated convolutions whose CRCs are right again") {
  const Bytes good = ns::pack::pack_model({sample::gated_network()}, sample::provenance()).bytes;
  CHECK(good[10] == 2);  // the minor version
  CHECK((u32(good, 16) & 32) != 0);
  compare_on_changed_files(good, 29);
}

TEST_CASE("A reader names the field of a gated convolution that is wrong") {
  const Bytes good = ns::pack::pack_model({sample::gated_network()}, sample::provenance()).bytes;
  const std::size_t oper = u32(good, 64 + 3 * 32 + 4), reqt = u32(good, 64 + 5 * 32 + 4);
  const std::size_t conv = oper + 2 * 48;  // behind its pool and predictor
  REQUIRE(good[conv] == 1);
  const std::size_t tables = reqt + u32(good, conv + 24), table_bytes = u32(good, conv + 28) / 3;
  const auto refused = [&](std::size_t at, std::uint8_t value, nsrt_status status, std::size_t place) {
    Bytes file = good;
    file[at] = value;
    repair(file);
    const nsrt_error error = open(file);
    CAPTURE(at);
    CHECK(error.status == status);
    CHECK(error.offset == place);
  };
  refused(conv + 6, 1, NSRT_BAD_OPERATOR, conv + 6);  // a tensor of another shape
  refused(conv + 6, 9, NSRT_BAD_OPERATOR, conv + 6);  // a later tensor
  refused(conv + 1, 3, NSRT_BAD_OPERATOR, conv);      // nested weights
  const std::size_t winners = tables + table_bytes - 4;
  refused(winners, 0, NSRT_BAD_REQUANT, winners);
  refused(winners, 5, NSRT_BAD_REQUANT, winners);  // of 4 channels
  refused(winners + 2, 1, NSRT_BAD_REQUANT, winners + 2);
  refused(16, static_cast<std::uint8_t>(good[16] & ~32), NSRT_BAD_HEADER, 16);  // without its feature bit
}

TEST_CASE("Both readers agree on every changed rule of a cooperative model") {
  TinyModel model(1);
  model.cooperate();
  model.meta = R"({"networks":[{},{}],"schema":"nestkit.nsm/1"})";
  const TempFolder folder;
  std::string names;
  std::vector<Bytes> files;
  const Bytes good = model.stages;
  for (std::size_t i = 0; i <= 2 * good.size(); ++i) {
    model.stages = good;
    if (i > 0) model.stages[(i - 1) / 2] = static_cast<std::uint8_t>(good[(i - 1) / 2] + (i % 2 ? 1 : 255));
    files.push_back(model.file());
    write_file(folder.file(std::to_string(i)), files.back());
    names += " " + folder.file(std::to_string(i));
  }
  const std::vector<Json> verdicts = dump(names);
  REQUIRE(verdicts.size() == files.size());
  CHECK(verdicts[0]["rule"]["thresholds"] == Json({{0xC000}}));
  CHECK(verdicts[0]["rule"]["stages"][1]["subnet"] == 3);
  for (std::size_t i = 0; i < files.size(); ++i) {
    CAPTURE(i);
    CHECK((open(files[i]).status != NSRT_OK) == verdicts[i].contains("error"));
  }
}

TEST_CASE("Both readers agree on every changed detector whose CRCs are right again") {
  const Bytes good = ns::pack::pack_model({sample::detector_network()}, sample::provenance()).bytes;
  CHECK(good[10] == 3);  // the minor version
  CHECK((u32(good, 16) & 64) != 0);
  compare_on_changed_files(good, 31);
}

TEST_CASE("The second reader finds the boxes that the runtime finds") {
  const Bytes good = ns::pack::pack_model({sample::detector_network()}, sample::provenance()).bytes;
  const TempFolder folder;
  write_file(folder.file("detector.nsm"), good);
  REQUIRE(::system(("python3 " NESTKIT_SOURCE_DIR "/scripts/nsm_run.py " + folder.file("detector.nsm") +
                    " > " + folder.file("out"))
                       .c_str()) == 0);
  std::ifstream found(folder.file("out"));
  std::vector<Line> placed(good.size() / sizeof(Line) + 1);
  std::memcpy(placed.data(), good.data(), good.size());
  nsrt_model model;
  REQUIRE(nsrt_open(&model, placed.data(), good.size()).status == NSRT_OK);
  nsrt_detector detector;
  REQUIRE(nsrt_describe_detector(&model, 0, &detector) == NSRT_OK);
  int boxes = 0;
  for (unsigned subnet = 1; subnet <= 2; ++subnet) {
    std::string text;
    REQUIRE(std::getline(found, text));
    const Json record = Json::parse(text);
    const auto outputs = record["output"].get<std::vector<std::int8_t>>();
    std::vector<nsrt_detection> candidates(detector.candidates);
    std::uint32_t count = 0;
    REQUIRE(nsrt_detect(&model, 0, subnet, outputs.data(), candidates.data(), &count) == NSRT_OK);
    REQUIRE(record["detections"].size() == count);
    for (std::uint32_t i = 0; i < count; ++i) {
      const nsrt_detection& d = candidates[i];
      CHECK(record["detections"][i] == Json({{d.x0, d.y0, d.x1, d.y1}, d.label, d.score}));
      ++boxes;
    }
  }
  CHECK(boxes > 20);
}

TEST_CASE("The second reader computes what the runtime computes of binary layers") {
  const TempFolder folder;
  write_file(folder.file("binary.nsm"),
             ns::pack::pack_model({sample::binary_network()}, sample::provenance()).bytes);
  CHECK(::system(("python3 " NESTKIT_SOURCE_DIR "/scripts/nsm_run.py " + folder.file("binary.nsm") + " > " +
                  folder.file("out"))
                     .c_str()) == 0);
}

TEST_CASE("The second reader refuses truncations and changed bytes") {
  const Bytes good = ns::pack::pack_model({sample::single_network()}, sample::provenance()).bytes;
  const TempFolder folder;
  std::string names;
  const auto add = [&](const Bytes& file, const std::string& name) {
    write_file(folder.file(name), file);
    names += " " + folder.file(name);
  };
  for (std::size_t size = 0; size < good.size(); size += 13)
    add({good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)}, "t" + std::to_string(size));
  for (std::size_t i = 0; i < good.size(); i += 7) {
    Bytes file = good;
    file[i] ^= 0x10;
    add(file, "f" + std::to_string(i));
  }
  for (const Json& verdict : dump(names)) CHECK(verdict.contains("error"));
}
