// A board at a serial line, played by a thread at the other end of a pseudo-terminal: the firmware's own
// server on a board that counts cycles, behind a line that can be made bad.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <functional>
#include <random>
#include <thread>

#include "expect_error.h"
#include "firmware/apps/serve.h"
#include "firmware/boards/board.h"
#include "ns/deploy/benchmark.h"
#include "ns/deploy/board_session.h"
#include "ns/deploy/host_engine.h"
#include "support/sample_models.h"
#include "temp_folder.h"

using namespace ns::deploy;

namespace {

constexpr std::uint32_t kCoreHz = 216'000'000;
constexpr std::uint64_t kTicks = 1000;  // per reading of the counter

alignas(32) std::uint8_t flash[64 * 1024];
alignas(32) std::uint8_t arena[256 * 1024];
alignas(32) std::uint8_t fast[4096];
std::size_t fast_room;
std::uint64_t ticks;

}  // namespace

namespace board {

bool serial_read(std::uint8_t*) {
  return false;
}
void serial_write(const void*, std::size_t) {}
const char* name() {
  return "fake";
}
std::uint64_t counter() {
  return ticks += kTicks;
}
std::uint64_t instructions(std::uint64_t) {
  return 0;
}
bool counts_instructions() {
  return false;
}
std::uint32_t cycles_per_second() {
  return kCoreHz;
}
Region model_flash() {
  return {flash, sizeof flash};
}
Region arena() {
  return {::arena, sizeof ::arena};
}
Region fast_ram() {
  return {fast, fast_room};
}

}  // namespace board

namespace {

using Bytes = std::vector<std::uint8_t>;
/// What the line does to a reply on its way: changed in place, emptied if lost.
using Damage = std::function<void(Bytes&)>;

class FakeBoard {
 public:
  explicit FakeBoard(
      const Bytes& model, Damage damage = [](Bytes&) {})
      : damage_(std::move(damage)) {
    std::memset(flash, 0xFF, sizeof flash);
    std::ranges::copy(model, flash);
    line_ = ::posix_openpt(O_RDWR | O_NOCTTY);
    REQUIRE((line_ >= 0 && ::grantpt(line_) == 0 && ::unlockpt(line_) == 0));
    char device[64];
    REQUIRE(::ptsname_r(line_, device, sizeof device) == 0);
    device_ = device;
    held_open_ = ::open(device, O_RDWR | O_NOCTTY);  // or the master would see an end of file
    thread_ = std::jthread([this](std::stop_token stop) { work(stop); });
  }
  ~FakeBoard() { unplug(); }

  void unplug() {
    thread_ = {};
    if (line_ >= 0) {
      ::close(held_open_);
      ::close(line_);
    }
    line_ = -1;
  }
  BoardOptions options() const {
    BoardOptions options;
    options.device = device_;
    options.reply_seconds = options.run_seconds = 20;
    return options;
  }

 private:
  void work(const std::stop_token& stop) {
    app::ModelServer server;
    nsrt::serial::FrameReader reader;
    while (!stop.stop_requested()) {
      pollfd ready{line_, POLLIN, 0};
      std::uint8_t byte;
      if (::poll(&ready, 1, 20) <= 0 || ::read(line_, &byte, 1) != 1) continue;
      reader.push(byte);
      for (nsrt::serial::Frame request; reader.next(&request);) {
        const std::size_t bytes = server.answer(request);
        Bytes reply(server.reply(), server.reply() + bytes);
        damage_(reply);
        if (!reply.empty() && ::write(line_, reply.data(), reply.size()) < 0) return;
      }
    }
  }

