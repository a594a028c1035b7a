// A serial device of this computer: a board's virtual COM port, or a pseudo-terminal that an emulator serves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace ns::deploy {

class SerialPort {
 public:
  /// Opens the device for this process alone: raw, 8 data bits, no parity, 460800 baud
  /// (docs/format/serial.md). Throws Error(kEnvironment) if it is missing, busy, not permitted or no serial
  /// device.
  explicit SerialPort(const std::string& device);
  ~SerialPort();
  SerialPort(const SerialPort&) = delete;
  SerialPort& operator=(const SerialPort&) = delete;

  const std::string& device() const { return device_; }
  /// Writes everything. Throws Error(kEnvironment) if the line takes nothing for `seconds`.
  void write(std::span<const std::uint8_t> bytes, double seconds);
  /// Waits at most `seconds` for bytes; returns how many came, 0 when the time is over. Throws
  /// Error(kEnvironment) when the device is gone.
  std::size_t read(std::span<std::uint8_t> bytes, double seconds);
  void discard_input();

 private:
  std::string device_;
  int file_ = -1;
};

}  // namespace ns::deploy
