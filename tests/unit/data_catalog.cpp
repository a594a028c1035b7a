#include "ns/data/catalog.h"

#include <doctest/doctest.h>

#include "data_files.h"
#include "expect_error.h"
#include "ns/base/sha256.h"
#include "ns/data/cifar.h"
#include "ns/data/exclusion.h"
#include "ns/data/split.h"

using namespace ns::data;

TEST_CASE("load_dataset reads a folder laid out like Fashion-MNIST") {
  const TempFolder folder;
  write_mnist_like(folder.path(), 12, 5, 4);
  const Dataset set = load_dataset("fashion_mnist", folder.path(), Part::kTrain);
  CHECK(set.size() == 12);
  CHECK(set.shape == ns::ImageShape{5, 4, 1});
  CHECK(set.labels[11] == 1);
  CHECK(set.image(3)[7] == 28);
  CHECK(set.classes.size() == 10);
  CHECK(set.classes[9] == "Ankle boot");
  CHECK(set.normalisation == Normalisation{73, 1.0f / 90.0f});
}

TEST_CASE("The manifest is the hash of what sha256sum prints, wherever the files lie") {
  const TempFolder folder, copy;
  write_mnist_like(folder.path(), 2, 3, 3);
  write_mnist_like(copy.path(), 2, 3, 3);
  std::string printed;
  for (const char* name : {"t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"}) {
    printed += ns::sha256_hex_of_file(folder.file(name)) + "  " + name + "\n";
  }
  CHECK(load_dataset("fashion_mnist", folder.path(), Part::kTest).manifest_sha256 == ns::sha256_hex(printed));
  CHECK(load_dataset("fashion_mnist", copy.path() + "/", Part::kTest).manifest_sha256 ==
        ns::sha256_hex(printed));
}

TEST_CASE("load_dataset takes the uncompressed files where there are no others") {
  const TempFolder folder;
  write_text(folder.file("t10k-images-idx3-ubyte"), idx_text({1, 2, 2}, "abcd"));
  write_text(folder.file("t10k-labels-idx1-ubyte"), idx_text({1}, "\3"));
  CHECK(load_dataset("fashion_mnist", folder.path(), Part::kTest).image(0)[3] == 'd');
}

TEST_CASE("load_dataset names unknown sets, missing folders and missing files") {
  const TempFolder folder;
  EXPECT_ERROR(
      load_dataset("fashion-mnist", folder.path(), Part::kTrain), kUsage,
      "unknown data set \"fashion-mnist\", known: bccd, cifar10, coco, fashion_mnist, fer2013, fsdd, "
      "fsdd_without_george");
  EXPECT_ERROR(load_dataset("cifar10", folder.file("none"), Part::kTrain), kInput,
               folder.file("none") + ": is not a folder");
  EXPECT_ERROR(load_dataset("cifar10", folder.path(), Part::kTrain), kInput,
               "data_batch_1.bin: cannot be opened");
  EXPECT_ERROR(load_dataset("fashion_mnist", folder.path(), Part::kTest), kInput,
               "t10k-images-idx3-ubyte.gz: cannot be opened");
  write_mnist_like(folder.path(), 2, 3, 3);
  std::filesystem::remove(folder.file("train-labels-idx1-ubyte.gz"));
  EXPECT_ERROR(load_dataset("fashion_mnist", folder.path(), Part::kTrain), kInput,
               "train-labels-idx1-ubyte.gz: cannot");
}

TEST_CASE(
    "load_dataset names a label out of range with its image, and unequal numbers of images and labels") {
  const TempFolder folder;
  write_mnist_like(folder.path(), 3, 2, 2);
  write_text(folder.file("train-labels-idx1-ubyte.gz"), gzip_text(idx_text({3}, "\1\2\12")));
  EXPECT_ERROR(load_dataset("fashion_mnist", folder.path(), Part::kTrain), kInput,
               folder.file("train-labels-idx1-ubyte.gz") + ": label 10 of image 2 is not below 10");
  write_text(folder.file("train-labels-idx1-ubyte.gz"), gzip_text(idx_text({2}, "\1\2")));
  EXPECT_ERROR(load_dataset("fashion_mnist", folder.path(), Part::kTrain), kInput,
               "holds 2 labels for the 3 images");
}

TEST_CASE("CIFAR-10 planes become interleaved pixels") {
  const TempFolder folder;
  for (int i = 1; i <= 5; ++i) {
    write_text(folder.file("data_batch_" + std::to_string(i) + ".bin"),
               cifar_record(static_cast<char>(i), static_cast<std::uint8_t>(10 * i), 100, 200) +
                   cifar_record(9, 1, 2, 3));
  }
  write_text(folder.file("test_batch.bin"), cifar_record(0, 1, 2, 3));
  const Dataset set = load_dataset("cifar10", folder.path(), Part::kTrain);
  CHECK(set.size() == 10);
  CHECK(set.shape == ns::ImageShape{32, 32, 3});
  CHECK(set.labels[4] == 3);
  CHECK(set.labels[9] == 9);
  const auto image = set.image(4);
  for (const std::size_t p : {0u, 5u, 1023u}) {
    CHECK(image[3 * p] == 30 + p % 8);
    CHECK(image[3 * p + 1] == 100 + p % 8);
    CHECK(image[3 * p + 2] == 200 + p % 8);
  }
  CHECK(set.classes[0] == "airplane");
  CHECK(load_dataset("cifar10", folder.path(), Part::kTest).size() == 1);
}

