#include <doctest/doctest.h>

#include <cmath>

#include "ns/base/error.h"
#include "ns/report/table.h"

using ns::report::Table;

TEST_CASE("a table aligns columns by code points and leaves no trailing blanks") {
  Table table({{"name", Table::Align::kLeft}, {"value"}});
  table.row({"a", "1 ± 2"});
  table.row({"longer", "100"});
  table.row({"empty"});
  CHECK(table.text() ==
        "name    value\n"
        "------  -----\n"
        "a       1 ± 2\n"
        "longer    100\n"
        "empty\n");
}

TEST_CASE("a table refuses more cells than columns") {
  Table table({{"only"}});
  CHECK_THROWS_AS(table.row({"a", "b"}), ns::Error);
}

TEST_CASE("columns that no row fills can be left out") {
  Table table({{"a"}, {"b"}, {"c"}});
  table.row({"1", "", "3"});
  table.row({"", "", "4"});
  table.drop_empty_columns();
  CHECK(table.text() == "a  c\n-  -\n1  3\n   4\n");
}

TEST_CASE("numbers are grouped, fixed and turned into percent") {
  CHECK(ns::report::grouped(0) == "0");
  CHECK(ns::report::grouped(999) == "999");
  CHECK(ns::report::grouped(-1234567) == "-1,234,567");
  CHECK(ns::report::fixed(1.005, 1) == "1.0");
  CHECK(ns::report::with_sign(0.5) == "+0.50");
  CHECK(ns::report::with_sign(-0.25, 1) == ns::report::fixed(-0.25, 1));
  CHECK(ns::report::percent(0.91374) == "91.37 %");
  CHECK(ns::report::percent(std::nan("")) == "-");
}
