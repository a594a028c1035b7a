// JSON read strictly and written canonically.
#pragma once

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "ns/base/error.h"

namespace ns {

using Json = nlohmann::json;

/// One JSON text. Duplicate keys, invalid UTF-8, trailing text and nesting deeper than 64 are errors of the
/// given kind (kInput for artifacts, kUsage for configs): "<origin>:<line>:<column>: <reason>". Columns count
/// bytes from 1.
Json parse_json(std::string_view text, const std::string& origin, ErrorKind kind = ErrorKind::kInput);

/// The same of a whole file. Throws as MappedFile does if it cannot be read.
Json read_json(const std::string& path, ErrorKind kind = ErrorKind::kInput);

/// The one text of a value: keys sorted, no white space, shortest numbers that read back the same. A number
/// that is not finite is an Error(kInternal): JSON has no word for it.
std::string canonical_dump(const Json& value);

/// "an integer", "a string", "an object" …: what a value is, in the words of error messages.
const char* type_name(const Json& value);

namespace json_detail {
[[noreturn]] void throw_type(ErrorKind kind, const std::string& where, const std::string& expected,
                             const Json& found);
bool to_bool(const Json& value, ErrorKind kind, const std::string& where);
double to_number(const Json& value, ErrorKind kind, const std::string& where);
std::int64_t to_integer(const Json& value, ErrorKind kind, const std::string& where, std::int64_t low,
                        std::int64_t high);
std::uint64_t to_unsigned(const Json& value, ErrorKind kind, const std::string& where, std::uint64_t high);
std::string to_text(const Json& value, ErrorKind kind, const std::string& where);
template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};
}  // namespace json_detail

/// `value` as bool, an integer type, float, double, std::string, Json or a std::vector of these, without
/// conversion between JSON types (an integer is a number, nothing else changes). Throws Error(kind) naming
/// `where`, the type expected and the value found.
template <class T>
T json_as(const Json& value, const std::string& where, ErrorKind kind = ErrorKind::kInput) {
  using namespace json_detail;
  if constexpr (std::is_same_v<T, Json>) {
    return value;
  } else if constexpr (std::is_same_v<T, bool>) {
    return to_bool(value, kind, where);
  } else if constexpr (std::is_floating_point_v<T>) {
    return static_cast<T>(to_number(value, kind, where));
  } else if constexpr (std::is_unsigned_v<T>) {
    return static_cast<T>(to_unsigned(value, kind, where, std::numeric_limits<T>::max()));
  } else if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(
        to_integer(value, kind, where, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
  } else if constexpr (std::is_same_v<T, std::string>) {
    return to_text(value, kind, where);
  } else {
    static_assert(IsVector<T>::value, "json_as knows bool, numbers, std::string, Json and std::vector");
    if (!value.is_array()) {
      throw_type(kind, where, "an array", value);
    }
    T items;
    for (std::size_t i = 0; i < value.size(); ++i) {
      items.push_back(json_as<typename T::value_type>(value[i], where + "[" + std::to_string(i) + "]", kind));
    }
    return items;
  }
}

/// Reads one JSON object key by key and refuses what nobody asked for. `where` opens the messages
/// ("recipe.json: layer 3"); the object must outlive the reader.
class Fields {
 public:
  /// Throws Error(kind) if `object` is not an object.
  Fields(const Json& object, std::string where, ErrorKind kind = ErrorKind::kInput);

  /// The value of `key`, or nullptr if it is absent. `key` is known from now on.
  const Json* find(const std::string& key);

  /// Throws Error(kind) naming the key if it is missing or of another type.
  template <class T>
  T get(const std::string& key) {
    const Json* value = find(key);
    if (value == nullptr) {
      throw_missing(key);
    }
    return json_as<T>(*value, place(key), kind_);
  }
  /// `fallback` if the key is absent.
  template <class T>
  T get(const std::string& key, T fallback) {
    const Json* value = find(key);
    return value == nullptr ? fallback : json_as<T>(*value, place(key), kind_);
  }

  /// Call after the last get: throws Error(kind) for the first key that was never asked for, and names the
  /// nearest known one.
  void finish() const;

  /// `<where>: "key"`, to open a message about a value.
  std::string place(const std::string& key) const;

 private:
  [[noreturn]] void throw_missing(const std::string& key) const;

  const Json& object_;
  std::string where_;
  ErrorKind kind_;
  std::vector<std::string> known_;
};

}  // namespace ns
