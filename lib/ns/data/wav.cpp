#include "ns/data/wav.h"

#include <cstring>

#include "ns/base/error.h"
#include "ns/base/mapped_file.h"

#ifdef NESTKIT_SOUND
#include <sndfile.h>

#include <memory>
#endif

namespace ns::data {

#ifdef NESTKIT_SOUND
namespace {

// libsndfile reads what there is of a file that was cut short.
void require_whole(const std::string& path) {
  const MappedFile file(path);
  if (file.size() == 0) throw input_error(path + ": is empty");
  std::uint32_t bytes = 0;
  if (file.size() < 12 || std::memcmp(file.bytes().data(), "RIFF", 4) != 0) return;
  std::memcpy(&bytes, file.bytes().data() + 4, sizeof bytes);
  if (std::uint64_t{bytes} + 8 > file.size()) {
    throw input_error(path + ": truncated: its header says " + std::to_string(std::uint64_t{bytes} + 8) +
                      " bytes, it has " + std::to_string(file.size()));
  }
}

struct Close {
  void operator()(SNDFILE* file) const { sf_close(file); }
};

}  // namespace

std::vector<float> read_recording(const std::string& path, int samples_per_second) {
  require_whole(path);
  SF_INFO info{};
  const std::unique_ptr<SNDFILE, Close> file(sf_open(path.c_str(), SFM_READ, &info));
  if (!file) throw input_error(path + ": no recording: " + sf_strerror(nullptr));
  if (info.samplerate != samples_per_second) {
    throw input_error(
        path + ": " + std::to_string(info.samplerate) + " samples per second, expected " +
            std::to_string(samples_per_second) + "; recordings are not resampled",
        "resample it before, for example: sox in.wav -r " + std::to_string(samples_per_second) + " out.wav");
  }
  if (info.channels != 1)
    throw input_error(path + ": " + std::to_string(info.channels) + " channels, expected 1");
  if (info.frames < 1 || info.frames > (1 << 26))
    throw input_error(path + ": " + std::to_string(info.frames) + " samples");
  std::vector<float> samples(static_cast<std::size_t>(info.frames));
  const sf_count_t read = sf_readf_float(file.get(), samples.data(), info.frames);
  if (read != info.frames) {
    throw input_error(path + ": damaged: " + std::to_string(read) + " of " + std::to_string(info.frames) +
                      " samples could be read");
  }
  return samples;
}
#else
std::vector<float> read_recording(const std::string& path, int) {
  throw usage_error(path + ": this build cannot read recordings", "install libsndfile1-dev and build again");
}
#endif

}  // namespace ns::data
