// What an app may ask of a board. One implementation per folder; the apps are the same sources everywhere.
#pragma once

#include <cstddef>
#include <cstdint>

namespace board {

struct Region {
  std::uint8_t* data;
  std::size_t bytes;
};

/// The words after the program's name; argv[0] is the first of them.
struct Arguments {
  static constexpr int kMost = 16;
  int count;
  const char* word[kMost];
};

/// To be called once, first: console, counter, command line.
void init(int argc, char** argv);
const Arguments& arguments();

void write_text(const char* text);  ///< to the console, zero-terminated

/// The serial line of a board that serves a model (docs/format/serial.md). Neither function waits longer than
/// the line takes; what arrives while nobody reads is lost, and noticed by the frames' CRC.
bool serial_read(std::uint8_t* byte);  ///< false: nothing has arrived
void serial_write(const void* data, std::size_t bytes);
const char* name();  ///< "mps2_an500": the board's folder

/// Files on the computer that runs the emulator (or debugger). open_* return a handle ≥ 0, or −1.
int open_for_reading(const char* path);
int open_for_writing(const char* path);
std::size_t read(int file, void* data, std::size_t bytes);  ///< bytes read; fewer at the end of the file
bool write(int file, const void* data, std::size_t bytes);  ///< all of them, or false
bool close(int file);

/// Ends the program with this exit status (0…255).
[[noreturn]] void exit(int status);

/// A free-running counter that never wraps in practice, provided it is read at least every 2^32 ticks (1.3e9
/// instructions).
std::uint64_t counter();
/// Executed instructions between two readings `ticks` apart, ±1. 0 on boards that cannot count them
/// (counts_instructions).
std::uint64_t instructions(std::uint64_t ticks);
bool counts_instructions();
/// Frequency of counter() where it counts cycles of the core, else 0.
std::uint32_t cycles_per_second();

Region model_flash();  ///< where a packed model lies, or would lie; bytes = room
Region arena();        ///< scratch memory for the model, 32-byte aligned
/// Faster memory for an arena's beginning, where arena() does not begin with it; else no bytes.
Region fast_ram();

}  // namespace board
