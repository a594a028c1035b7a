#include "ns/deploy/emulator_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "ns/base/error.h"

extern char** environ;

namespace ns::deploy {
namespace {

namespace fs = std::filesystem;

constexpr int kFaultStatus = 70;  // firmware/boards/mps2_an500/startup.cpp
constexpr const char* kConsoleName = "console.txt";
constexpr const char* kErrorsName = "qemu.txt";

std::string read_all(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::string last_lines(const std::string& text) {
  constexpr std::size_t kMost = 400;
  std::string tail = text.size() > kMost ? "…" + text.substr(text.size() - kMost) : text;
  while (!tail.empty() && tail.back() == '\n') tail.pop_back();
  return tail.empty() ? "(no output)" : tail;
}

std::string seconds(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

// Anything else QEMU would load as raw memory, and the core would lock up in it.
bool is_arm_elf(const std::string& path) {
  constexpr std::size_t kMachine = 18;
  std::array<char, 20> start{};
  std::ifstream(path, std::ios::binary).read(start.data(), start.size());
  return std::string_view(start.data(), 4) ==
             "\x7f"
             "ELF" &&
         start[kMachine] == 40 && start[kMachine + 1] == 0;
}

// QEMU's option parser splits at commas; a doubled one is a comma.
std::string doubled_commas(const std::string& text) {
  std::string result;
  for (const char c : text) result.append(c == ',' ? 2 : 1, c);
  return result;
}

}  // namespace

EmulatorProcess::EmulatorProcess(const EmulatorOptions& options, const std::string& model)
    : options_(options), model_(model) {
  if (!fs::is_regular_file(options.elf)) {
    throw environment_error(
        "firmware not found: " + (options.elf.empty() ? "(no path given)" : options.elf),
        "build it: cmake --build build/release --target firmware (needs gcc-arm-none-eabi)");
  }
  if (!is_arm_elf(options.elf)) {
    throw environment_error(options.elf + ": is not a firmware (an ELF file for ARM)");
  }
}

EmulatorProcess::~EmulatorProcess() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
}

void EmulatorProcess::start(const std::vector<std::string>& words, Counting counting) {
  std::string semihosting = "enable=on,target=native,chardev=console,arg=nestkit";
  for (const std::string& word : words) semihosting += ",arg=" + doubled_commas(word);
  std::vector<std::string> line = {options_.qemu,
                                   "-M",
                                   "mps2-an500",
                                   "-display",
                                   "none",
                                   "-monitor",
                                   "none",
                                   "-serial",
                                   "none",
                                   "-chardev",
                                   "stdio,id=console,signal=off",
                                   "-semihosting-config",
                                   semihosting,
                                   "-kernel",
                                   fs::absolute(options_.elf).string()};
  if (counting == Counting::kInstructions) line.insert(line.end(), {"-icount", "shift=7,sleep=off"});
  if (!model_.empty()) {
    // Standard input is another file for the emulator, which reaches ours through this process.
    const fs::path ours = "/proc/" + std::to_string(::getpid()) + "/fd/0";
    fs::create_symlink(model_ == "/dev/stdin" ? ours : fs::absolute(model_), file("model.nsm"));
    line.insert(line.end(), {"-device", "loader,file=model.nsm,addr=0x00040000,force-raw=on"});
  }
  std::vector<char*> argv;
  for (std::string& word : line) argv.push_back(word.data());
  argv.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addchdir_np(&actions, folder_.path().c_str());
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, kConsoleName, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_addopen(&actions, 2, kErrorsName, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  // A process group of its own: the terminal's Ctrl-C is ours to handle.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  const int failure =
      ::posix_spawnp(&pid_, options_.qemu.c_str(), &actions, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (failure != 0) {
    pid_ = -1;
    throw environment_error("cannot start " + options_.qemu + ": " + std::strerror(failure),
                            "install the Debian package qemu-system-arm");
  }
  last_sign_ = std::chrono::steady_clock::now();
}

std::uintmax_t EmulatorProcess::file_bytes(const std::string& name) const {
  std::error_code missing;
  const std::uintmax_t size = fs::file_size(file(name), missing);
  return missing ? 0 : size;
}

bool EmulatorProcess::finished() {
  if (pid_ < 0) return true;
  if (::waitpid(pid_, &status_, WNOHANG) == pid_) {
    pid_ = -1;
    if (!WIFEXITED(status_)) {
      throw environment_error(options_.qemu + " died of signal " + std::to_string(WTERMSIG(status_)) + ": " +
                              last_lines(console() + read_all(file(kErrorsName))));
    }
    return true;
  }
  const auto now = std::chrono::steady_clock::now();
  std::uintmax_t size = file_bytes(kConsoleName);
  for (const std::string& name : watched_) size += file_bytes(name);
  if (size != written_) {
    written_ = size;
    last_sign_ = now;
  } else if (std::chrono::duration<double>(now - last_sign_).count() > options_.silence_seconds) {
    throw environment_error("the emulated board has been silent for " + seconds(options_.silence_seconds) +
                                " s; its last output: " + last_lines(console()),
                            "the firmware hangs, or this computer is too slow or too busy");
  }
  return false;
}

int EmulatorProcess::exit_status() const {
  const int status = WEXITSTATUS(status_);
  const std::string text = console();
  if (status == kFaultStatus) {
    throw environment_error(
        "the emulated board reports a " + last_lines(text.substr(std::min(text.find("fault:"), text.size()))),
        "find the place with arm-none-eabi-addr2line -e " + options_.elf);
  }
  // Without a word of the firmware it was QEMU that ended: a bad option, an unreadable file.
  if (const std::string errors = read_all(file(kErrorsName)); status != 0 && text.empty()) {
    throw environment_error(options_.qemu + " ended with status " + std::to_string(status) + ": " +
                            last_lines(errors));
  }
  return status;
}

std::string EmulatorProcess::console() const {
  return read_all(file(kConsoleName));
}

int run_firmware(const EmulatorOptions& options, const std::string& model,
                 const std::vector<std::string>& words, Counting counting, std::string* console,
                 const std::function<void()>& waiting) {
  EmulatorProcess process(options, model);
  process.start(words, counting);
  while (!process.finished()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    if (waiting) waiting();
  }
  *console = process.console();
  return process.exit_status();
}

}  // namespace ns::deploy
