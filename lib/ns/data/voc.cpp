#include "ns/data/voc.h"

#include "ns/base/error.h"
#ifdef NESTKIT_XML
#include <charconv>
#include <cmath>
#include <pugixml.hpp>
#include <string_view>

#include "ns/base/mapped_file.h"
#endif

namespace ns::data {

#ifdef NESTKIT_XML
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kSpace);
  return begin == text.npos ? "" : text.substr(begin, text.find_last_not_of(kSpace) + 1 - begin);
}

pugi::xml_node child(const pugi::xml_node& node, const char* name, const std::string& place) {
  const pugi::xml_node found = node.child(name);
  if (!found) throw input_error(place + ": <" + name + "> is missing");
  return found;
}

float number(const pugi::xml_node& parent, const char* name, const std::string& place) {
  const std::string_view text = trimmed(child(parent, name, place).child_value());
  float value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) {
    throw input_error(place + ": <" + name + ">: expected a number, found \"" + std::string(text) + "\"");
  }
  return value;
}

int extent(const pugi::xml_node& size, const char* name, const std::string& place) {
  const float value = number(size, name, place);
  if (!(value >= 1 && value <= 65535) || value != std::floor(value)) {
    throw input_error(place + ": <" + name + ">: expected 1 to 65535 pixels, found " +
                      std::string(trimmed(size.child_value(name))));
  }
  return static_cast<int>(value);
}

}  // namespace

AnnotatedImage read_voc(const std::string& path, const std::string& image_path,
                        std::span<const std::string> classes, Skipped& skipped) {
  const MappedFile file(path);
  pugi::xml_document document;
  const pugi::xml_parse_result parsed = document.load_buffer(file.bytes().data(), file.size());
  if (!parsed) {
    throw input_error(path + ": at byte " + std::to_string(parsed.offset) + ": " + parsed.description());
  }
  const pugi::xml_node root = child(document, "annotation", path);
  AnnotatedImage image{path, image_path, 0, 0, {}};
  const pugi::xml_node size = child(root, "size", path);
  image.width = extent(size, "width", path);
  image.height = extent(size, "height", path);
  int count = 0;
  for (const pugi::xml_node& object : root.children("object")) {
    const std::string place = path + ": object " + std::to_string(++count);
    const std::string name(trimmed(child(object, "name", place).child_value()));
    const pugi::xml_node corners = child(object, "bndbox", place);
    const detect::Box box{number(corners, "xmin", place), number(corners, "ymin", place),
                          number(corners, "xmax", place), number(corners, "ymax", place)};
    const bool difficult = trimmed(object.child_value("difficult")) == "1";
    add_object(image, label_of(name, classes, place), box, difficult, place, skipped);
  }
  return image;
}
#else
AnnotatedImage read_voc(const std::string& path, const std::string&, std::span<const std::string>, Skipped&) {
  throw usage_error(path + ": this build cannot read XML", "install libpugixml-dev and build again");
}
#endif

}  // namespace ns::data
