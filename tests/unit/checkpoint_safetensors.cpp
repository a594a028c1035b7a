#include "ns/checkpoint/safetensors.h"

#include <doctest/doctest.h>

#include <limits>

#include "expect_error.h"
#include "ns/base/bytes.h"
#include "ns/base/rng.h"
#include "temp_folder.h"

using namespace ns::checkpoint;

namespace {

std::vector<std::uint8_t> file_of(const std::string& header, std::size_t data_bytes) {
  ns::ByteWriter file;
  file.write<std::uint64_t>(header.size());
  file.append(header);
  file.append(std::vector<std::uint8_t>(data_bytes));
  return file.bytes();
}

Archive parse(const std::string& header, std::size_t data_bytes) {
  return parse_safetensors(file_of(header, data_bytes), "f");
}

Archive sample_archive() {
  Archive archive;
  ns::Tensor weight({2, 3});
  for (std::int64_t i = 0; i < 6; ++i) {
    weight[i] = static_cast<float>(i) - 2.5f;
  }
  archive.arrays["b.weight"] = make_array(weight);
  archive.arrays["a.level"] = make_array<std::uint8_t>({3}, std::vector<std::uint8_t>{1, 2, 3});
  archive.arrays["rng"] = make_array<std::uint64_t>({2}, std::vector<std::uint64_t>{1, ~0ull});
  archive.arrays["loss"] = make_array<double>({}, std::vector<double>{0.25});
  archive.arrays["none"] = make_array<std::int32_t>({0, 4}, std::vector<std::int32_t>{});
  archive.metadata = {{"schema", "x/1"}, {"note", "\"é\"\n"}};
  return archive;
}

}  // namespace

TEST_CASE("A written archive reads back the same and again gives the same bytes") {
  const TempFolder folder;
  const Archive archive = sample_archive();
  write_safetensors(folder.file("a"), archive, ns::Overwrite::kNo);
  const Archive read = read_safetensors(folder.file("a"));
  CHECK(read.arrays == archive.arrays);
  CHECK(read.metadata == archive.metadata);
  CHECK(read.tensor("b.weight")[5] == 2.5f);
  CHECK(read.tensor("b.weight").shape() == ns::Shape{2, 3});
  CHECK(read.values<std::uint64_t>("rng") == std::vector<std::uint64_t>{1, ~0ull});
  CHECK(read.values<double>("loss") == std::vector<double>{0.25});
  CHECK(read.values<std::int32_t>("none").empty());
  write_safetensors(folder.file("b"), read, ns::Overwrite::kNo);
  CHECK(read_text(folder.file("a")) == read_text(folder.file("b")));
  EXPECT_ERROR(write_safetensors(folder.file("a"), archive, ns::Overwrite::kNo), kUsage, "exists already");
}

TEST_CASE("The bytes of an archive are the documented ones") {
  const TempFolder folder;
  Archive archive;
  archive.arrays["b"] = make_array<std::uint8_t>({1}, std::vector<std::uint8_t>{7});
  archive.arrays["c"] = make_array<float>({1}, std::vector<float>{1.0f});
  archive.metadata["k"] = "v";
  write_safetensors(folder.file("a"), archive, ns::Overwrite::kNo);
  const std::string header =
      R"({"__metadata__":{"k":"v"},"b":{"data_offsets":[4,5],"dtype":"U8","shape":[1]},)"
      R"("c":{"data_offsets":[0,4],"dtype":"F32","shape":[1]}})";
  ns::ByteWriter expected;
  const std::size_t padded = (header.size() + 7) / 8 * 8;
  expected.write<std::uint64_t>(padded);
  expected.append(header + std::string(padded - header.size(), ' '));
  expected.write(1.0f);
  expected.write<std::uint8_t>(7);
  CHECK(read_text(folder.file("a")) == std::string(expected.bytes().begin(), expected.bytes().end()));
}

TEST_CASE("Every truncation of a good file is refused") {
  const TempFolder folder;
  write_safetensors(folder.file("a"), sample_archive(), ns::Overwrite::kNo);
  const std::string text = read_text(folder.file("a"));
  const std::vector<std::uint8_t> bytes(text.begin(), text.end());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    INFO("size ", size);
    CHECK_THROWS_AS(parse_safetensors(std::span(bytes).first(size), "f"), ns::Error);
  }
}

TEST_CASE("Random damage is refused or read, never anything else") {
  const TempFolder folder;
  write_safetensors(folder.file("a"), sample_archive(), ns::Overwrite::kNo);
  const std::string good = read_text(folder.file("a"));
  ns::Rng rng(5);
  int refused = 0;
  for (int round = 0; round < 3000; ++round) {
    std::vector<std::uint8_t> bytes(good.begin(), good.end());
    for (std::uint64_t hits = 1 + rng.below(3); hits > 0; --hits) {
      bytes[rng.below(bytes.size())] = static_cast<std::uint8_t>(rng.next());
    }
    try {
      parse_safetensors(bytes, "f");
    } catch (const ns::Error& error) {
      CHECK(error.kind() == ns::ErrorKind::kInput);
      ++refused;
    }
  }
  CHECK(refused > 1500);
}

