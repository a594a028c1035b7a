#include "common/option_groups.h"

void add_data_options(CLI::App& app, DataOptions& options) {
  app.add_option("--data", options.data, "Data set: fashion_mnist or cifar10")->capture_default_str();
  app.add_option("--data-dir", options.data_dir, "Folder of the data set's files (default: its usual place)")
      ->envname("NESTKIT_DATA_DIR");
}

void add_output_options(CLI::App& app, OutputOptions& options, const std::string& what) {
  app.add_option("-o,--output", options.output, what + " to write")->required();
  app.add_flag("--overwrite", options.overwrite, "Replace an existing output");
}

void add_size_gates(CLI::App& app, std::optional<std::uint64_t>& flash, std::optional<std::uint64_t>& ram) {
  // Without the check CLI11 would take -1 for the largest number there is.
  app.add_option("--max-flash", flash, "Gate: largest model file in bytes")->check(CLI::NonNegativeNumber);
  app.add_option("--max-ram", ram, "Gate: largest arena in bytes")->check(CLI::NonNegativeNumber);
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
