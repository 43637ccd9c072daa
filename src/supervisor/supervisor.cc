#include "supervisor/supervisor.h"

#include <algorithm>
#include <tuple>

#include "supervisor/book.h"

namespace tocsin::supervisor {

bool more_urgent(const AlertView& a, const AlertView& b) {
  const bool a_open = a.state == AlertState::kOpen, b_open = b.state == AlertState::kOpen;
  if (a_open != b_open) return a_open;
  if (!a_open) return std::tie(b.resolved_at, b.id) < std::tie(a.resolved_at, a.id);
  return rank_of(a) < rank_of(b);
}

Supervisor::Supervisor(Options options, Routes routes, Counters& counters)
    : book_(std::make_unique<Book>(options, std::move(routes), counters)) {}
Supervisor::~Supervisor() = default;
Supervisor::Supervisor(Supervisor&&) noexcept = default;

Result<void> Supervisor::load(state::Database& database) { return book_->load(database); }
void Supervisor::save_open(ByteWriter& out) const { book_->save_open(out); }
Result<void> Supervisor::restore_open(ByteReader& in) { return book_->restore_open(in); }
Position Supervisor::applied() const { return book_->applied().at; }
void Supervisor::step(const Decision& decision, Changes& out) { book_->step(decision, out); }
void Supervisor::advance(TimeMs now, Changes& out) { book_->advance(now, out); }
TimeMs Supervisor::next_due() const { return book_->next_due(); }
Result<CommandDone> Supervisor::command(const Command& command, TimeMs now, Changes& out) {
  return book_->command(command, now, out);
}
ReportCounts Supervisor::report(const ReportedBatch& batch, TimeMs now, Changes& out) {
  return book_->report(batch, now, out);
}
void Supervisor::resume(TimeMs now) { book_->resume(now); }
std::optional<TimeMs> Supervisor::holds_until(const Id128& key) const {
  return book_->holds_until(key);
}
std::optional<Id128> Supervisor::reported_alert(const Id128& key) const {
  return book_->reported_alert(key);
}
void Supervisor::configure(Options options, Routes routes) {
  book_->configure(options, std::move(routes));
}
void Supervisor::set_escalation(std::shared_ptr<const EscalationRules> rules) {
  book_->set_escalation(std::move(rules));
}
void Supervisor::set_directory(std::shared_ptr<const Directory> directory) {
  book_->set_directory(std::move(directory));
}
void Supervisor::delivered(const Delivery& delivery, TimeMs now, Changes& out) {
  book_->advance(now, out);
  book_->delivered(delivery, out);
}
std::vector<EscalationNext> Supervisor::next(const Id128& id, size_t limit) const {
  return book_->next(id, limit);
}
EscalationPreview Supervisor::preview(const Labels& labels, Severity severity, TimeMs at,
                                      size_t limit) const {
  return book_->preview(labels, severity, at, limit);
}

std::vector<std::shared_ptr<const AlertView>> Supervisor::alerts(const AlertFilter& filter) const {
  std::vector<std::shared_ptr<const AlertView>> out;
  for (const auto& record : book_->alerts(filter)) out.emplace_back(record, &record->view);
  return out;
}

std::shared_ptr<const AlertView> Supervisor::find(const Id128& id) const {
  const auto record = book_->find(id);
  return record ? std::shared_ptr<const AlertView>(record, &record->view) : nullptr;
}

OpenAlertEnd KeptAlert::read() const {
  const std::shared_ptr<const AlertRecord> record = whole ? whole : packed.unpack(id);
  return {{record, &record->view}, ends};
}

std::vector<KeptAlert> Supervisor::open() const { return book_->open(); }

std::vector<Silence> Supervisor::silences() const { return book_->silences(); }
std::shared_ptr<const MaintenanceWindows> Supervisor::maintenance() const {
  return book_->maintenance();
}
size_t Supervisor::open_count() const { return book_->open_count(); }

}  // namespace tocsin::supervisor
