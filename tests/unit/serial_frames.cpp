// Frames on a serial line: what comes through, and what noise does to it.
#include "serial/frame.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <vector>

using namespace nsrt::serial;

namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes frame(std::uint8_t type, std::uint8_t sequence, const Bytes& payload) {
  Bytes bytes(kMostFrame);
  bytes.resize(encode_frame(bytes.data(), type, sequence, payload.data(), payload.size()));
  return bytes;
}

Bytes random_bytes(std::mt19937& rng, std::size_t count) {
  Bytes bytes(count);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(rng());
  return bytes;
}

/// Payloads of all frames in a stream.
std::vector<Bytes> read(FrameReader& reader, const Bytes& stream) {
  std::vector<Bytes> payloads;
  for (const std::uint8_t byte : stream) {
    reader.push(byte);
    for (Frame found; reader.next(&found);)
      payloads.emplace_back(found.payload, found.payload + found.length);
  }
  return payloads;
}

void append(Bytes& stream, const Bytes& bytes) {
  stream.insert(stream.end(), bytes.begin(), bytes.end());
}

}  // namespace

TEST_CASE("a frame is what docs/format/serial.md says, byte for byte") {
  // CRC-32 of 01 07 02 00 41 42, by Python's zlib.crc32.
  CHECK(frame(1, 7, {'A', 'B'}) == Bytes{0xA5, 0x5A, 1, 7, 2, 0, 'A', 'B', 0x65, 0x38, 0x07, 0x13});
}

TEST_CASE("frames of every length come through, with type and sequence, and nothing is skipped") {
  std::mt19937 rng(1);
  FrameReader reader;
  for (const std::size_t length : {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{255},
                                   std::size_t{256}, kMostPayload - 1, kMostPayload}) {
    const Bytes payload = random_bytes(rng, length);
    std::size_t found = 0;
    for (const std::uint8_t byte : frame(9, static_cast<std::uint8_t>(length), payload)) {
      reader.push(byte);
      for (Frame got; reader.next(&got); ++found) {
        CHECK(got.type == 9);
        CHECK(got.sequence == static_cast<std::uint8_t>(length));
        CHECK(Bytes(got.payload, got.payload + got.length) == payload);
      }
    }
    CHECK(found == 1);
  }
  CHECK(reader.skipped() == 0);
}

TEST_CASE("noise, half starts and a length that no frame has are skipped before a frame") {
  for (const Bytes& noise :
       {Bytes{0}, Bytes{0xA5}, Bytes{0xA5, 0xA5}, Bytes{0x5A, 0xA5, 0x00}, Bytes{0xA5, 0x5A},
        Bytes{0xA5, 0x5A, 1, 1, 0xFF, 0xFF}, Bytes{0xA5, 0x5A, 1, 1, 0, 0, 1, 2, 3, 4}}) {
    Bytes stream = noise;
    append(stream, frame(1, 1, {1, 2, 3}));
    stream.resize(stream.size() + kMostFrame);  // a start in the noise may have announced a long frame
    FrameReader reader;
    CHECK(read(reader, stream) == std::vector<Bytes>{{1, 2, 3}});
    CHECK(reader.skipped() >= noise.size());
  }
}

TEST_CASE("a truncated frame costs only itself once the line has sent as much as the longest frame has") {
  const Bytes whole = frame(5, 1, Bytes(300, 7));
  for (std::size_t kept = 1; kept < whole.size(); ++kept) {
    Bytes stream(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(kept));
    stream.resize(stream.size() + kMostFrame);
    append(stream, frame(5, 2, {42}));
    FrameReader reader;
    CHECK(read(reader, stream) == std::vector<Bytes>{{42}});
  }
}

TEST_CASE("every flipped bit of a frame is noticed, and the next frame is read") {
  const Bytes good = frame(4, 200, {0xA5, 0x5A, 1, 2, 3, 0, 0, 0xA5});
  for (std::size_t bit = 0; bit < 8 * good.size(); ++bit) {
    Bytes stream = good;
    stream[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    append(stream, Bytes(kMostFrame, 0));
    append(stream, frame(4, 201, {9}));
    FrameReader reader;
    CHECK(read(reader, stream) == std::vector<Bytes>{{9}});
  }
}

TEST_CASE("random noise between, inside and instead of frames never gives a payload that was not sent") {
  std::mt19937 rng(3);
  std::size_t sent = 0, received = 0;
  FrameReader reader;
  for (int round = 0; round < 400; ++round) {
    std::vector<Bytes> payloads;
    Bytes stream;
    for (int i = 0; i < 5; ++i) {
      payloads.push_back(random_bytes(rng, rng() % 60));
      Bytes bytes = frame(1, static_cast<std::uint8_t>(i), payloads.back());
      switch (rng() % 6) {
        case 0:
          bytes[rng() % bytes.size()] = static_cast<std::uint8_t>(rng());
          break;
        case 1:
          bytes.erase(bytes.begin() + static_cast<std::ptrdiff_t>(rng() % bytes.size()));
          break;
        case 2:
          bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(rng() % bytes.size()), kStart[rng() % 2]);
          break;
        case 3:
          append(stream, random_bytes(rng, rng() % 20));
          break;
      }
      append(stream, bytes);
    }
    append(stream, Bytes(kMostFrame, 0));
    sent += payloads.size();
    for (const Bytes& payload : read(reader, stream)) {
      CHECK(std::ranges::count(payloads, payload) >= 1);
      ++received;
    }
  }
  CHECK(received > sent / 2);
  CHECK(received < sent);
}

TEST_CASE("reset forgets a beginning") {
  FrameReader reader;
  const Bytes whole = frame(1, 1, {5});
  CHECK(read(reader, Bytes(whole.begin(), whole.end() - 1)).empty());
  reader.reset();
  CHECK(read(reader, {whole.back()}).empty());
  CHECK(read(reader, whole) == std::vector<Bytes>{{5}});
}
