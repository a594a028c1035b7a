#include "firmware/apps/apps.h"
#include "firmware/apps/model_size.h"
#include "firmware/apps/text.h"

namespace app {

int refuse(nsrt_status status, std::uint32_t offset, std::uint32_t index) {
  Line() << "refused status=" << static_cast<unsigned>(status) << " offset=" << offset << " index=" << index
         << ": " << nsrt_status_text(status) << "\n";
  return kRefused;
}

bool open_model(nsrt_model* model) {
  const board::Region flash = board::model_flash();
  const nsrt_error error = nsrt_open(model, flash.data, size_in_header(flash));
  if (error.status != NSRT_OK) refuse(error.status, error.offset, error.index);
  return error.status == NSRT_OK;
}

int check() {
  nsrt_model model;
  if (!open_model(&model)) return kRefused;
  const board::Region arena = board::arena();
  const nsrt_status status = nsrt_self_test(&model, arena.data, arena.bytes);
  if (status == NSRT_BAD_TEST) {
    Line() << "different: the model's own test vector\n";
    return kDifferent;
  }
  if (status != NSRT_OK) return refuse(status);
  Line() << "valid bytes=" << model.bytes << " networks=" << model.networks << "\n";
  return kDone;
}

bool parse_number(const char* word, std::uint32_t* number) {
  *number = 0;
  for (int digits = 0; *word; ++word, ++digits) {
    if (*word < '0' || *word > '9' || digits == 9) return false;
    *number = *number * 10 + static_cast<std::uint32_t>(*word - '0');
  }
  return true;
}

}  // namespace app