TEST_CASE("A header that is cut, oversized or no JSON object is named") {
  EXPECT_ERROR(parse_safetensors({}, "f"), kInput, "f: truncated at byte 0: 8 bytes expected, 0 found");
  EXPECT_ERROR(parse_safetensors(std::vector<std::uint8_t>(8, 0xff), "f"), kInput,
               "header length 18446744073709551615");
  std::vector<std::uint8_t> short_file = file_of("{}", 0);
  short_file[0] = 3;
  EXPECT_ERROR(parse_safetensors(short_file, "f"), kInput,
               "f: header length 3 goes beyond the 2 bytes that follow");
  EXPECT_ERROR(parse("", 0), kInput, "does not begin with {");
  EXPECT_ERROR(parse("[]", 0), kInput, "does not begin with {");
  EXPECT_ERROR(parse(" {}", 0), kInput, "does not begin with {");
  EXPECT_ERROR(parse("{\"a\":", 0), kInput, "f: header:1:");
  EXPECT_ERROR(parse("{} x", 0), kInput, "f: header:1:4");
  CHECK(parse("{}    ", 0).arrays.empty());
}

TEST_CASE("Two tensors of one name are refused") {
  EXPECT_ERROR(parse(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                     R"("a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
                     2),
               kInput, "duplicate key \"a\"");
}

TEST_CASE("Tensors that overlap, leave a hole or leave bytes over are named") {
  const auto two = [](const std::string& first, const std::string& second) {
    return R"({"a":{"dtype":"U8","shape":[2],"data_offsets":)" + first +
           R"(},"b":{"dtype":"U8","shape":[2],"data_offsets":)" + second + "}}";
  };
  CHECK(parse(two("[2,4]", "[0,2]"), 4).arrays.size() == 2);
  EXPECT_ERROR(parse(two("[0,2]", "[1,3]"), 3), kInput, "\"b\" begins at data byte 1, which overlaps");
  EXPECT_ERROR(parse(two("[0,2]", "[3,5]"), 5), kInput, "\"b\" begins at data byte 3, which leaves a hole");
  EXPECT_ERROR(parse(two("[1,3]", "[3,5]"), 5), kInput, "\"a\" begins at data byte 1, which leaves a hole");
  EXPECT_ERROR(parse(two("[0,2]", "[2,4]"), 5), kInput, "end at data byte 4, but the file holds 5");
  EXPECT_ERROR(parse(two("[0,2]", "[2,4]"), 3), kInput,
               "tensor \"b\": data_offsets end at 4, but the file holds 3");
  EXPECT_ERROR(parse("{}", 1), kInput, "end at data byte 0, but the file holds 1");
}

TEST_CASE("A tensor whose entry does not make sense is named") {
  const auto one = [](const std::string& dtype, const std::string& shape, const std::string& offsets) {
    return R"({"x":{"dtype":)" + dtype + R"(,"shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}";
  };
  EXPECT_ERROR(parse(one("\"F32\"", "[2]", "[0,4]"), 4), kInput,
               "f: tensor \"x\": shape [2] of F32 needs 8 bytes, data_offsets hold 4");
  EXPECT_ERROR(parse(one("\"BF16\"", "[2]", "[0,4]"), 4), kInput, "tensor \"x\": unknown dtype \"BF16\"");
  EXPECT_ERROR(parse(one("3", "[2]", "[0,4]"), 4), kInput,
               "\"dtype\": expected a string, found an integer 3");
  EXPECT_ERROR(parse(one("\"U8\"", "[-4]", "[0,4]"), 4), kInput, "\"shape\"[0]: expected an integer from 0");
  EXPECT_ERROR(parse(one("\"U8\"", "[4.0]", "[0,4]"), 4), kInput, "\"shape\"[0]: expected an integer");
  EXPECT_ERROR(parse(one("\"U8\"", "4", "[0,4]"), 4), kInput, "\"shape\": expected an array");
  EXPECT_ERROR(parse(one("\"U8\"", "[4294967296,4294967297]", "[0,4]"), 4), kInput, "overflows");
  EXPECT_ERROR(parse(one("\"F32\"", "[4611686018427387905]", "[0,4]"), 4), kInput, "overflows");
  EXPECT_ERROR(parse(one("\"U8\"", "[18446744073709551615]", "[0,4]"), 4), kInput, "overflows");
  EXPECT_ERROR(parse(one("\"U8\"", "[4]", "[4,0]"), 4), kInput, "[begin, end]");
  EXPECT_ERROR(parse(one("\"U8\"", "[4]", "[0,4,4]"), 4), kInput, "[begin, end]");
  EXPECT_ERROR(parse(one("\"U8\"", "[4]", "[0,18446744073709551615]"), 4), kInput,
               "data_offsets end at 1844");
  EXPECT_ERROR(parse(R"({"x":{"dtype":"U8","shape":[1]}})", 1), kInput, "missing key \"data_offsets\"");
  EXPECT_ERROR(parse(R"({"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"shap":1}})", 1), kInput,
               "unknown key \"shap\"");
  EXPECT_ERROR(parse(R"({"x":[]})", 0), kInput, "tensor \"x\": expected an object");
  EXPECT_ERROR(parse(R"({"__metadata__":{"k":1}})", 0), kInput, "__metadata__: \"k\": expected a string");
  EXPECT_ERROR(parse(R"({"__metadata__":"k"})", 0), kInput, "__metadata__: expected an object");
}

TEST_CASE("Lookups name what is missing, what is near, and a wrong dtype") {
  Archive archive = sample_archive();
  archive.origin = "c.safetensors";
  try {
    archive.array("b.weigth");
    FAIL("found a tensor that is not there");
  } catch (const ns::Error& error) {
    CHECK(std::string(error.what()) == "c.safetensors: has no tensor \"b.weigth\"");
    CHECK(error.hint() == "did you mean \"b.weight\"?");
  }
  EXPECT_ERROR(archive.meta("graph"), kInput, "c.safetensors: has no metadata key \"graph\"");
  EXPECT_ERROR(archive.tensor("a.level"), kInput, "tensor \"a.level\": expected dtype F32, found U8");
  EXPECT_ERROR(archive.values<std::int8_t>("a.level"), kInput, "expected dtype I8, found U8");
}
