#include "common/option_groups.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "ns/base/error.h"

namespace {

bool parse(const std::string& text, double& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

std::string shortest(double value) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

}  // namespace

CLI::Validator whole_number(std::uint64_t least) {
  constexpr double kMost = 9007199254740992;  // 2^53: doubles hold every whole number up to it
  return {[least](std::string& text) {
            double value = 0;
            if (!parse(text, value) || !(value >= static_cast<double>(least) && value <= kMost) ||
                value != std::floor(value)) {
              return "expected a whole number from " + std::to_string(least) + ", found '" + text + "'";
            }
            text = std::to_string(static_cast<std::uint64_t>(value));
            return std::string();
          },
          ""};
}

CLI::Validator number_between(double least, double most) {
  return {[least, most](std::string& text) {
            double value = 0;
            return parse(text, value) && value >= least && value <= most
                       ? std::string()
                       : "expected a number from " + shortest(least) + " to " + shortest(most) + ", found '" +
                             text + "'";
          },
          ""};
}

void add_data_options(CLI::App& app, DataOptions& options) {
  app.add_option("--data", options.data,
                 "Data set: fashion_mnist, cifar10, fer2013, fsdd, fsdd_without_SPEAKER, neu_det, bccd or "
                 "coco (default: what the "
                 "model was trained on)");
  app.add_option("--data-dir", options.data_dir,
                 "Folder of the data set's files, or of several sets (default: its usual place)")
      ->envname("NESTKIT_DATA_DIR");
}

void add_output_options(CLI::App& app, OutputOptions& options, const std::string& what) {
  app.add_option("-o,--output", options.output, what + " to write")->required();
  app.add_flag("--overwrite", options.overwrite, "Replace an existing output");
}

void add_size_gates(CLI::App& app, std::optional<std::uint64_t>& flash, std::optional<std::uint64_t>& ram) {
  app.add_option("--max-flash", flash, "Gate: largest model file in bytes")->transform(whole_number());
  app.add_option("--max-ram", ram, "Gate: largest arena in bytes")->transform(whole_number());
}

void add_emulator_options(CLI::App& app, std::size_t& images, std::string& firmware) {
  app.add_option("--emulator-images", images, "Test images on the emulator (0: all)")
      ->transform(whole_number())
      ->capture_default_str();
  app.add_option("--firmware", firmware, "Firmware of the emulated board")->capture_default_str();
}

void add_json_option(CLI::App& app, bool& json) {
  app.add_flag("--json", json, "One JSON object per line on standard output instead of tables");
}

void add_threads_option(CLI::App& app, int& threads) {
  app.add_option("--threads", threads, "Threads (0: one per core)")
      ->check(CLI::Range(0, 256))
      ->capture_default_str();
}

void add_progress_option(CLI::App& app, std::string& mode) {
  app.add_option("--progress", mode, "Progress bar: auto (on a terminal), always, never")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->capture_default_str();
}

void refuse_given(const CLI::App& app, std::initializer_list<const char*> useless, const std::string& why) {
  for (const char* option : useless) {
    if (std::ranges::find(app.parse_order(), app.get_option(option)) != app.parse_order().end())
      throw ns::usage_error(why + ", so no " + option);
  }
}