TEST_CASE("A CIFAR-10 file that is empty, truncated or has a label out of range is named") {
  const TempFolder folder;
  const auto read = [&](const std::string& text) {
    write_text(folder.file("b.bin"), text);
    return read_cifar10(std::vector<std::string>{folder.file("b.bin")});
  };
  EXPECT_ERROR(read(""), kInput, folder.file("b.bin") + ": is empty");
  EXPECT_ERROR(read(cifar_record(1, 2, 3, 4).substr(1)), kInput,
               "3072 bytes are no whole number of CIFAR-10 records");
  EXPECT_ERROR(read(cifar_record(1, 2, 3, 4) + "x"), kInput, "3074 bytes are no whole number");
  EXPECT_ERROR(read(cifar_record(9, 2, 3, 4) + cifar_record(10, 2, 3, 4)), kInput,
               "b.bin: record 1: label 10 is not below 10");
  EXPECT_ERROR(read(cifar_record('\xff', 2, 3, 4)), kInput, "record 0: label 255");
}

TEST_CASE("normalise is exact on the int8 grid that the packed model sees") {
  std::vector<std::uint8_t> pixels(256);
  for (std::size_t i = 0; i < 256; ++i) {
    pixels[i] = static_cast<std::uint8_t>(i);
  }
  std::vector<float> x(256);
  const Normalisation norm{121, 1.0f / 64.0f};
  normalise(pixels, norm, x);
  for (std::size_t i = 0; i < 256; ++i) {
    const auto q = static_cast<std::int8_t>(pixels[i] ^ 0x80);
    CHECK(x[i] == norm.scale * static_cast<float>(q - norm.zero_point()));
    CHECK(x[i] == (static_cast<float>(i) - 121.0f) / 64.0f);
  }
}

TEST_CASE(
    "without_listed leaves out the listed images of this part and refuses a list that cannot be meant") {
  const TempFolder folder;
  write_mnist_like(folder.path(), 12, 2, 2);
  const std::string list = folder.file("list.csv");
  const auto test_set = [&] { return load_dataset("fashion_mnist", folder.path(), Part::kTest); };
  const auto kept = [&](const std::string& text) {
    write_text(list, text);
    return without_listed(test_set(), list);
  };
  const Dataset all = test_set();
  const Dataset some = kept(
      "file,record,label\nt10k-images-idx3-ubyte,11,x\r\ntrain-images-idx3-ubyte,5,x\n"
      "t10k-images-idx3-ubyte,0,y\n");
  CHECK(some.size() == 10);
  CHECK(some.pixels.size() == 40);
  CHECK(some.labels[0] == all.labels[1]);
  CHECK(some.image(9)[3] == all.image(10)[3]);
  EXPECT_ERROR(kept(""), kInput, list + ": line 1: expected a header");
  EXPECT_ERROR(kept("file,records\n"), kInput, "line 1: expected a header");
  EXPECT_ERROR(kept("file,record\n\n"), kInput, "line 2: expected FILE,RECORD");
  EXPECT_ERROR(kept("file,record\nt10k-images-idx3-ubyte,-1\n"), kInput, "line 2: expected FILE,RECORD");
  EXPECT_ERROR(kept("file,record\nt10k-images-idx3-ubyte,1\nt10k-images-idx3-ubyte,12"), kInput,
               "line 3: record 12 of t10k-images-idx3-ubyte, which has 12");
  EXPECT_ERROR(kept("file,record\ntest_batch.bin,1\n"), kInput, "names no image of t10k-images-idx3-ubyte");
  EXPECT_ERROR(without_listed(some, list), kInput, "names no image of fashion_mnist");
}

TEST_CASE("hold_out_last splits off the last images and take_first keeps the first") {
  const TempFolder folder;
  write_mnist_like(folder.path(), 12, 2, 2);
  const Dataset all = load_dataset("fashion_mnist", folder.path(), Part::kTrain);
  const Split split = hold_out_last(all, 5);
  CHECK(split.train.size() == 7);
  CHECK(split.validation.size() == 5);
  CHECK(split.train.pixels.size() == 28);
  CHECK(split.validation.image(0)[0] == all.image(7)[0]);
  CHECK(split.validation.labels[4] == all.labels[11]);
  CHECK(split.validation.manifest_sha256 == all.manifest_sha256);
  const Dataset few = take_first(all, 3);
  CHECK(few.size() == 3);
  CHECK(few.image(2)[1] == all.image(2)[1]);
  EXPECT_ERROR(hold_out_last(all, 12), kUsage,
               "a validation set of 12 images does not fit the 12 of fashion_mnist");
  EXPECT_ERROR(hold_out_last(all, 0), kUsage, "of 0 images");
  EXPECT_ERROR(take_first(all, 13), kUsage, "a subset of 13 images");
}
