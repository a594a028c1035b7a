#include "ns/data/exclusion.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include "ns/base/error.h"
#include "ns/base/mapped_file.h"

namespace ns::data {
namespace {

/// The text up to `separator`, which is taken off `rest` with it.
std::string_view take_until(char separator, std::string_view& rest) {
  const std::string_view taken = rest.substr(0, rest.find(separator));
  rest.remove_prefix(std::min(taken.size() + 1, rest.size()));
  return taken;
}

std::string_view take_line(std::string_view& rest) {
  std::string_view line = take_until('\n', rest);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// Which of the set's images it is; nothing if the file belongs to another part.
std::optional<std::size_t> index_of(const Dataset& dataset, std::string_view file, std::size_t record) {
  std::size_t first = 0;
  for (const SourceFile& source : dataset.sources) {
    if (source.name == file) {
      if (record >= source.images) {
        throw input_error("record " + std::to_string(record) + " of " + source.name + ", which has " +
                          std::to_string(source.images));
      }
      return first + record;
    }
    first += source.images;
  }
  return std::nullopt;
}

/// One flag per image. Throws Error(kInput) about a line, without file and number.
void mark(const Dataset& dataset, std::string_view line, std::vector<bool>& excluded) {
  const std::string_view file = take_until(',', line), digits = take_until(',', line);
  std::size_t record = 0;
  const auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), record);
  if (file.empty() || status != std::errc() || end != digits.data() + digits.size()) {
    throw input_error("expected FILE,RECORD");
  }
  if (const auto index = index_of(dataset, file, record)) excluded[*index] = true;
}

}  // namespace

Dataset without_listed(Dataset dataset, const std::string& list) {
  const MappedFile file(list);
  std::string_view rest = file.text();
  const std::string_view header = take_line(rest);
  if (header != "file,record" && !header.starts_with("file,record,")) {
    throw input_error(list + ": line 1: expected a header that begins with \"file,record\"");
  }
  std::vector<bool> excluded(dataset.size());
  for (std::size_t number = 2; !rest.empty(); ++number) {
    try {
      mark(dataset, take_line(rest), excluded);
    } catch (const Error& error) {
      throw input_error(list + ": line " + std::to_string(number) + ": " + error.what());
    }
  }
  const auto image = static_cast<std::size_t>(dataset.shape.size());
  std::size_t kept = 0;
  std::vector<int> new_index(excluded.size(), -1);
  for (std::size_t i = 0; i < excluded.size(); ++i) {
    if (excluded[i]) continue;
    new_index[i] = static_cast<int>(kept);
    dataset.labels[kept] = dataset.labels[i];
    const auto from = dataset.pixels.begin() + static_cast<std::ptrdiff_t>(i * image);
    if (kept != i) {
      std::copy_n(from, image, dataset.pixels.begin() + static_cast<std::ptrdiff_t>(kept * image));
    }
    ++kept;
  }
  if (kept == dataset.size()) {
    throw input_error(list + ": names no image of " +
                      (dataset.sources.empty() ? dataset.name : dataset.sources[0].name));
  }
  dataset.truths = renumbered(dataset.truths, new_index);
  dataset.labels.resize(kept);
  dataset.pixels.resize(kept * image);
  dataset.sources.clear();
  return dataset;
}

}  // namespace ns::data
