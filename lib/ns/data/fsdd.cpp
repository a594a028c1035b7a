#include "ns/data/fsdd.h"

#include <algorithm>
#include <filesystem>
#include <regex>
#include <tuple>

#include "ns/base/error.h"
#include "ns/data/log_mel.h"
#include "ns/data/wav.h"

namespace ns::data {
namespace {

namespace fs = std::filesystem;

struct Recording {
  int take;
  std::string speaker;
  int digit;
  std::string path;
  auto key() const { return std::tie(take, speaker, digit); }
};

Recording parse(const std::string& path) {
  static const std::regex pattern("([0-9])_([a-z]+)_([0-9]{1,4})\\.wav");
  const std::string name = fs::path(path).filename().string();
  std::smatch found;
  if (!std::regex_match(name, found, pattern))
    throw input_error(path + ": expected a name like 7_jackson_32.wav: digit, speaker, take");
  return {std::stoi(found[3]), found[2], std::stoi(found[1]), path};
}

std::string speaker_after(const std::string& speaker) {
  const std::vector<std::string> all = fsdd_speakers();
  const auto found = std::ranges::find(all, speaker);
  return found == all.end() ? "" : all[static_cast<std::size_t>(found - all.begin() + 1) % all.size()];
}

}  // namespace

std::vector<std::string> fsdd_speakers() {
  return {"george", "jackson", "lucas", "nicolas", "theo", "yweweler"};
}

std::vector<std::string> fsdd_files(const std::string& folder, Part part, const std::string& test_speaker) {
  constexpr int kTestTakes = 5;
  const std::string recordings = folder + "/recordings";
  if (!fs::is_directory(recordings)) throw input_error(recordings + ": is not a folder of recordings");
  std::vector<Recording> chosen;
  for (const auto& entry : fs::directory_iterator(recordings)) {
    if (entry.path().extension() != ".wav") continue;
    Recording recording = parse(entry.path().string());
    const bool test = test_speaker.empty() ? recording.take < kTestTakes : recording.speaker == test_speaker;
    if (test == (part == Part::kTest)) chosen.push_back(std::move(recording));
  }
  if (chosen.empty()) throw input_error(recordings + ": has no recordings of this part of the data set");
  std::ranges::sort(chosen, {}, &Recording::key);
  const std::string last = speaker_after(test_speaker);
  std::ranges::stable_partition(chosen,
                                [&](const Recording& recording) { return recording.speaker != last; });
  std::vector<std::string> paths;
  for (const Recording& recording : chosen) paths.push_back(recording.path);
  return paths;
}

Dataset read_fsdd(std::span<const std::string> paths) {
  Dataset dataset;
  dataset.shape = kLogMelShape;
  for (const std::string& path : paths) {
    const std::vector<std::uint8_t> image = log_mel(read_recording(path, kLogMelRate));
    dataset.pixels.insert(dataset.pixels.end(), image.begin(), image.end());
    dataset.labels.push_back(parse(path).digit);
    dataset.sources.push_back({fs::path(path).filename().string(), 1});
  }
  return dataset;
}

}  // namespace ns::data
