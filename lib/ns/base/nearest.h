// "Did you mean …?"
#pragma once

#include <span>
#include <string>

namespace ns {

/// The candidate with the smallest edit distance to `word` (the first of equals), or "" when none is near:
/// more than a third of the longer word's letters would have to change.
std::string nearest(const std::string& word, std::span<const std::string> candidates);

/// `did you mean "x"?` for the nearest candidate, or "" when nothing is near: ready to be an Error's hint.
std::string nearest_hint(const std::string& word, std::span<const std::string> candidates);

}  // namespace ns
