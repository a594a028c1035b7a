// Files of every version of the format, kept as they were made: each must stay readable, and compute what it
// did.
#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <set>
#include <string>

#include "ns/deploy/host_engine.h"

namespace {

std::set<std::filesystem::path> good_files() {
  std::set<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(NESTKIT_SOURCE_DIR "/tests/format/good"))
    files.insert(entry.path());
  return files;
}

}  // namespace

TEST_CASE("A file of every format version opens and passes its self-test") {
  std::set<std::string> versions;
  for (const std::filesystem::path& path : good_files()) {
    CAPTURE(path.string());
    const ns::deploy::PackedModel model(path.string());
    versions.insert(path.filename().string().substr(0, 4));
    CHECK_NOTHROW(ns::deploy::self_test(model));
  }
  CHECK(versions == std::set<std::string>{"v1.0", "v1.1", "v1.2", "v1.3"});
}

TEST_CASE("The second reader reads a file of every format version and computes its self-test") {
  for (const std::filesystem::path& path : good_files()) {
    CAPTURE(path.string());
    const std::string command = "python3 " NESTKIT_SOURCE_DIR "/scripts/nsm_run.py " + path.string() +
                                " | grep -v '\"agrees\": true' | grep -q . ";
    CHECK(::system(("python3 " NESTKIT_SOURCE_DIR "/scripts/nsm_dump.py " + path.string() + " > /dev/null")
                       .c_str()) == 0);
    CHECK(::system(command.c_str()) != 0);
  }
}
