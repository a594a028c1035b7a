// Free Spoken Digit Dataset: recordings named {digit}_{speaker}_{take}.wav.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "ns/data/dataset.h"

namespace ns::data {

/// Its speakers: george, jackson, lucas, nicolas, theo, yweweler.
std::vector<std::string> fsdd_speakers();

/// Paths of one part, by take, then speaker, then digit, so that the last ones are of all digits and
/// speakers. Without a speaker the official split: takes 0 to 4 are the test part. With one, that speaker's
/// recordings are the test part and the others' the training part, with those of the speaker after that one
/// (george after yweweler) at the end: the 500 of them held out for validation, it is of a voice that
/// training does not hear, as the test is. Throws Error(kInput) for a file of another name, or if none
/// belongs to the part.
std::vector<std::string> fsdd_files(const std::string& folder, Part part, const std::string& test_speaker);

/// Log-mel images (log_mel.h), labelled by the digit of the file's name.
Dataset read_fsdd(std::span<const std::string> paths);

}  // namespace ns::data
