// Data sets with boxes: VOC XML, COCO JSON, letterboxing, splits, and what is wrong with files.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include <png.h>

#include "expect_error.h"
#include "ns/data/catalog.h"
#include "ns/data/coco.h"
#include "ns/data/letterbox.h"
#include "ns/data/split.h"
#include "ns/data/voc.h"
#include "temp_folder.h"

using namespace ns::data;
using ns::detect::Box;

namespace {

const std::vector<std::string> kClasses{"cat", "dog"};

std::string object_xml(const std::string& name, const std::string& corners, const std::string& more = "") {
  std::string text = "<object><name>" + name + "</name>" + more + "<bndbox>";
  std::istringstream stream(corners);
  for (const char* corner : {"xmin", "ymin", "xmax", "ymax"}) {
    std::string value;
    stream >> value;
    text += std::string("<") + corner + ">" + value + "</" + corner + ">";
  }
  return text + "</bndbox></object>";
}

std::string voc_xml(const std::string& objects, int w = 20, int h = 10) {
  return "<annotation><size><width>" + std::to_string(w) + "</width><height>" + std::to_string(h) +
         "</height></size>" + objects + "</annotation>";
}

// The images' decoder looks at the content, not the ending.
void write_image(const std::string& path, int w = 20, int h = 10) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(w);
  image.height = static_cast<png_uint_32>(h);
  image.format = PNG_FORMAT_GRAY;
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(w * h), 200);
  REQUIRE(png_image_write_to_file(&image, path.c_str(), 0, pixels.data(), 0, nullptr) != 0);
}

AnnotatedImage read_text(const TempFolder& folder, const std::string& xml, Skipped& skipped) {
  write_text(folder.file("a.xml"), xml);
  return read_voc(folder.file("a.xml"), "a.jpg", kClasses, skipped);
}

// `count` images of every class: NEU-DET in small.
void write_neu_det(const std::string& folder, int count) {
  for (const char* part : {"/IMAGES", "/ANNOTATIONS"}) std::filesystem::create_directories(folder + part);
  for (const char* name :
       {"crazing", "inclusion", "patches", "pitted_surface", "rolled-in_scale", "scratches"}) {
    for (int i = 1; i <= count; ++i) {
      const std::string stem = std::string(name) + "_" + std::to_string(i);
      write_text(folder + "/ANNOTATIONS/" + stem + ".xml", voc_xml(object_xml(name, "2 2 12 8")));
      write_image(folder + "/IMAGES/" + stem + ".jpg");
    }
  }
}

void write_bccd(const std::string& folder) {
  for (const char* part : {"/JPEGImages", "/Annotations", "/ImageSets/Main"}) {
    std::filesystem::create_directories(folder + part);
  }
  const auto add = [&](const std::string& stem, const std::string& objects) {
    write_text(folder + "/Annotations/" + stem + ".xml", voc_xml(objects));
    write_image(folder + "/JPEGImages/" + stem + ".jpg");
  };
  add("a", object_xml("RBC", "0 0 10 10") + object_xml("WBC", "5 5 5 9"));  // the second has no area
  add("b", "");
  add("c", object_xml("Platelets", "10 5 20 10"));
  add("d", object_xml("WBC", "0 0 20 10"));
  write_text(folder + "/ImageSets/Main/train.txt", "a\nb\n");
  write_text(folder + "/ImageSets/Main/val.txt", "c \r\n");
  write_text(folder + "/ImageSets/Main/test.txt", "d\n");
}

}  // namespace

TEST_CASE("VOC XML becomes boxes in parts of the image") {
  const TempFolder folder;
  Skipped skipped;
  const AnnotatedImage image = read_text(
      folder,
      voc_xml(object_xml("dog", "5 0 15 10") + object_xml(" cat ", "0 0 1.5 1", "<difficult>1</difficult>")),
      skipped);
  REQUIRE(image.objects.size() == 2);
  CHECK(image.objects[0].label == 1);
  CHECK(image.objects[0].box == Box{0.25f, 0.0f, 0.75f, 1.0f});
  CHECK_FALSE(image.objects[0].difficult);
  CHECK(image.objects[1].label == 0);
  CHECK(image.objects[1].difficult);
  CHECK(skipped.sentences().empty());
}

TEST_CASE("boxes that reach out are clipped; outside, inverted or flat ones are skipped and counted") {
  const TempFolder folder;
  Skipped skipped;
  const AnnotatedImage image =
      read_text(folder,
                voc_xml(object_xml("dog", "10 -5 40 5") + object_xml("dog", "30 0 40 5") +
                        object_xml("dog", "15 0 5 5") + object_xml("dog", "5 5 5 9")),
                skipped);
  REQUIRE(image.objects.size() == 1);
  CHECK(image.objects[0].box == Box{0.5f, 0.0f, 1.0f, 0.5f});
  CHECK(skipped.sentences() ==
        std::vector<std::string>{"3 boxes outside the image, inverted or of zero area skipped, first: " +
                                 folder.file("a.xml") + ": object 2"});
}

