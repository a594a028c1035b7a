#include "ns/report/table.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "ns/base/error.h"

namespace ns::report {
namespace {

// Code points, not bytes: cells may hold "±" and "×".
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace

Table::Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

void Table::row(std::vector<std::string> cells) {
  if (cells.size() > columns_.size()) {
    throw internal_error("table row has " + std::to_string(cells.size()) + " cells for " +
                         std::to_string(columns_.size()) + " columns");
  }
  cells.resize(columns_.size());
  rows_.push_back(std::move(cells));
}

void Table::drop_empty_columns() {
  for (std::size_t c = columns_.size(); c-- > 0;) {
    const auto place = static_cast<std::ptrdiff_t>(c);
    if (std::ranges::any_of(rows_, [&](const auto& cells) { return !cells[c].empty(); })) continue;
    columns_.erase(columns_.begin() + place);
    for (auto& cells : rows_) cells.erase(cells.begin() + place);
  }
}

std::string Table::text() const {
  std::vector<std::size_t> widths;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    std::size_t widest = width(columns_[c].title);
    for (const auto& cells : rows_) widest = std::max(widest, width(cells[c]));
    widths.push_back(widest);
  }
  std::string text;
  const auto append = [&](auto cell_of) {
    std::string line;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      const std::string cell = cell_of(c);
      const std::string pad(widths[c] - width(cell), ' ');
      line += (c ? "  " : "") + (columns_[c].align == Align::kRight ? pad + cell : cell + pad);
    }
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  };
  append([&](std::size_t c) { return columns_[c].title; });
  append([&](std::size_t c) { return std::string(widths[c], '-'); });
  for (const auto& cells : rows_) append([&](std::size_t c) { return cells[c]; });
  return text;
}

std::string grouped(std::int64_t value) {
  std::string digits = std::to_string(value);
  const std::size_t first = digits[0] == '-' ? 1 : 0;
  for (std::size_t i = digits.size(); i > first + 3; i -= 3) digits.insert(i - 3, ",");
  return digits;
}

std::string fixed(double value, int decimals) {
  if (std::isnan(value)) return "-";
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%.*f", decimals, value);
  return buffer;
}

std::string with_sign(double value, int decimals) {
  return (value >= 0 ? "+" : "") + fixed(value, decimals);
}

std::string percent(double fraction, int decimals) {
  return std::isnan(fraction) ? "-" : fixed(100.0 * fraction, decimals) + " %";
}

}  // namespace ns::report
