// Plain-text tables for people; the machine's form of the same facts is JSON Lines (docs/format/results.md).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ns::report {

/// Columns are as wide as their widest cell; numbers look best aligned right.
class Table {
 public:
  enum class Align { kLeft, kRight };
  struct Column {
    std::string title;
    Align align = Align::kRight;
  };

  explicit Table(std::vector<Column> columns);

  /// Missing cells at the end are empty. Throws Error(kInternal) if there are more cells than columns.
  void row(std::vector<std::string> cells);
  /// Leaves out the columns that no row has a word for.
  void drop_empty_columns();
  /// Title line, rule, rows; each line ends with '\n' and has no trailing blanks.
  std::string text() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

/// 1234567 → "1,234,567"
std::string grouped(std::int64_t value);
/// Fixed number of decimals, "-" for NaN.
std::string fixed(double value, int decimals);
/// As fixed, with its sign: 0.5 → "+0.50"
std::string with_sign(double value, int decimals = 2);
/// 0.9137 → "91.37 %"
std::string percent(double fraction, int decimals = 2);

}  // namespace ns::report