TEST_CASE("bad VOC XML is refused with file, object and element") {
  const TempFolder folder;
  const auto refuse = [&](const std::string& xml, const std::string& message) {
    Skipped skipped;
    EXPECT_ERROR(read_text(folder, xml, skipped), kInput, folder.file("a.xml") + message);
  };
  refuse("<annotation", ": at byte ");
  refuse("", ": ");
  refuse("<note></note>", ": <annotation> is missing");
  refuse("<annotation/>", ": <size> is missing");
  refuse(voc_xml("", 0), ": <width>: expected 1 to 65535 pixels, found 0");
  refuse(voc_xml(object_xml("bird", "0 0 5 5")),
         ": object 1: unknown class \"bird\", expected one of cat, dog");
  refuse(voc_xml(object_xml("cat", "0 0 5")), ": object 1: <ymax>: expected a number, found \"\"");
  refuse(voc_xml(object_xml("cat", "0 nan 5 5")), ": object 1: <ymin>: expected a number, found \"nan\"");
  refuse(voc_xml("<object><name>cat</name></object>"), ": object 1: <bndbox> is missing");
}

TEST_CASE("COCO JSON becomes boxes, with crowds as difficult objects") {
  const TempFolder folder;
  write_text(
      folder.file("t.json"),
      R"({"info":{},"images":[{"id":7,"file_name":"x/b.png","width":20,"height":10},{"id":3,"file_name":"a.png","width":10,"height":10}],
"categories":[{"id":9,"name":"dog"},{"id":2,"name":"cat"}],
"annotations":[{"id":1,"image_id":7,"category_id":9,"bbox":[5,0,10,5]},{"id":2,"image_id":7,"category_id":2,"bbox":[0,0,4,5],"iscrowd":1},
{"id":3,"image_id":3,"category_id":2,"bbox":[2,2,0,5]}]})");
  Skipped skipped;
  const CocoAnnotations found = read_coco(folder.file("t.json"), "images", skipped);
  CHECK(found.classes == kClasses);
  REQUIRE(found.images.size() == 2);
  CHECK(found.images[0].image_path == "images/a.png");
  CHECK(found.images[0].objects.empty());
  CHECK(found.images[1].objects[0] == ns::detect::Truth{0, 1, {0.25f, 0.0f, 0.75f, 0.5f}, false});
  CHECK(found.images[1].objects[1].difficult);
  CHECK(skipped.boxes == 1);
}

TEST_CASE("bad COCO JSON is refused with file and entry") {
  const TempFolder folder;
  const auto refuse = [&](const std::string& images, const std::string& annotations,
                          const std::string& message) {
    write_text(folder.file("t.json"), R"({"images":[)" + images +
                                          R"(],"categories":[{"id":1,"name":"cat"}],"annotations":[)" +
                                          annotations + "]}");
    Skipped skipped;
    EXPECT_ERROR(read_coco(folder.file("t.json"), "images", skipped), kInput,
                 folder.file("t.json") + message);
  };
  const std::string image = R"({"id":1,"file_name":"a.png","width":20,"height":10})";
  refuse(image + "," + image, "", ": images[1]: id 1 is taken");
  refuse(R"({"id":1,"file_name":"../a.png","width":20,"height":10})", "",
         ": images[0]: file_name \"../a.png\" leads out");
  refuse(R"({"id":1,"file_name":"a.png","width":0,"height":10})", "",
         ": images[0]: expected 1 to 65535 pixels");
  refuse(R"({"id":1,"width":5,"height":10})", "", ": images[0]");
  refuse(image, R"({"image_id":2,"category_id":1,"bbox":[0,0,1,1]})",
         ": annotations[0]: \"image_id\": there is no id 2");
  refuse(image, R"({"image_id":1,"category_id":5,"bbox":[0,0,1,1]})",
         ": annotations[0]: \"category_id\": there is no id 5");
  refuse(image, R"({"image_id":1,"category_id":1,"bbox":[0,0,1]})",
         ": annotations[0]: \"bbox\": expected x, y, width and height");
}

TEST_CASE("a letterbox keeps the aspect ratio and carries boxes along") {
  Image image{{2, 4, 1}, {0, 100, 200, 255, 100, 0, 255, 200}};
  const Box area = letterbox_area(image.shape, {4, 4, 1});
  CHECK(area == Box{0.0f, 0.25f, 1.0f, 0.75f});
  CHECK(in_letterbox({0.5f, 0.0f, 1.0f, 1.0f}, area) == Box{0.5f, 0.25f, 1.0f, 0.75f});
  const auto same = letterboxed(image, {4, 4, 1}, 9);
  CHECK(same == std::vector<std::uint8_t>{9, 9, 9, 9, 0, 100, 200, 255, 100, 0, 255, 200, 9, 9, 9, 9});
  CHECK(letterboxed(image, {2, 2, 1}, 9) == std::vector<std::uint8_t>{50, 228, 9, 9});  // means of four
  const auto enlarged = letterboxed({{1, 2, 1}, {0, 100}}, {2, 4, 1}, 9);
  CHECK(enlarged == std::vector<std::uint8_t>{0, 25, 75, 100, 0, 25, 75, 100});
}

