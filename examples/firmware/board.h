/* What an application needs of a board; here QEMU's mps2-an500. Put your own in its place. */
#pragma once

/* %s and %d. */
void print(const char* format, ...);
