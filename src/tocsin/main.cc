#include "tocsin/cli.h"

// How jemalloc is set up, unless MALLOC_CONF says otherwise. A batch is received by one thread,
// kept by another and freed by a third, and a checkpoint needs tens of MB for a moment: with the
// standard (4 arenas per core, freed pages kept for 10 s) a third of the resident memory was such
// pages.
extern "C" {
const char* malloc_conf = "narenas:2,dirty_decay_ms:250,muzzy_decay_ms:0,background_thread:true";
}

int main(int argc, char** argv) { return tocsin::run_command_line(argc, argv); }
