#include "ns/base/bytes.h"

#include <doctest/doctest.h>

#include <cstdio>

#include "expect_error.h"
#include "ns/base/sha256.h"
#include "ns/base/version.h"
#include "temp_folder.h"

TEST_CASE("ByteWriter writes little-endian and ByteReader reads it back") {
  ns::ByteWriter writer;
  writer.write<std::uint32_t>(0x04030201);
  writer.write<std::int16_t>(-2);
  writer.align(8);
  writer.write(1.5f);
  writer.patch<std::uint8_t>(0, 9);
  CHECK(writer.bytes() == std::vector<std::uint8_t>{9, 2, 3, 4, 0xfe, 0xff, 0, 0, 0, 0, 0xc0, 0x3f});
  EXPECT_ERROR(writer.patch<std::uint32_t>(9, 1), kInternal, "beyond");
  ns::ByteReader reader(writer.bytes(), "f");
  CHECK(reader.read<std::uint32_t>() == 0x04030209);
  CHECK(reader.read<std::int16_t>() == -2);
  CHECK(reader.take(2).size() == 2);
  CHECK(reader.read<float>() == 1.5f);
  CHECK(reader.remaining() == 0);
}

TEST_CASE("ByteReader says where it ran out of bytes") {
  const std::vector<std::uint8_t> bytes(5);
  ns::ByteReader reader(bytes, "f.bin");
  reader.read<std::uint32_t>();
  EXPECT_ERROR(reader.read<std::uint32_t>(), kInput, "f.bin: truncated at byte 4: 4 bytes expected, 1 found");
  EXPECT_ERROR(reader.take(SIZE_MAX), kInput, "truncated");
  CHECK(reader.position() == 4);
}

TEST_CASE("sha256_hex agrees with the examples of FIPS 180 and with block boundaries computed elsewhere") {
  CHECK(ns::sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(ns::sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(ns::sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(ns::sha256_hex(std::string(1000000, 'a')) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  CHECK(ns::sha256_hex(std::string(55, 'b')) ==
        "eb2c86e932179f4ba13fe8715a26124b77d6bad290b9b4c1cc140cf633300c19");
  CHECK(ns::sha256_hex(std::string(56, 'b')) ==
        "a5fc6e203a4c2b657d0d153885932414b2ffc6a93f0f8bf8b3183315e5a7212c");
  CHECK(ns::sha256_hex(std::string(63, 'b')) ==
        "94e419fabac7f930810f9636354042f8c1426d2f834d4ab65c93dc1e69326b13");
  CHECK(ns::sha256_hex(std::string(64, 'b')) ==
        "a0fab1377f49a759b57f63318262ebe89fabfc990e8e93ceac2984561482b9d4");
  CHECK(ns::sha256_hex(std::string(65, 'b')) ==
        "74b128f30cf83de43ddf4aafc40c7b50a7443d3c73a89a7cfca17e15e43d51ab");
  CHECK(ns::sha256_hex(std::string(119, 'b')) ==
        "68297a9eb141ce16bbc0847da1c0c48e2858704feaa13993bde29f87a198a6e1");
  CHECK(ns::sha256_hex(std::string(120, 'b')) ==
        "392add47fbaa8197a874ebe770a947a26dd6f2becce5f64688cc4d18c9da93bd");
  CHECK(ns::sha256_hex(std::string(128, 'b')) ==
        "70ae1c5307f5250d5cb9e40742ba9613fcdf9b8d9eb6dd393330443b2d5effbd");
}

TEST_CASE("Sha256 does not care how its input is cut, and hashes files") {
  const TempFolder folder;
  const std::string text(1000, 'q');
  ns::Sha256 hash;
  for (std::size_t at = 0, step = 1; at < text.size(); at += step, step = step * 3 % 101) {
    hash.update(std::string_view(text).substr(at, step));
  }
  CHECK(hash.finish() == ns::sha256_hex(text));
  write_text(folder.file("a"), text);
  CHECK(ns::sha256_hex_of_file(folder.file("a")) == ns::sha256_hex(text));
}

TEST_CASE("version has the form major.minor.patch") {
  int major = -1, minor = -1, patch = -1;
  CHECK(std::sscanf(ns::version(), "%d.%d.%d", &major, &minor, &patch) == 3);
  CHECK(major + minor + patch > 0);
}
