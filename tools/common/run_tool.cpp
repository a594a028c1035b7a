#include "common/run_tool.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <new>
#include <system_error>

#include "common/log.h"
#include "common/stop_signal.h"
#include "common/streams.h"
#include "ns/base/error.h"
#include "ns/base/nearest.h"
#include "ns/base/version.h"

namespace {

int exit_code(ns::ErrorKind kind) {
  switch (kind) {
    case ns::ErrorKind::kCheck:
      return kCheckFailed;
    case ns::ErrorKind::kUsage:
      return kUsage;
    case ns::ErrorKind::kInput:
      return kBadInput;
    case ns::ErrorKind::kEnvironment:
      return kEnvironment;
    case ns::ErrorKind::kInternal:
      return kInternal;
  }
  return kInternal;
}

void report(const std::string& tool, const std::string& message, const std::string& hint) {
  std::fprintf(stderr, "%s: error: %s\n", tool.c_str(), message.c_str());
  if (!hint.empty()) std::fprintf(stderr, "%s: hint: %s\n", tool.c_str(), hint.c_str());
}

struct UsageProblem {
  std::string message, hint;
};

// CLI11 complains of a missing argument before it does of a misspelt option; the misspelling is what people
// want to hear of.
UsageProblem usage_problem(const CLI::App& app, int argc, char** argv, const CLI::ParseError& error) {
  std::vector<std::string> known;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  }
  for (int i = 1; i < argc && std::string(argv[i]) != "--"; ++i) {
    const std::string argument = argv[i];
    const std::string word = argument.substr(0, argument.find('='));
    if (word.rfind("--", 0) != 0 || std::find(known.begin(), known.end(), word) != known.end()) continue;
    const std::string hint = ns::nearest_hint(word, known);
    return {"unknown option " + word, hint.empty() ? "run with --help for the options" : hint};
  }
  return {error.what(), "run with --help for the options"};
}

// Spinning OpenMP threads cost a factor of ten on a busy machine. libgomp reads the variable while it is
// loaded, so a default can only be set by starting over; where that fails the tool goes on, only slower.
[[maybe_unused]] void wait_passively(char** argv) {
  if (std::getenv("OMP_WAIT_POLICY") == nullptr) {
    setenv("OMP_WAIT_POLICY", "passive", 1);
    execv("/proc/self/exe", argv);
  }
}

}  // namespace

int run_tool(const ToolInfo& info, int argc, char** argv, const ToolSetup& setup) {
#ifdef NESTKIT_TRAINING
  wait_passively(argv);
#endif
  guard_standard_streams();
  CLI::App app(info.description, info.name);
  app.set_version_flag("--version", info.name + " " + ns::version());
  app.footer("Examples:\n" + info.examples +
             "\n\nExit status: 0 done, 1 a requested check failed, 2 usage or configuration,\n"
             "3 bad input, 4 environment (I/O, memory, emulator), 5 internal error.\n\nNext: " +
             info.next);
  app.get_formatter()->column_width(34);
  bool quiet = false;
  int verbosity = 0;
  app.add_flag("-q,--quiet", quiet, "Only warnings and errors on stderr");
  app.add_flag("-v,--verbose", verbosity, "More on stderr (-vv: even more)");

  try {
    const std::function<int()> body = setup(app);
    try {
      app.parse(argc, argv);
    } catch (const CLI::CallForVersion& version) {
      standard_output().line(version.what());
      return kDone;
    } catch (const CLI::Success&) {
      standard_output().write(app.help());
      standard_output().finish();
      return kDone;
    } catch (const CLI::ParseError& error) {
      const UsageProblem problem = usage_problem(app, argc, argv, error);
      report(info.name, problem.message, problem.hint);
      return kUsage;
    }
    set_up_log(info.name, quiet ? -1 : verbosity);
    const int status = body();
    standard_output().finish();
    return status;
  } catch (const ns::Error& error) {
    report(info.name, error.what(), error.hint());
    return exit_code(error.kind());
  } catch (const Stopped& stopped) {
    std::fprintf(stderr, "%s: interrupted\n", info.name.c_str());
    return kSignal + stopped.signal;
  } catch (const std::bad_alloc&) {
    report(info.name, "out of memory", "");
    return kEnvironment;
  } catch (const std::filesystem::filesystem_error& error) {
    report(info.name,
           error.path1().empty() ? error.what() : error.path1().string() + ": " + error.code().message(), "");
    return kEnvironment;
  } catch (const std::system_error& error) {
    report(info.name, error.what(), "");
    return kEnvironment;
  } catch (const std::exception& error) {
    report(info.name, std::string("internal error: ") + error.what(),
           "this is a bug, please report it with the command line");
    return kInternal;
  }
}
