// Asserts that an expression throws ns::Error of a kind whose message contains a text.
#pragma once

#include <doctest/doctest.h>

#include <string>

#include "ns/base/error.h"

#define EXPECT_ERROR(expression, expected_kind, expected_text)                                         \
  do {                                                                                                 \
    bool thrown = false;                                                                               \
    try {                                                                                              \
      (void)(expression);                                                                              \
    } catch (const ns::Error& error) {                                                                 \
      thrown = true;                                                                                   \
      CHECK_MESSAGE(error.kind() == ns::ErrorKind::expected_kind, error.what());                       \
      CHECK_MESSAGE(std::string(error.what()).find(expected_text) != std::string::npos, error.what()); \
    }                                                                                                  \
    CHECK_MESSAGE(thrown, #expression " did not throw");                                               \
  } while (false)
