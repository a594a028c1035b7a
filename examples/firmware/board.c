/* Start-up and console of the emulated board: the console and the exit status go to the emulator by
 * semihosting (Arm IHI, "Semihosting for AArch32 and AArch64"). */
#include "board.h"

#include <stdarg.h>
#include <stdint.h>
#include <string.h>

extern uint32_t data_begin[], data_end[], data_in_flash[], bss_begin[], bss_end[], stack_top[];
int main(void);

static void semihosting(uint32_t operation, const void* parameter) {
  register uint32_t r0 __asm__("r0") = operation;
  register const void* r1 __asm__("r1") = parameter;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}

static void print_number(int number) {
  char digits[12] = {0};
  char* at = digits + sizeof digits - 1;
  unsigned rest = number < 0 ? 0u - (unsigned)number : (unsigned)number;
  do *--at = (char)('0' + rest % 10);
  while (rest /= 10);
  if (number < 0) *--at = '-';
  semihosting(4, at);
}

void print(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  for (; *format; ++format) {
    if (*format == '%' && format[1] == 'd') {
      print_number(va_arg(arguments, int));
      ++format;
    } else if (*format == '%' && format[1] == 's') {
      semihosting(4, va_arg(arguments, const char*));
      ++format;
    } else {
      const char letter[2] = {*format, 0};
      semihosting(4, letter);
    }
  }
  va_end(arguments);
}

static void leave(uint32_t status) {
  const uint32_t block[2] = {0x20026, status};
  for (;;) semihosting(0x20, block);
}

static void reset(void) {
  *(volatile uint32_t*)0xE000ED88 |= 0xFu << 20; /* the FPU */
  __asm__ volatile("dsb\n isb");
  memcpy(data_begin, data_in_flash, (uintptr_t)data_end - (uintptr_t)data_begin);
  memset(bss_begin, 0, (uintptr_t)bss_end - (uintptr_t)bss_begin);
  leave((uint32_t)main());
}

static void fault(void) {
  print("fault\n");
  leave(70);
}

__attribute__((section(".vectors"), used)) static void (*const vectors[16])(void) = {
    (void (*)(void))stack_top, reset, fault, fault, fault, fault, fault};
