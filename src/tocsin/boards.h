#pragma once
// Section `boards`: read from files, checked as a whole, PromQL included.

#include <memory>

#include "config/folder.h"
#include "server/boards.h"

namespace tocsin {

// Bounded: kBoardsMax boards of at most kBoardPanelsMax panels and kPanelQueriesMax queries each.
inline constexpr size_t kBoardsMax = 500;
inline constexpr size_t kBoardPanelsMax = 200;
inline constexpr size_t kPanelQueriesMax = 20;

std::shared_ptr<const server::BoardList> read_boards(const config::Folder& folder,
                                                     config::Problems& problems);
void describe_boards(config::Reference& reference);

}  // namespace tocsin
