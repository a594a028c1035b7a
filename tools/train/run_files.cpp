#include "train/run_files.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <string_view>

#include "ns/base/atomic_file.h"
#include "ns/base/json.h"

namespace fs = std::filesystem;

namespace {

// As a POSIX shell reads it back.
std::string shell_word(const std::string& text) {
  if (text == "/dev/stdin") return "-";
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("_-./=:,+@%").find(static_cast<char>(c)) != std::string_view::npos;
  });
  if (plain) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

}  // namespace

ns::train::Recipe effective_recipe(const RunFiles& files) {
  if (files.recipe.empty()) throw ns::usage_error("RECIPE is required");
  if (!fs::exists(files.recipe)) throw ns::usage_error(files.recipe + ": no such recipe");
  ns::Json json = ns::read_json(files.recipe, ns::ErrorKind::kUsage);
  if (!json.is_object()) throw ns::usage_error(files.recipe + ": expected an object");
  for (const std::string& setting : files.settings) ns::train::apply_setting(json, setting);
  if (!files.data_dir.empty()) json["data_dir"] = files.data_dir;
  return ns::train::recipe_from_json(json, files.recipe);
}

std::string resumable_path(const std::string& output) {
  const fs::path path(output);
  return (path.parent_path() / path.stem()).string() + ".resume" + path.extension().string();
}

std::string continue_words(const RunFiles& files, const std::string& tool) {
  const std::string resumable = resumable_path(files.output);
  std::string words = tool + " " + shell_word(files.recipe);
  const auto option = [&](const char* name, const std::string& value) {
    if (!value.empty()) words += std::string(" ") + name + " " + shell_word(value);
  };
  for (const std::string& setting : files.settings) option("--set", setting);
  option("--data-dir", files.data_dir);
  option("--teacher", files.teacher);
  option("--sample-weights", files.sample_weights);
  option("-o", files.output);
  option("--resume", resumable);
  return words + (files.overwrite ? " --overwrite" : "");
}

void check_outputs(const RunFiles& files) {
  if (files.output.empty()) throw ns::usage_error("--output is required");
  const std::string resumable = resumable_path(files.output);
  // Both files are written, but a run may go on in the one that it continues.
  ns::check_writable(files.output, files.overwrite ? ns::Overwrite::kYes : ns::Overwrite::kNo,
                     {files.recipe, files.init, files.teacher, files.sample_weights, files.resume});
  ns::check_writable(resumable, ns::Overwrite::kYes,
                     {files.recipe, files.init, files.teacher, files.sample_weights});
  std::error_code missing;
  if (!files.overwrite && fs::exists(resumable) && !fs::equivalent(resumable, files.resume, missing)) {
    throw ns::usage_error(resumable + ": is there from an interrupted run",
                          "--resume " + resumable + " continues it, --overwrite starts anew");
  }
}
