// The vector table of the Cortex-M7 boards: where the core finds its first stack pointer, the beginning, and
// what handles exceptions. No interrupts are used.
#include <cstdint>

extern "C" {
extern std::uint8_t linker_handler_stack_top[];
void reset_handler();
void fault_handler();
}

extern "C" [[gnu::section(".vectors"), gnu::used]] void (*const vector_table[])() = {
    reinterpret_cast<void (*)()>(linker_handler_stack_top),
    reset_handler,
    fault_handler,  // NMI
    fault_handler,  // HardFault
    fault_handler,  // MemManage
    fault_handler,  // BusFault
    fault_handler,  // UsageFault
    nullptr,
    nullptr,
    nullptr,
    nullptr,
    fault_handler,  // SVCall
    fault_handler,  // DebugMonitor
    nullptr,
    fault_handler,  // PendSV
    fault_handler,  // SysTick
};
