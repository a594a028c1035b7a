// Lines of text without stdio: Line{} << "op " << 3 << " " << Hex{crc} << "\n", written when the line ends
// its life.
#pragma once

#include <cstdint>

#include "firmware/boards/board.h"

namespace app {

struct Hex {
  std::uint32_t value;
};

class Line {
 public:
  Line() = default;
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;
  ~Line() {
    text_[length_] = 0;
    board::write_text(text_);
  }

  Line& operator<<(const char* text) {
    while (*text) put(*text++);
    return *this;
  }
  Line& operator<<(unsigned long long number) {
    char digits[20];
    int count = 0;
    do digits[count++] = static_cast<char>('0' + number % 10);
    while (number /= 10);
    while (count) put(digits[--count]);
    return *this;
  }
  // uint32_t is unsigned long on the board and unsigned on the host.
  Line& operator<<(unsigned number) { return *this << static_cast<unsigned long long>(number); }
  Line& operator<<(unsigned long number) { return *this << static_cast<unsigned long long>(number); }
  Line& operator<<(Hex hex) {
    for (int shift = 28; shift >= 0; shift -= 4) put("0123456789abcdef"[hex.value >> shift & 15]);
    return *this;
  }

 private:
  void put(char c) {
    if (length_ < sizeof text_ - 1) text_[length_++] = c;
  }
  char text_[256];
  unsigned length_ = 0;
};

}  // namespace app
