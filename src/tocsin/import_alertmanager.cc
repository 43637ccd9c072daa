// `tocsin import alertmanager.yml`: reads the file, writes what was taken over.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "tocsin/alertmanager_import.h"
#include "tocsin/commands.h"

namespace tocsin {
namespace {

namespace fs = std::filesystem;

constexpr size_t kFileMax = 16 << 20;

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kFileMax + 1, '\0');
  if (!file || !(file.read(text.data(), static_cast<std::streamsize>(text.size())) || file.eof()))
    return fail(ErrorCode::kInvalid, fmt::format("reading {} failed: it cannot be read", path));
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > kFileMax)
    return fail(ErrorCode::kInvalid,
                fmt::format("reading {} failed: it is larger than {} bytes", path, kFileMax));
  return text;
}

// Never over a file that is there already.
Result<void> write_new(const fs::path& path, const std::string& text, mode_t mode) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  const auto refused = [&] {
    const std::string why =
        errno == EEXIST ? "it exists; remove it or choose another folder" : std::strerror(errno);
    return fail(ErrorCode::kInvalid, fmt::format("writing {} failed: {}", path.string(), why));
  };
  if (file < 0) return refused();
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t count = ::write(file, text.data() + done, text.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    done += static_cast<size_t>(count);
  }
  const bool good = done == text.size();
  if (::close(file) != 0 || !good) return refused();
  return {};
}

Result<void> write_all(const fs::path& folder, const ImportedConfig& made) {
  std::error_code error;
  fs::create_directories(made.secrets.empty() ? folder : folder / "secrets", error);
  if (error)
    return fail(ErrorCode::kInvalid,
                fmt::format("making the folder {} failed: {}", folder.string(), error.message()));
  for (const auto& [name, value] : made.secrets)
    if (auto done = write_new(folder / name, value + "\n", 0600); !done) return done;
  return write_new(folder / "alertmanager.yaml", made.yaml, 0644);
}

}  // namespace

int import_alertmanager(const ImportConfigOptions& options) {
  const auto text = read_file(options.file);
  if (!text) return failed(text.error());
  std::error_code error;
  const fs::path source = fs::absolute(options.file, error);
  const auto made =
      take_over_alertmanager({*text, source.filename().string(), source.parent_path().string()});
  if (!made) return failed(made.error());
  if (options.out.empty()) {
    std::fputs(made->yaml.c_str(), stdout);
    for (const auto& [name, value] : made->secrets)
      std::fprintf(stderr, "note: %s has to hold a secret of %s; --out writes it\n", name.c_str(),
                   options.file.c_str());
  } else if (auto done = write_all(options.out, *made); !done) {
    return failed(done.error());
  }
  for (const config::Problem& note : made->notes)
    std::fprintf(stderr, "note: %s: %s\n", note.place.file_line().c_str(), note.message.c_str());
  if (!options.out.empty())
    std::printf("%s/alertmanager.yaml is written, with %zu secrets beside it; %zu notes\n",
                options.out.c_str(), made->secrets.size(), made->notes.size());
  return 0;
}

}  // namespace tocsin
