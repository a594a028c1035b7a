#include <doctest/doctest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <string>

#include "expect_error.h"
#include "ns/base/atomic_file.h"
#include "ns/base/mapped_file.h"
#include "temp_folder.h"

using ns::AtomicFile;
using ns::MappedFile;
using ns::Overwrite;

TEST_CASE("AtomicFile shows nothing before commit and only the target after it") {
  const TempFolder folder;
  const std::string path = folder.file("out");
  {
    AtomicFile file(path, Overwrite::kNo);
    file.write("hello");
    CHECK_FALSE(std::filesystem::exists(path));
    file.commit();
    CHECK(read_text(path) == "hello");
    EXPECT_ERROR(file.write("more"), kInternal, "after commit");
    EXPECT_ERROR(file.commit(), kInternal, "committed twice");
  }
  CHECK(folder.file_count() == 1);
}

TEST_CASE("AtomicFile abandoned before commit leaves nothing, and the old file as it was") {
  const TempFolder folder;
  write_text(folder.file("out"), "old");
  {
    AtomicFile file(folder.file("out"), Overwrite::kYes);
    file.write("new");
  }
  CHECK(read_text(folder.file("out")) == "old");
  CHECK(folder.file_count() == 1);
}

TEST_CASE("AtomicFile overwrites only when asked, even if the target appears late") {
  const TempFolder folder;
  const std::string path = folder.file("out");
  AtomicFile late(path, Overwrite::kNo);
  write_text(path, "old");
  EXPECT_ERROR(AtomicFile(path, Overwrite::kNo), kUsage, path + ": exists already");
  EXPECT_ERROR(late.commit(), kUsage, "exists already");
  CHECK(read_text(path) == "old");
  AtomicFile file(path, Overwrite::kYes);
  file.write("new");
  file.commit();
  CHECK(read_text(path) == "new");
  CHECK(folder.file_count() == 1);
}

TEST_CASE("AtomicFile names a missing folder and refuses a device or folder as target") {
  const TempFolder folder;
  const std::string path = folder.file("no/out");
  EXPECT_ERROR(AtomicFile(path, Overwrite::kNo), kEnvironment,
               path + ": folder " + folder.file("no") + " does not exist");
  EXPECT_ERROR(ns::check_writable(path, Overwrite::kNo), kEnvironment, "does not exist");
  EXPECT_ERROR(AtomicFile("/dev/null", Overwrite::kYes), kUsage, "not a regular file");
  EXPECT_ERROR(AtomicFile(folder.path(), Overwrite::kYes), kUsage, "not a regular file");
  ns::check_writable(folder.file("out"), Overwrite::kNo);
  CHECK(folder.file_count() == 0);
}

TEST_CASE("check_writable refuses an output that is also an input, by whatever name") {
  const TempFolder folder;
  const std::string path = folder.file("in");
  write_text(path, "precious");
  std::filesystem::create_hard_link(path, folder.file("twin"));
  EXPECT_ERROR(ns::check_writable(path, Overwrite::kYes, {"", path}), kUsage, path + ": is also an input");
  EXPECT_ERROR(ns::check_writable(folder.file("twin"), Overwrite::kYes, {path}), kUsage, "also an input");
  ns::check_writable(folder.file("out"), Overwrite::kNo, {path, folder.file("none")});
  CHECK(read_text(path) == "precious");
}

TEST_CASE("AtomicFile that runs out of space names the path and removes its temporary") {
  const TempFolder folder;
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{1000, before.rlim_max};
  const auto handler = signal(SIGXFSZ, SIG_IGN);
  {
    AtomicFile file(folder.file("out"), Overwrite::kNo);
    setrlimit(RLIMIT_FSIZE, &small);
    EXPECT_ERROR(file.write(std::string(5000, 'x')), kEnvironment,
                 folder.file("out") + ": cannot be written: ");
    setrlimit(RLIMIT_FSIZE, &before);
  }
  signal(SIGXFSZ, handler);
  CHECK(folder.file_count() == 0);
}

TEST_CASE("AtomicFile writes through a symbolic link") {
  const TempFolder folder;
  write_text(folder.file("target"), "old");
  std::filesystem::create_symlink("target", folder.file("link"));
  AtomicFile file(folder.file("link"), Overwrite::kYes);
  file.write("new");
  file.commit();
  CHECK(std::filesystem::is_symlink(folder.file("link")));
  CHECK(read_text(folder.file("target")) == "new");
}

TEST_CASE("AtomicFile makes the missing target of a symbolic link, and refuses a circle of links") {
  const TempFolder folder;
  std::filesystem::create_symlink("target", folder.file("near"));
  std::filesystem::create_symlink(folder.file("near"), folder.file("far"));
  AtomicFile file(folder.file("far"), Overwrite::kNo);
  file.write("new");
  file.commit();
  CHECK(std::filesystem::is_symlink(folder.file("far")));
  CHECK(std::filesystem::is_symlink(folder.file("near")));
  CHECK(read_text(folder.file("target")) == "new");
  EXPECT_ERROR(AtomicFile(folder.file("far"), Overwrite::kNo), kUsage, "exists already");
  std::filesystem::create_symlink("circle", folder.file("circle"));
  EXPECT_ERROR(AtomicFile(folder.file("circle"), Overwrite::kYes), kUsage, "too many symbolic links");
}

TEST_CASE("MappedFile gives the bytes of a file, also of an empty one") {
  const TempFolder folder;
  write_text(folder.file("a"), "abc");
  write_text(folder.file("empty"), "");
  const MappedFile file(folder.file("a"));
  CHECK(file.text() == "abc");
  CHECK(MappedFile(folder.file("empty")).size() == 0);
}

TEST_CASE("MappedFile names a missing file and refuses a folder or a pipe") {
  const TempFolder folder;
  EXPECT_ERROR(MappedFile(folder.file("a")), kInput, folder.file("a") + ": cannot be opened: No such file");
  EXPECT_ERROR(MappedFile(folder.path()), kInput, "not a regular file");
  REQUIRE(mkfifo(folder.file("pipe").c_str(), 0600) == 0);
  EXPECT_ERROR(MappedFile(folder.file("pipe")), kInput, "not a regular file");
}
