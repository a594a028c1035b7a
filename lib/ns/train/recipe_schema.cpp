#include "ns/train/recipe.h"
#include "ns/train/recipe_fields.h"

namespace ns::train {
namespace {

using OrderedJson = nlohmann::ordered_json;

class SchemaWriter {
 public:
  OrderedJson properties = OrderedJson::object();

  void text(const char* key, const std::string& value, const char* meaning) {
    add(key, "string", value, meaning);
  }
  void flag(const char* key, bool value, const char* meaning) { add(key, "boolean", value, meaning); }
  void word(const char* key, const std::string& value, std::initializer_list<const char*> allowed,
            const char* meaning) {
    add(key, "string", value, meaning)["enum"] = std::vector<std::string>(allowed.begin(), allowed.end());
  }
  template <class T>
  void integer(const char* key, T value, Range range, const char* meaning) {
    OrderedJson& property = add(key, "integer", value, meaning);
    property["minimum"] = static_cast<std::int64_t>(range.low);
    property["maximum"] = static_cast<std::int64_t>(range.high);
  }
  void number(const char* key, double value, Range range, const char* meaning) {
    bound(add(key, "number", value, meaning), range);
  }
  void numbers(const char* key, const std::vector<double>& value, Range range, int most,
               const char* meaning) {
    OrderedJson& property = add(key, "array", value, meaning);
    property["items"]["type"] = "number";
    bound(property["items"], range);
    property["maxItems"] = most;
  }
  void words(const char* key, const std::vector<std::string>& value, const char* meaning) {
    add(key, "array", value, meaning)["items"]["type"] = "string";
  }

 private:
  template <class T>
  OrderedJson& add(const char* key, const char* type, const T& fallback, const char* meaning) {
    properties[key] = {{"description", meaning}, {"type", type}, {"default", fallback}};
    return properties[key];
  }
  static void bound(OrderedJson& property, Range range) {
    property[range.low_excluded ? "exclusiveMinimum" : "minimum"] = range.low;
    property[range.high_excluded ? "exclusiveMaximum" : "maximum"] = range.high;
  }
};

}  // namespace

OrderedJson recipe_schema() {
  SchemaWriter writer;
  writer.properties["$schema"] = {{"type", "string"}};
  const Recipe defaults;
  visit_fields(defaults, writer);
  return {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
          {"title", "Recipe of ns-train"},
          {"type", "object"},
          {"properties", writer.properties},
          {"additionalProperties", false}};
}

}  // namespace ns::train
