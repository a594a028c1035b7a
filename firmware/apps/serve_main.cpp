// nestkit-serve: what a physical board runs for ns-bench --target board.
#include "firmware/apps/serve.h"
#include "firmware/boards/board.h"

int main(int argc, char** argv) {
  board::init(argc, argv);
  app::serve();
}
