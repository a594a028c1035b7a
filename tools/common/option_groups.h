// Options that several tools share, with the same names, defaults and help texts everywhere.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

struct DataOptions {
  std::string data = "fashion_mnist";
  std::string data_dir;  // empty: the data set's usual place
};
void add_data_options(CLI::App& app, DataOptions& options);

struct OutputOptions {
  std::string output;
  bool overwrite = false;
};
void add_output_options(CLI::App& app, OutputOptions& options, const std::string& what);

void add_json_option(CLI::App& app, bool& json);
void add_threads_option(CLI::App& app, int& threads);
void add_progress_option(CLI::App& app, std::string& mode);
