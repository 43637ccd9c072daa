#pragma once
// The command line: reads it, calls the command, gives the exit status (0 fine, 1 failed, 2 usage).

namespace tocsin {

int run_command_line(int argc, char** argv);

}  // namespace tocsin