TEST_CASE("NEU-DET is split by class and file name, the same way every time") {
  const TempFolder folder;
  write_neu_det(folder.path(), 10);
  const Dataset train = load_dataset("neu_det", folder.path(), Part::kTrain, {8, 8, 1});
  const Dataset test = load_dataset("neu_det", folder.path(), Part::kTest, {8, 8, 3});
  CHECK(train.size() == 48);
  CHECK(test.size() == 12);
  CHECK(test.shape == ns::ImageShape{8, 8, 3});
  CHECK(train.has_boxes());
  std::set<std::string> names;
  for (const Dataset* part : {&train, &test}) {
    for (const SourceFile& source : part->sources) names.insert(source.name);
  }
  CHECK(names.size() == 60);
  for (int label = 0; label < 6; ++label) {
    CHECK(std::ranges::count(test.labels, label) == 2);
    CHECK(std::count(train.labels.end() - 6, train.labels.end(), label) == 1);  // for validation
  }
  // 20x10 in 8x8: rows 2 to 5.
  CHECK(train.truths_of(5)[0].box == Box{0.1f, 0.25f + 0.2f * 0.5f, 0.6f, 0.25f + 0.8f * 0.5f});
  CHECK(train.image(0)[0] == 128);
  CHECK(train.image(0)[3 * 8] == 200);
}

TEST_CASE("BCCD has its official parts; images without boxes are skipped and counted") {
  const TempFolder folder;
  write_bccd(folder.path());
  const Dataset train = load_dataset("bccd", folder.path(), Part::kTrain);
  CHECK(train.shape == ns::ImageShape{160, 160, 3});
  REQUIRE(train.size() == 2);
  CHECK(train.sources[1].name == "c.jpg");
  REQUIRE(train.warnings.size() == 2);
  CHECK(train.warnings[0].find("1 box outside the image") == 0);
  CHECK(train.warnings[1].find("1 image without a box skipped, first: ") == 0);
  CHECK(load_dataset("bccd", folder.path(), Part::kTest).size() == 1);
  const Split split = hold_out_last(train, 1);
  REQUIRE(split.validation.truths.size() == 1);
  CHECK(split.validation.truths[0].image == 0);
  CHECK(split.validation.truths[0].label == 2);
  CHECK(split.train.truths.size() == 1);
  CHECK(split.train.truths[0].label == 0);
}

TEST_CASE("missing, damaged, mismatched and empty detection sets are named") {
  const TempFolder folder;
  write_bccd(folder.path());
  write_text(folder.file("Annotations/d.xml"), voc_xml("", 20, 10));
  EXPECT_ERROR(load_dataset("bccd", folder.path(), Part::kTest), kInput,
               folder.path() + ": no image with a box in the test part of bccd");
  write_text(folder.file("Annotations/d.xml"), voc_xml(object_xml("WBC", "0 0 5 5"), 21, 10));
  EXPECT_ERROR(load_dataset("bccd", folder.path(), Part::kTest), kInput, "d.jpg: 20x10 pixels, but ");
  write_text(folder.file("JPEGImages/d.jpg"), "\xFF\xD8\xFF broken");
  EXPECT_ERROR(load_dataset("bccd", folder.path(), Part::kTest), kInput,
               folder.file("JPEGImages/d.jpg") + ": ");
  std::filesystem::remove(folder.file("JPEGImages/d.jpg"));
  EXPECT_ERROR(load_dataset("bccd", folder.path(), Part::kTest), kInput, "d.jpg: cannot be opened");
  std::filesystem::remove(folder.file("ImageSets/Main/test.txt"));
  EXPECT_ERROR(load_dataset("bccd", folder.path(), Part::kTest), kInput, "test.txt: cannot be opened");
  EXPECT_ERROR(load_dataset("neu_det", folder.path(), Part::kTest), kInput, "ANNOTATIONS: is missing");
}

TEST_CASE("a set of one's own in COCO's form") {
  const TempFolder folder;
  std::filesystem::create_directories(folder.file("images"));
  std::filesystem::create_directories(folder.file("annotations"));
  write_image(folder.file("images/a.png"));
  const std::string text =
      R"({"images":[{"id":1,"file_name":"a.png","width":20,"height":10}],"categories":[{"id":1,"name":"cat"}],"annotations":[{"image_id":1,"category_id":1,"bbox":[0,0,10,10]}]})";
  write_text(folder.file("annotations/train.json"), text);
  const Dataset set = load_dataset("coco", folder.path(), Part::kTrain, {8, 8, 1});
  CHECK(set.classes == std::vector<std::string>{"cat"});
  CHECK(set.truths.size() == 1);
  write_text(folder.file("annotations/val.json"),
             R"({"images":[],"categories":[{"id":1,"name":"cow"}],"annotations":[]})");
  EXPECT_ERROR(load_dataset("coco", folder.path(), Part::kTrain), kInput,
               "val.json: its categories are not those of train.json");
}
