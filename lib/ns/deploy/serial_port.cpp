#include "ns/deploy/serial_port.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstring>

#include "ns/base/error.h"

namespace ns::deploy {
namespace {

std::string hint_for(int error) {
  switch (error) {
    case ENOENT:
      return "plug the board in; ls /dev/ttyACM* shows what there is";
    case EACCES:
      return "the user must be in the group that owns the device, usually dialout";
    case EBUSY:
      return "another program has opened it";
    default:
      return "";
  }
}

Error failure(const std::string& device, const std::string& what, int error) {
  return environment_error(device + ": " + what + ": " + std::strerror(error), hint_for(error));
}

// True once the file is ready; false when the time is over.
bool wait_for(int file, short event, double seconds, const std::string& device) {
  pollfd poll_file{file, event, 0};
  const int ready = ::poll(&poll_file, 1, static_cast<int>(std::ceil(seconds * 1000)));
  if (ready < 0 && errno != EINTR) throw failure(device, "cannot wait for it", errno);
  return ready > 0;
}

}  // namespace

SerialPort::SerialPort(const std::string& device) : device_(device) {
  file_ = ::open(device.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (file_ < 0) throw failure(device, "cannot be opened", errno);
  termios settings{};
  if (::tcgetattr(file_, &settings) != 0) {
    ::close(file_);
    throw environment_error(device + ": is not a serial device", "a board's is usually /dev/ttyACM0");
  }
  ::cfmakeraw(&settings);
  settings.c_cflag |= CLOCAL | CREAD;
  if (::cfsetspeed(&settings, B460800) != 0 || ::tcsetattr(file_, TCSANOW, &settings) != 0 ||
      ::ioctl(file_, TIOCEXCL) != 0) {
    const int error = errno;
    ::close(file_);
    throw failure(device, "cannot be set to 460800 baud, 8 bits", error);
  }
  discard_input();
}

SerialPort::~SerialPort() {
  ::ioctl(file_, TIOCNXCL);
  ::close(file_);
}

void SerialPort::write(std::span<const std::uint8_t> bytes, double seconds) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file_, bytes.data(), bytes.size());
    if (written > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    } else if (written < 0 && errno != EAGAIN && errno != EINTR) {
      throw failure(device_, "cannot be written", errno);
    } else if (!wait_for(file_, POLLOUT, seconds, device_)) {
      throw environment_error(device_ + ": takes no more bytes: nobody reads at the other end");
    }
  }
}

std::size_t SerialPort::read(std::span<std::uint8_t> bytes, double seconds) {
  if (!wait_for(file_, POLLIN, seconds, device_)) return 0;
  const ssize_t got = ::read(file_, bytes.data(), bytes.size());
  if (got > 0) return static_cast<std::size_t>(got);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
  throw environment_error(device_ + ": the board was disconnected");
}

void SerialPort::discard_input() {
  ::tcflush(file_, TCIFLUSH);
}

}  // namespace ns::deploy
