#include "ns/base/nearest.h"

#include <doctest/doctest.h>

#include <vector>

TEST_CASE("nearest finds a misspelt key and stays silent when nothing is near") {
  const std::vector<std::string> keys{"epochs", "batch_size", "learning_rate", "lr"};
  CHECK(ns::nearest("epoch", keys) == "epochs");
  CHECK(ns::nearest("bach_sise", keys) == "batch_size");
  CHECK(ns::nearest("learningrate", keys) == "learning_rate");
  CHECK(ns::nearest("xyzzy", keys).empty());
  CHECK(ns::nearest("", keys).empty());
  CHECK(ns::nearest("epochs", {}).empty());
  CHECK(ns::nearest("q", std::vector<std::string>{"x"}).empty());
  CHECK(ns::nearest_hint("epoch", keys) == "did you mean \"epochs\"?");
  CHECK(ns::nearest_hint("xyzzy", keys).empty());
}
