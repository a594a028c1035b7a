// Options that several tools share, with the same names, defaults and help texts everywhere.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>

/// A whole number in any usual spelling, e.g. 200 or 6e4. CLI11 alone reads "-1" as the largest number there
/// is and "010" as eight.
CLI::Validator whole_number(std::uint64_t least = 0);
/// From least to most; "nan" is no number.
CLI::Validator number_between(double least, double most);

struct DataOptions {
  std::string data;      // empty: what the model was trained on (data_set.h)
  std::string data_dir;  // empty: the data set's usual place
};
void add_data_options(CLI::App& app, DataOptions& options);

struct OutputOptions {
  std::string output;
  bool overwrite = false;
};
void add_output_options(CLI::App& app, OutputOptions& options, const std::string& what);

/// --max-flash and --max-ram, in bytes.
void add_size_gates(CLI::App& app, std::optional<std::uint64_t>& flash, std::optional<std::uint64_t>& ram);

/// --emulator-images (0: all) and --firmware
void add_emulator_options(CLI::App& app, std::size_t& images, std::string& firmware);

void add_json_option(CLI::App& app, bool& json);
void add_threads_option(CLI::App& app, int& threads);
void add_progress_option(CLI::App& app, std::string& mode);

/// What a run has no use for is refused, not ignored: Error(kUsage) "<why>, so no <option>" for the first of
/// `useless` that the command line has. Variables of the environment may stay.
void refuse_given(const CLI::App& app, std::initializer_list<const char*> useless, const std::string& why);
