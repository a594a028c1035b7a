// The board that is this computer: the same apps, for comparison and for debugging with sanitizers.
#include "firmware/boards/board.h"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace board {
namespace {

constexpr int kMostFiles = 8;
constexpr std::size_t kModelBytes = 1792 * 1024, kArenaBytes = 448 * 1024;  // as on mps2_an500

Arguments words;
std::FILE* files[kMostFiles];
alignas(32) std::uint8_t model_bytes[kModelBytes];
alignas(32) std::uint8_t arena_bytes[kArenaBytes];

int open(const char* path, const char* mode) {
  for (int slot = 0; slot < kMostFiles; ++slot)
    if (!files[slot]) return (files[slot] = std::fopen(path, mode)) ? slot : -1;
  return -1;
}

}  // namespace

void init(int argc, char** argv) {
  for (int i = 1; i < argc && words.count < Arguments::kMost; ++i) words.word[words.count++] = argv[i];
  // The flash of this board is the file model.nsm in the current folder.
  if (std::FILE* model = std::fopen("model.nsm", "rb")) {
    if (std::fread(model_bytes, 1, kModelBytes, model) == 0) write_text("warning: model.nsm is empty\n");
    std::fclose(model);
  }
}

const Arguments& arguments() {
  return words;
}
void write_text(const char* text) {
  std::fputs(text, stdout);
}
int open_for_reading(const char* path) {
  return open(path, "rb");
}
int open_for_writing(const char* path) {
  return open(path, "wb");
}
std::size_t read(int file, void* data, std::size_t bytes) {
  return std::fread(data, 1, bytes, files[file]);
}
bool write(int file, const void* data, std::size_t bytes) {
  return std::fwrite(data, 1, bytes, files[file]) == bytes;
}
bool close(int file) {
  const bool ok = std::fclose(files[file]) == 0;
  files[file] = nullptr;
  return ok;
}
void exit(int status) {
  std::exit(status);
}

// The serial line is standard input and output; its end is the end of the program.
bool serial_read(std::uint8_t* byte) {
  if (::read(STDIN_FILENO, byte, 1) != 1) std::exit(0);
  return true;
}
void serial_write(const void* data, std::size_t bytes) {
  const auto* at = static_cast<const std::uint8_t*>(data);
  while (bytes > 0) {
    const ::ssize_t written = ::write(STDOUT_FILENO, at, bytes);
    if (written <= 0) std::exit(1);
    at += written;
    bytes -= static_cast<std::size_t>(written);
  }
}
const char* name() {
  return "host";
}

std::uint64_t counter() {
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}
std::uint64_t instructions(std::uint64_t) {
  return 0;
}
bool counts_instructions() {
  return false;
}
std::uint32_t cycles_per_second() {
  return 0;
}

Region model_flash() {
  return {model_bytes, kModelBytes};
}
Region arena() {
  return {arena_bytes, kArenaBytes};
}

Region fast_ram() {
  return {nullptr, 0};
}

}  // namespace board