  Damage damage_;
  int line_ = -1, held_open_ = -1;
  std::string device_;
  std::jthread thread_;
};

Bytes model_bytes() {
  return ns::pack::pack_model({sample::nested_network(), sample::single_network()}, sample::provenance())
      .bytes;
}

struct Sample {
  TempFolder folder;
  Bytes bytes;
  std::string path = folder.file("model.nsm");
  std::optional<PackedModel> model;
  explicit Sample(Bytes of = model_bytes()) : bytes(std::move(of)) {
    write_text(path, {bytes.begin(), bytes.end()});
    model.emplace(path);
  }
};

std::vector<std::int8_t> random_inputs(std::size_t bytes) {
  std::mt19937 rng(4);
  std::vector<std::int8_t> inputs(bytes);
  for (auto& value : inputs) value = static_cast<std::int8_t>(rng() >> 24);
  return inputs;
}

void check_same_as_host(const PackedModel& model, BoardSession& board) {
  HostEngine host(model, 1);
  for (unsigned network = 0; network < model.networks(); ++network) {
    const auto inputs = random_inputs(3 * model.network(network).input.bytes);
    for (unsigned subnet = 1; subnet <= model.network(network).subnets; ++subnet) {
      const Batch batch{network, subnet, inputs, 2};
      const Outputs expected = host.run(batch), found = board.run(batch);
      CHECK(found.bytes == expected.bytes);
      CHECK(found.checksums == expected.checksums);
    }
  }
}

}  // namespace

TEST_CASE("a board gives the host's outputs and operator checksums on every subnet of every network") {
  const Sample sample;
  const FakeBoard fake(sample.bytes);
  BoardSession board(*sample.model, fake.options());
  CHECK(board.board().name == "fake");
  CHECK_NOTHROW(board.self_test());
  check_same_as_host(*sample.model, board);
  CHECK(board.repeated_requests() == 0);
}

TEST_CASE(
    "lost, damaged and repeated replies, and noise between them, change nothing but the time it takes") {
  const Sample sample;
  std::mt19937 rng(7);
  std::atomic<int> harm = 0;
  const FakeBoard fake(sample.bytes, [&](Bytes& reply) {
    switch (harm++ % 7) {
      case 1:
        reply.clear();
        break;
      case 2:
        reply[rng() % reply.size()] ^= 0x20;
        break;
      case 3:
        reply.insert(reply.begin(), {0xA5, 0x5A, 0xA5, 1, 2, 3, 0xFF});
        break;
      case 5:
        reply.resize(reply.size() / 2);
        break;
      case 6: {
        const Bytes twice = reply;
        reply.insert(reply.end(), twice.begin(), twice.end());
        break;
      }
    }
  });
  BoardOptions options = fake.options();
  options.reply_seconds = options.run_seconds = 0.03;
  options.attempts = 200;  // a busy computer is late, too
  BoardSession board(*sample.model, options);
  check_same_as_host(*sample.model, board);
  CHECK(board.repeated_requests() > 10);
}

TEST_CASE("a board with a fast memory for the arena's beginning gives the same bytes") {
  const Sample sample;
  const FakeBoard fake(sample.bytes);
  const std::uint32_t arena_bytes = sample.model->network(0).arena_bytes;
  std::size_t used = 0;
  for (fast_room = 16; fast_room <= std::min<std::size_t>(arena_bytes, sizeof fast); fast_room += 16) {
    const std::uint32_t cut =
        nsrt_arena_cut(&sample.model->model(), 0, static_cast<std::uint32_t>(fast_room));
    if (cut == used) continue;
    used = cut;
    std::memset(fast, 0x55, sizeof fast);
    BoardSession board(*sample.model, fake.options());
    check_same_as_host(*sample.model, board);
    CHECK(std::any_of(fast, fast + cut, [](std::uint8_t byte) { return byte != 0x55; }));
    CHECK(std::all_of(fast + cut, fast + sizeof fast, [](std::uint8_t byte) { return byte == 0x55; }));
  }
  fast_room = 0;
  CHECK(used > 0);
}

