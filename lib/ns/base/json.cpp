#include "ns/base/json.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>

#include "ns/base/mapped_file.h"
#include "ns/base/nearest.h"

namespace ns {
namespace {

constexpr int kMaxDepth = 64;

// Tells how far the parser has read, which its callback does not.
struct CountingIterator {
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  const char* at;
  std::size_t* consumed;
  reference operator*() const { return *at; }
  CountingIterator& operator++() {
    ++at;
    ++*consumed;
    return *this;
  }
  bool operator==(const CountingIterator& other) const { return at == other.at; }
  bool operator!=(const CountingIterator& other) const { return at != other.at; }
};

std::string position_of(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t last_break = before.rfind('\n');
  const std::size_t column = before.size() - (last_break == std::string_view::npos ? 0 : last_break + 1) + 1;
  return std::to_string(line) + ":" + std::to_string(column);
}

// nlohmann's message without its number and its own position.
std::string reason_of(const nlohmann::json::exception& error) {
  std::string text = error.what();
  for (const char* mark : {"] ", "column "}) {
    const std::size_t found = text.find(mark);
    if (found != std::string::npos) {
      text.erase(0, found + std::string_view(mark).size());
    }
  }
  text.erase(0, text.find_first_not_of("0123456789: "));
  return text;
}

void refuse_not_finite(const Json& value) {
  if (value.is_number_float() && !std::isfinite(value.get<double>())) {
    throw internal_error("a number that is not finite cannot be written as JSON");
  }
  if (value.is_structured()) {
    for (const Json& item : value) {
      refuse_not_finite(item);
    }
  }
}

}  // namespace

Json parse_json(std::string_view text, const std::string& origin, ErrorKind kind) {
  std::size_t consumed = 0;
  const auto refuse = [&](std::size_t offset, const std::string& reason) {
    throw Error(kind, origin + ":" + position_of(text, offset) + ": " + reason);
  };
  std::vector<std::set<std::string>> open_objects;
  const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    using Event = Json::parse_event_t;
    if ((event == Event::object_start || event == Event::array_start) && depth >= kMaxDepth) {
      refuse(consumed - 1, "nested deeper than " + std::to_string(kMaxDepth));
    }
    if (event == Event::object_start) {
      open_objects.emplace_back();
    } else if (event == Event::object_end) {
      open_objects.pop_back();
    } else if (event == Event::key && !open_objects.back().insert(parsed.get<std::string>()).second) {
      refuse(consumed - 1, "duplicate key " + parsed.dump());
    }
    return true;
  };
  if (text.empty()) {
    refuse(0, "is empty, expected JSON");
  }
  try {
    return Json::parse(CountingIterator{text.data(), &consumed},
                       CountingIterator{text.data() + text.size(), &consumed}, watch);
  } catch (const Json::parse_error& error) {
    refuse(error.byte == 0 ? 0 : error.byte - 1, reason_of(error));
  } catch (const Json::exception& error) {
    refuse(consumed == 0 ? 0 : consumed - 1, reason_of(error));
  }
  throw internal_error("unreachable");
}

Json read_json(const std::string& path, ErrorKind kind) {
  const MappedFile file(path);
  return parse_json(file.text(), path, kind);
}

std::string canonical_dump(const Json& value) {
  refuse_not_finite(value);
  try {
    return value.dump();
  } catch (const Json::exception& error) {
    throw internal_error("JSON cannot be written: " + reason_of(error));
  }
}

const char* type_name(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null:
      return "null";
    case Json::value_t::boolean:
      return "a boolean";
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
      return "an integer";
    case Json::value_t::number_float:
      return "a number";
    case Json::value_t::string:
      return "a string";
    case Json::value_t::array:
      return "an array";
    case Json::value_t::object:
      return "an object";
    default:
      return "no JSON value";
  }
}

namespace json_detail {

void throw_type(ErrorKind kind, const std::string& where, const std::string& expected, const Json& found) {
  std::string text = found.is_primitive() && !found.is_null()
                         ? found.dump(-1, ' ', false, Json::error_handler_t::replace)
                         : "";
  if (text.size() > 60) {
    text = text.substr(0, 57) + "...";
  }
  throw Error(kind, where + ": expected " + expected + ", found " + type_name(found) +
                        (text.empty() ? "" : " " + text));
}

bool to_bool(const Json& value, ErrorKind kind, const std::string& where) {
  if (!value.is_boolean()) {
    throw_type(kind, where, "a boolean", value);
  }
  return value.get<bool>();
}

double to_number(const Json& value, ErrorKind kind, const std::string& where) {
  if (!value.is_number()) {
    throw_type(kind, where, "a number", value);
  }
  return value.get<double>();
}

std::int64_t to_integer(const Json& value, ErrorKind kind, const std::string& where, std::int64_t low,
                        std::int64_t high) {
  if (!value.is_number_integer()) {
    throw_type(kind, where, "an integer", value);
  }
  const bool fits = value.is_number_unsigned()
                        ? value.get<std::uint64_t>() <= static_cast<std::uint64_t>(high)
                        : value.get<std::int64_t>() >= low && value.get<std::int64_t>() <= high;
  if (!fits) {
    throw_type(kind, where, "an integer from " + std::to_string(low) + " to " + std::to_string(high), value);
  }
  return value.get<std::int64_t>();
}

std::uint64_t to_unsigned(const Json& value, ErrorKind kind, const std::string& where, std::uint64_t high) {
  const bool negative =
      value.is_number_integer() && !value.is_number_unsigned() && value.get<std::int64_t>() < 0;
  if (!value.is_number_integer() || negative || value.get<std::uint64_t>() > high) {
    throw_type(kind, where,
               value.is_number_integer() ? "an integer from 0 to " + std::to_string(high) : "an integer",
               value);
  }
  return value.get<std::uint64_t>();
}

std::string to_text(const Json& value, ErrorKind kind, const std::string& where) {
  if (!value.is_string()) {
    throw_type(kind, where, "a string", value);
  }
  return value.get<std::string>();
}

}  // namespace json_detail

Fields::Fields(const Json& object, std::string where, ErrorKind kind)
    : object_(object), where_(std::move(where)), kind_(kind) {
  if (!object.is_object()) {
    json_detail::throw_type(kind_, where_, "an object", object);
  }
}

const Json* Fields::find(const std::string& key) {
  known_.push_back(key);
  const auto found = object_.find(key);
  return found == object_.end() ? nullptr : &*found;
}

void Fields::finish() const {
  for (const auto& [key, value] : object_.items()) {
    if (std::find(known_.begin(), known_.end(), key) == known_.end()) {
      throw Error(kind_, where_ + ": unknown key \"" + key + "\"", nearest_hint(key, known_));
    }
  }
}

std::string Fields::place(const std::string& key) const {
  return where_ + ": \"" + key + "\"";
}

void Fields::throw_missing(const std::string& key) const {
  std::vector<std::string> others;  // which nobody has asked for: the key may be misspelt
  for (const auto& [other, value] : object_.items()) {
    if (std::find(known_.begin(), known_.end(), other) == known_.end()) others.push_back(other);
  }
  const std::string misspelt = nearest(key, others);
  throw Error(kind_, where_ + ": missing key \"" + key + "\"",
              misspelt.empty() ? "" : "\"" + misspelt + "\" is there, should it be \"" + key + "\"?");
}

}  // namespace ns
