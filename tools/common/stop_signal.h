// Ctrl-C and SIGTERM as a request that long work checks between steps.
#pragma once

/// Installs handlers for SIGINT and SIGTERM. A second signal ends the program at once.
void watch_stop_signals();

/// 0, or the number of the signal that arrived.
int stop_signal();
