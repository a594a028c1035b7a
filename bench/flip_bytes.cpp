// flip-bytes: how many damaged copies of a packed model the reader accepts. None is what is asked for.
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <vector>

#include "nsrt/nsrt.h"

namespace {

struct alignas(16) Line {
  unsigned char bytes[16];
};

bool accepted(const std::vector<Line>& file, std::size_t bytes) {
  nsrt_model model;
  return nsrt_open(&model, file.data(), bytes).status == NSRT_OK;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: flip-bytes MODEL.nsm\n");
    return 2;
  }
  std::ifstream stream(argv[1], std::ios::binary);
  const std::vector<char> bytes((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  std::vector<Line> file(bytes.size() / sizeof(Line) + 1);
  if (!bytes.empty()) std::memcpy(file.data(), bytes.data(), bytes.size());
  if (!accepted(file, bytes.size())) {
    std::fprintf(stderr, "flip-bytes: error: %s: no packed model\n", argv[1]);
    return 3;
  }
  auto* const data = reinterpret_cast<unsigned char*>(file.data());
  unsigned long flips = 0, truncations = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (const unsigned change : {0x01U, 0x80U, 0xFFU}) {
      data[i] = static_cast<unsigned char>(data[i] ^ change);
      flips += accepted(file, bytes.size());
      data[i] = static_cast<unsigned char>(data[i] ^ change);
    }
    truncations += accepted(file, i);
  }
  std::printf(
      "{\"bytes\":%zu,\"single_byte_flips\":%zu,\"single_byte_flips_accepted\":%lu,\"truncations_accepted\":%"
      "lu}\n",
      bytes.size(), 3 * bytes.size(), flips, truncations);
  return flips + truncations == 0 ? 0 : 1;
}
