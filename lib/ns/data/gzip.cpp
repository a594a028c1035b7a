#include "ns/data/gzip.h"

#ifdef NESTKIT_ZLIB
#include <zlib.h>

#include <algorithm>
#endif

#include "ns/base/error.h"

namespace ns::data {

bool is_gzip(std::span<const std::uint8_t> bytes) {
  return bytes.size() >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;
}

#ifdef NESTKIT_ZLIB
struct GzipReader::Stream {
  z_stream z{};
  std::span<const std::uint8_t> compressed;  // not yet given to zlib, whose counts are 32 bits wide
  bool ended = false;
};

GzipReader::GzipReader(std::span<const std::uint8_t> compressed, std::string origin)
    : stream_(std::make_unique<Stream>()), origin_(std::move(origin)) {
  stream_->compressed = compressed;
  constexpr int kGzipOnly = 16 + MAX_WBITS;
  if (inflateInit2(&stream_->z, kGzipOnly) != Z_OK) {
    throw environment_error(origin_ + ": zlib cannot start");
  }
}

GzipReader::~GzipReader() {
  inflateEnd(&stream_->z);
}

std::size_t GzipReader::read(std::span<std::uint8_t> out) {
  constexpr std::size_t kPiece = std::size_t{1} << 30;
  z_stream& z = stream_->z;
  std::size_t done = 0;
  while (done < out.size() && !stream_->ended) {
    auto& waiting = stream_->compressed;
    if (z.avail_in == 0) {
      const std::size_t piece = std::min(waiting.size(), kPiece);
      z.next_in = const_cast<Bytef*>(waiting.data());
      z.avail_in = static_cast<uInt>(piece);
      waiting = waiting.subspan(piece);
    }
    const std::size_t wanted = std::min(out.size() - done, kPiece);
    z.next_out = out.data() + done;
    z.avail_out = static_cast<uInt>(wanted);
    const int status = inflate(&z, Z_NO_FLUSH);
    done += wanted - z.avail_out;
    if (status == Z_STREAM_END) {
      stream_->ended = true;
      if (const std::size_t left = z.avail_in + waiting.size(); left > 0) {
        throw input_error(origin_ + ": " + std::to_string(left) + " bytes follow the end of the gzip stream");
      }
    } else if (status == Z_BUF_ERROR && z.avail_in == 0 && waiting.empty()) {
      throw input_error(origin_ + ": the gzip stream is truncated");
    } else if (status != Z_OK) {
      throw input_error(origin_ +
                        ": the gzip stream is damaged: " + (z.msg != nullptr ? z.msg : zError(status)));
    }
  }
  return done;
}
#else
struct GzipReader::Stream {};

GzipReader::GzipReader(std::span<const std::uint8_t>, std::string origin) : origin_(std::move(origin)) {
  throw environment_error(origin_ + ": is compressed, and this program was built without zlib",
                          "unpack it beside itself: gunzip -k " + origin_);
}

GzipReader::~GzipReader() = default;

std::size_t GzipReader::read(std::span<std::uint8_t>) {
  return 0;
}
#endif

}  // namespace ns::data
