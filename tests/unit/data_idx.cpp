#include "ns/data/idx.h"

#include <doctest/doctest.h>

#include "data_files.h"
#include "expect_error.h"
#include "ns/base/rng.h"

using ns::data::read_idx;

namespace {

struct File {
  TempFolder folder;
  std::string path = folder.file("x-idx");
  explicit File(const std::string& text) { write_text(path, text); }
};

}  // namespace

TEST_CASE("read_idx reads plain and gzip-compressed files alike") {
  const std::string text = idx_text({2, 1, 3}, "abcdef");
  for (const std::string& stored : {text, gzip_text(text)}) {
    const File file(stored);
    const ns::data::IdxArray array = read_idx(file.path, 3);
    CHECK(array.extents == std::vector<std::size_t>{2, 1, 3});
    CHECK(std::string(array.bytes.begin(), array.bytes.end()) == "abcdef");
  }
}

TEST_CASE("read_idx names a missing and an empty file") {
  const TempFolder folder;
  EXPECT_ERROR(read_idx(folder.file("none"), 1), kInput,
               folder.file("none") + ": cannot be opened: No such file");
  const File empty("");
  EXPECT_ERROR(read_idx(empty.path, 1), kInput, empty.path + ": is empty");
  EXPECT_ERROR(read_idx(File(gzip_text("")).path, 1), kInput, "expected a header of 8 bytes, found 0");
}

TEST_CASE("read_idx tells a wrong magic number, element type and number of dimensions apart") {
  EXPECT_ERROR(read_idx(File("PNG and so on").path, 1), kInput,
               "expected magic number 0x00000801 (IDX, unsigned bytes, 1 dimensions), found 0x504e4720, "
               "which is not IDX");
  EXPECT_ERROR(read_idx(File(idx_text({4}, "abcd", 0x0d)).path, 1), kInput,
               "found 0x00000d01, another element type");
  EXPECT_ERROR(read_idx(File(idx_text({2, 2}, "abcd")).path, 1), kInput,
               "found 0x00000802, another number of dimensions");
  EXPECT_ERROR(read_idx(File(gzip_text("PNG and so on")).path, 1), kInput, "which is not IDX");
}

TEST_CASE("read_idx refuses every truncation, plain and compressed, and says so") {
  const std::string text = idx_text({3, 2}, "abcdef");
  for (const std::string& stored : {text, gzip_text(text)}) {
    for (std::size_t size = 1; size < stored.size(); ++size) {
      INFO("size ", size);
      const File file(stored.substr(0, size));
      EXPECT_ERROR(read_idx(file.path, 2), kInput, "truncated");
    }
  }
  EXPECT_ERROR(read_idx(File(gzip_text(text.substr(0, text.size() - 1))).path, 2), kInput,
               "is truncated: expected 6 data bytes, found 5");
}

TEST_CASE("read_idx refuses bytes after the announced ones, and after the compressed stream") {
  const std::string text = idx_text({3, 2}, "abcdef");
  EXPECT_ERROR(read_idx(File(text + "g").path, 2), kInput, "bytes follow the announced 6");
  EXPECT_ERROR(read_idx(File(gzip_text(text + "g")).path, 2), kInput, "bytes follow the announced 6");
  EXPECT_ERROR(read_idx(File(gzip_text(text) + "gh").path, 2), kInput,
               "2 bytes follow the end of the gzip stream");
}

TEST_CASE("read_idx refuses absurd extents before it allocates for them") {
  const std::uint32_t huge = 0xffffffff;
  for (const std::string& text :
       {idx_text({huge, huge, huge}, "abc"), idx_text({huge, 1, 1}, "abc"), idx_text({4, 1, 1}, "abc")}) {
    EXPECT_ERROR(read_idx(File(text).path, 3), kInput, "more than the file can hold");
  }
  EXPECT_ERROR(read_idx(File(gzip_text(idx_text({huge, huge, huge}, "abc"))).path, 3), kInput,
               "more than the file can hold");
  EXPECT_ERROR(read_idx(File(gzip_text(idx_text({1000000, 1, 1}, "abc"))).path, 3), kInput,
               "more than the file can hold");
  EXPECT_ERROR(read_idx(File(idx_text({huge, 0, 1}, "")).path, 3), kInput,
               "announces 4294967295 x 0 x 1 bytes: an extent is 0");
}

TEST_CASE("A flipped bit in a compressed file never changes what is read: it is refused or does not matter") {
  ns::Rng rng(8);
  std::string data(600, 'a');
  for (char& c : data) {
    c = static_cast<char>('a' + rng.below(4));
  }
  const std::string good = gzip_text(idx_text({30, 20}, data));
  int refused = 0;
  for (std::size_t bit = 0; bit < 8 * good.size(); ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
    try {
      const File file(bad);
      const ns::data::IdxArray array = read_idx(file.path, 2);
      INFO("bit ", bit);
      CHECK(std::string(array.bytes.begin(), array.bytes.end()) == data);
    } catch (const ns::Error& error) {
      CHECK(error.kind() == ns::ErrorKind::kInput);
      ++refused;
    }
  }
  // Only the gzip header's time and system and the padding after the last code may change.
  CHECK(refused > static_cast<int>(8 * good.size()) - 100);
}
