#include <string.h>

#include "firmware/apps/apps.h"
#include "firmware/apps/serve.h"
#include "firmware/apps/text.h"

int main(int argc, char** argv) {
  board::init(argc, argv);
  const board::Arguments& arguments = board::arguments();
  const char* command = arguments.count > 0 ? arguments.word[0] : "";
  int status = app::kUsage;
  if (strcmp(command, "check") == 0) {
    status = app::check();
  } else if (strcmp(command, "infer") == 0) {
    status = app::infer();
  } else if (strcmp(command, "adapt") == 0) {
    status = app::adapt();
  } else if (strcmp(command, "speed") == 0) {
    status = app::speed();
  } else if (strcmp(command, "selftest") == 0) {
    status = app::selftest();
  } else if (strcmp(command, "serve") == 0) {
    app::serve();
  }
  if (status == app::kUsage) {
    app::Line() << "usage: check\n"
                << "       infer NETWORK SUBNET INPUTS OUTPUTS TRACED\n"
                << "       adapt [RULE] INPUTS OUTPUTS\n"
                << "       speed NETWORK\n"
                << "       selftest reference|fast\n"
                << "       serve\n";
  }
  board::exit(status);
}
