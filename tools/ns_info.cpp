// ns-info: says what an artifact is, checks it, and explains it as text or JSON.
#include "common/artifact_stream.h"
#include "common/option_groups.h"
#include "common/run_tool.h"
#include "common/streams.h"
#include "info/artifact.h"

int main(int argc, char** argv) {
  const ToolInfo info{"ns-info",
                      "Says what a nestkit artifact is (packed model, checkpoint, recipe, network, results), "
                      "checks it, and explains it.",
                      "  ns-info model.nsm\n"
                      "  ns-info --json nested.safetensors | python3 -m json.tool",
                      "ns-bench measures a packed model; ns-pack packs a checkpoint."};
  std::vector<std::string> files;
  bool json = false, kernels = false;
  return run_tool(info, argc, argv, [&](CLI::App& app) {
    app.add_option("FILE", files, "Artifacts to explain")->required()->transform(artifact_input());
    add_json_option(app, json);
    app.add_flag("--kernels", kernels,
                 "Print C source for a firmware that links only the kernels of these packed models")
        ->excludes("--json");
    return [&] {
      if (kernels) {
        standard_output().write(kernel_source(files));
        return kDone;
      }
      for (const std::string& file : files) {
        const Artifact artifact = read_artifact(file);
        if (json)
          standard_output().record(artifact.json);
        else
          standard_output().write(artifact.text);
      }
      return kDone;
    };
  });
}