TEST_CASE("a board gives the host's boxes, also when its arena begins in a fast memory") {
  const Sample sample(ns::pack::pack_model({sample::detector_network()}, sample::provenance()).bytes);
  const FakeBoard fake(sample.bytes);
  for (const std::size_t room : {std::size_t{0}, sizeof fast}) {
    fast_room = room;
    BoardSession board(*sample.model, fake.options());
    check_same_as_host(*sample.model, board);
    CHECK(board.measure_speed(0).size() == 2);
  }
  fast_room = 0;
}

TEST_CASE("a board's cycles are those of its counter, without the readings themselves") {
  const Sample sample;
  const FakeBoard fake(sample.bytes);
  BoardSession board(*sample.model, fake.options());
  const std::vector<SubnetCost> costs = board.measure_speed(0);
  const unsigned operators = sample.model->network(0).operators;
  REQUIRE(costs.size() == sample.model->network(0).subnets);
  for (const SubnetCost& cost : costs) {
    // Every reading takes one step of this counter, and one step is what is taken off.
    CHECK(cost.operators == std::vector<std::uint64_t>(operators, 0));
    CHECK(cost.total == 0);
  }
}

TEST_CASE("the record of a board that counts cycles has cycles, clock and latency, and no instructions") {
  const Sample sample;
  const PackedDescription description = describe(*sample.model);
  BenchRecord record = describe_subnet(*sample.model, description, "board", 1);
  record.board = "fake";
  const std::size_t operators = description.networks.front().operators.size();
  SubnetCost cost{1, std::vector<std::uint64_t>(operators, 7), 431'000};
  cost.detection = 1000;
  add_cost(record, description, cost, kCoreHz);
  const auto json = to_json(record);
  CHECK(json["board"] == "fake");
  CHECK(json["cycles"] == 432'000);
  CHECK(json["core_hz"] == kCoreHz);
  CHECK(json["latency_us"] == doctest::Approx(2000));
  CHECK(json["layers"][0]["cycles"] == 7);
  CHECK(json["instructions"].is_null());
  CHECK_FALSE(json.contains("cycles_estimate"));
}

TEST_CASE("a board with another model, or none that is sound, is refused with a hint") {
  const Sample sample;
  const Bytes other = ns::pack::pack_model({sample::single_network()}, sample::provenance()).bytes;
  {
    const FakeBoard fake(other);
    EXPECT_ERROR(BoardSession(*sample.model, fake.options()), kInput, "fake has another model in its flash");
  }
  Bytes damaged = sample.bytes;
  damaged[damaged.size() / 2] ^= 1;
  const FakeBoard fake(damaged);
  EXPECT_ERROR(BoardSession(*sample.model, fake.options()), kInput, "refuses what is in its flash");
}

TEST_CASE("a silent board, and one that only babbles, are given up after the attempts allowed") {
  const Sample sample;
  const auto options_of = [](const FakeBoard& fake) {
    BoardOptions options = fake.options();
    options.reply_seconds = 0.1;
    options.attempts = 3;
    return options;
  };
  const FakeBoard silent(sample.bytes, [](Bytes& reply) { reply.clear(); });
  EXPECT_ERROR(BoardSession(*sample.model, options_of(silent)), kEnvironment,
               "no answer from the board, asked 3 times and waited up to 0.1 s each; 0 bytes came");
  const FakeBoard babbling(sample.bytes, [](Bytes& reply) { reply.assign(100, 0x77); });
  EXPECT_ERROR(BoardSession(*sample.model, options_of(babbling)), kEnvironment,
               "bytes came that were no frame");
}

TEST_CASE("an unplugged board, a missing device and a file that is no device are environment errors") {
  const Sample sample;
  FakeBoard fake(sample.bytes);
  BoardSession board(*sample.model, fake.options());
  fake.unplug();
  EXPECT_ERROR(board.self_test(), kEnvironment, "/dev/pts/");
  BoardOptions options;
  options.device = sample.folder.file("ttyACM0");
  EXPECT_ERROR(BoardSession(*sample.model, options), kEnvironment, "cannot be opened: No such file");
  options.device = sample.path;
  EXPECT_ERROR(BoardSession(*sample.model, options), kEnvironment, "is not a serial device");
}

TEST_CASE("the server refuses requests that are too short, out of range, or before a model is open") {
  using namespace nsrt::serial;
  const Sample sample;
  std::memset(flash, 0xFF, sizeof flash);
  std::ranges::copy(sample.bytes, flash);
  app::ModelServer server;
  std::uint8_t sequence = 0;
  const auto status = [&](std::uint8_t type, const Bytes& payload) {
    server.answer({type, ++sequence, static_cast<std::uint16_t>(payload.size()), payload.data()});
    std::uint32_t code;
    std::memcpy(&code, server.reply() + kHeaderBytes, sizeof code);
    return code;
  };
  const Bytes run{0, 0, 1, 0, 0, 0}, result{0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0};
  for (const std::uint8_t type : {kCheck, kInput, kRun, kResult}) CHECK(status(type, run) == kBadRequest);
  CHECK(status(77, {}) == kBadRequest);
  CHECK(status(kOpen, {}) == NSRT_OK);
  CHECK(status(kResult, result) == kBadRequest);  // nothing has run
  CHECK(status(kRun, {0, 0, 1, 0, 0}) == kBadRequest);
  CHECK(status(kRun, {0, 0, 1, 0, 3, 0}) == kBadRequest);
  CHECK(status(kRun, {0, 0, 9, 0, 0, 0}) == NSRT_BAD_ARGUMENT);
  CHECK(status(kRun, {9, 0, 1, 0, 0, 0}) == NSRT_BAD_ARGUMENT);
  CHECK(status(kInput, {0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 1}) == kBadRequest);
  CHECK(status(kRun, run) == NSRT_OK);
  CHECK(status(kResult, result) == NSRT_OK);
  CHECK(status(kResult, {0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 2, 0, 0, 0}) == kBadRequest);
  CHECK(status(kResult, {1, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0}) == kBadRequest);  // it was not traced
  CHECK(status(kHello, {}) == NSRT_OK);
  CHECK(status(kRun, run) == kBadRequest);  // hello forgets the model
}

TEST_CASE("whatever is asked, the server answers with a known status, and serves on") {
  using namespace nsrt::serial;
  const Sample sample;
  std::memset(flash, 0xFF, sizeof flash);
  std::ranges::copy(sample.bytes, flash);
  app::ModelServer server;
  std::mt19937 rng(8);
  std::uint8_t sequence = 0;
  const auto status = [&](std::uint8_t type, const Bytes& payload) {
    const std::size_t bytes =
        server.answer({type, ++sequence, static_cast<std::uint16_t>(payload.size()), payload.data()});
    CHECK((bytes >= kHeaderBytes + 4 + kCrcBytes && bytes <= kMostFrame));
    std::uint32_t code;
    std::memcpy(&code, server.reply() + kHeaderBytes, sizeof code);
    return code;
  };
  int done = 0;
  for (int i = 0; i < 3000; ++i) {
    // Mostly small numbers, where the limits are; hello, which forgets the model, only now and then.
    Bytes payload(rng() % 8 == 0 ? rng() % (kMostPayload + 1) : 2 * (rng() % 8));
    for (auto& byte : payload)
      byte = static_cast<std::uint8_t>(rng() % 4 == 0 ? rng() : rng() % 3 * (rng() % 2));
    const auto type = static_cast<std::uint8_t>(rng() % 50 == 0 ? rng() : kOpen + rng() % 5);
    const std::uint32_t code = status(type, payload);
    CHECK((code <= NSRT_ARENA_TOO_SMALL || code == kBadRequest));
    done += code == NSRT_OK;
  }
  CHECK(done > 300);
  CHECK(status(kHello, {}) == NSRT_OK);
  CHECK(status(kOpen, {}) == NSRT_OK);
  CHECK(status(kCheck, {}) == NSRT_OK);
}
