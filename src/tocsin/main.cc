#include "tocsin/cli.h"

int main(int argc, char** argv) { return tocsin::run_command_line(argc, argv); }
