#include "ns/base/json.h"

#include <doctest/doctest.h>

#include <cmath>

#include "expect_error.h"
#include "temp_folder.h"

using ns::Fields;
using ns::Json;
using ns::parse_json;

TEST_CASE("parse_json names origin, line and column of a syntax error") {
  EXPECT_ERROR(parse_json("{\n  \"a\": 1,\n  \"b\" 2\n}", "r.json"), kInput, "r.json:3:7: ");
  EXPECT_ERROR(parse_json("", "r.json"), kInput, "r.json:1:1: is empty");
  EXPECT_ERROR(parse_json("{\"a\": 1} x", "r.json"), kInput, "r.json:1:10: ");
  EXPECT_ERROR(parse_json("[1e999]", "r.json"), kInput, "r.json:1:");
  EXPECT_ERROR(parse_json("{'a': 1}", "r.json", ns::ErrorKind::kUsage), kUsage, "r.json:1:2: ");
}

TEST_CASE("parse_json refuses duplicate keys at every depth and says where") {
  EXPECT_ERROR(parse_json("{\"a\": 1,\n \"a\": 2}", "f"), kInput, "f:2:4: duplicate key \"a\"");
  EXPECT_ERROR(parse_json("[{\"x\": {\"a\": 1, \"a\": 2}}]", "f"), kInput, "duplicate key \"a\"");
  CHECK(parse_json("{\"a\": {\"a\": 1}, \"b\": {\"a\": 2}}", "f").size() == 2);
}

TEST_CASE("parse_json refuses invalid UTF-8") {
  EXPECT_ERROR(parse_json("[\"\xff\"]", "f"), kInput, "f:1:3: ");
  EXPECT_ERROR(parse_json("[\"\xc3\"]", "f"), kInput, "UTF-8");
  CHECK(parse_json("[\"\xc3\xa9\"]", "f")[0] == "\xc3\xa9");
}

TEST_CASE("parse_json accepts 64 levels of nesting and refuses 65") {
  CHECK(parse_json(std::string(64, '[') + std::string(64, ']'), "f").is_array());
  EXPECT_ERROR(parse_json(std::string(65, '[') + std::string(65, ']'), "f"), kInput,
               "f:1:65: nested deeper than 64");
  EXPECT_ERROR(parse_json(std::string(1000000, '['), "f"), kInput, "nested deeper");
}

TEST_CASE("read_json names the file") {
  const TempFolder folder;
  write_text(folder.file("a.json"), "[1,]");
  EXPECT_ERROR(ns::read_json(folder.file("a.json")), kInput, folder.file("a.json") + ":1:4: ");
  EXPECT_ERROR(ns::read_json(folder.file("b.json")), kInput, folder.file("b.json"));
}

TEST_CASE("canonical_dump sorts keys, writes no white space and reads back the same") {
  const Json value = parse_json("{ \"b\" : [1, 2.50, 1e3, 0.1], \"a\": null }", "f");
  CHECK(ns::canonical_dump(value) == "{\"a\":null,\"b\":[1,2.5,1000.0,0.1]}");
  CHECK(parse_json(ns::canonical_dump(value), "f") == value);
  EXPECT_ERROR(ns::canonical_dump(Json{{"a", {std::nan("")}}}), kInternal, "not finite");
}

TEST_CASE("Fields returns typed values and fallbacks") {
  const Json json =
      parse_json("{\"i\": -3, \"u\": 3, \"x\": 2, \"b\": true, \"s\": \"t\", \"v\": [1, 2]}", "f");
  Fields fields(json, "f");
  CHECK(fields.get<int>("i") == -3);
  CHECK(fields.get<std::uint64_t>("u") == 3);
  CHECK(fields.get<double>("x") == 2.0);
  CHECK(fields.get<bool>("b"));
  CHECK(fields.get<std::string>("s") == "t");
  CHECK(fields.get<std::vector<int>>("v") == std::vector<int>{1, 2});
  CHECK(fields.get<int>("absent", 5) == 5);
  CHECK(fields.find("absent too") == nullptr);
  CHECK_NOTHROW(fields.finish());
}

TEST_CASE("Fields names a missing key, a wrong type and an unknown key with its nearest") {
  const Json json =
      parse_json("{\"epoch\": \"many\", \"sizes\": [1, 2.5], \"big\": 300, \"minus\": -1}", "f");
  Fields fields(json, "r.json", ns::ErrorKind::kUsage);
  EXPECT_ERROR(fields.get<int>("epochs"), kUsage, "r.json: missing key \"epochs\"");
  EXPECT_ERROR(fields.get<std::vector<int>>("sizes"), kUsage,
               "r.json: \"sizes\"[1]: expected an integer, found a number 2.5");
  EXPECT_ERROR(fields.get<std::uint8_t>("big"), kUsage,
               "expected an integer from 0 to 255, found an integer 300");
  EXPECT_ERROR(fields.get<unsigned>("minus"), kUsage, "expected an integer from 0 to");
  try {
    fields.finish();
    FAIL("finish accepted an unknown key");
  } catch (const ns::Error& error) {
    CHECK(std::string(error.what()) == "r.json: unknown key \"epoch\"");
    CHECK(error.hint() == "did you mean \"epochs\"?");
  }
  EXPECT_ERROR(fields.get<int>("epoch"), kUsage,
               "r.json: \"epoch\": expected an integer, found a string \"many\"");
  EXPECT_ERROR(Fields(json["sizes"], "f"), kInput, "f: expected an object, found an array");
}

TEST_CASE("Fields refuses integers outside the range of the type") {
  const Json json = parse_json("{\"a\": 2147483648, \"b\": -2147483649, \"c\": 18446744073709551615}", "f");
  Fields fields(json, "f");
  EXPECT_ERROR(fields.get<int>("a"), kInput, "-2147483648 to 2147483647");
  EXPECT_ERROR(fields.get<int>("b"), kInput, "-2147483648 to 2147483647");
  EXPECT_ERROR(fields.get<std::int64_t>("c"), kInput, "to 9223372036854775807");
  CHECK(fields.get<std::uint64_t>("c") == 18446744073709551615ull);
  CHECK(fields.get<std::int64_t>("a") == 2147483648);
}
