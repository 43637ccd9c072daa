#pragma once
// Inside of the room: the open alerts and what may happen to them. Records are immutable once
// published: a change makes a copy, so readers and the SQL writer share what they were given.

#include <deque>
#include <functional>
#include <set>
#include <tuple>
#include <unordered_map>

#include "supervisor/flapping.h"
#include "supervisor/grouping.h"
#include "supervisor/packed_record.h"
#include "supervisor/reported.h"
#include "supervisor/response_times.h"
#include "supervisor/supervisor.h"

namespace tocsin::supervisor {

// An id of what is kept by the time of its beginning: 48 bits of it, then 80 of the hash. Rows of
// alerts that open together then lie together.
Id128 id_in_order(TimeMs time, const Id128& hash);

class Supervisor::Book {
 public:
  Book(Options options, Routes routes, Counters& counters);

  Result<void> load(state::Database& database);
  void save_open(ByteWriter& out) const;
  Result<void> restore_open(ByteReader& in);
  void configure(Options options, Routes routes);
  void step(const Decision& decision, Changes& out);
  void advance(TimeMs now, Changes& out);
  TimeMs next_due() const;
  void set_escalation(std::shared_ptr<const EscalationRules> rules);
  void set_directory(std::shared_ptr<const Directory> directory);
  void delivered(const Delivery& delivery, Changes& out);
  std::vector<EscalationNext> next(const Id128& id, size_t limit) const;
  EscalationPreview preview(const Labels& labels, Severity severity, TimeMs at, size_t limit) const;
  Result<CommandDone> command(const Command& command, TimeMs now, Changes& out);
  ReportCounts report(const ReportedBatch& batch, TimeMs now, Changes& out);
  void resume(TimeMs now);
  std::optional<TimeMs> holds_until(const Id128& key) const;
  std::optional<Id128> reported_alert(const Id128& key) const;

  const Applied& applied() const { return applied_; }
  size_t open_count() const { return open_.size(); }
  std::shared_ptr<const AlertRecord> find(const Id128& id) const;
  // The most urgent ones that are wanted.
  std::vector<std::shared_ptr<const AlertRecord>> alerts(const AlertFilter& filter) const;
  std::vector<KeptAlert> open() const;
  std::vector<Silence> silences() const;
  std::shared_ptr<const MaintenanceWindows> maintenance() const { return options_.maintenance; }

 private:
  // In their order within an instant.
  enum class Due : uint8_t {
    kWindowBegins,  // before an end, so that nothing is told between two that meet
    kSilenceEnds,
    kShelfEnds,
    kFlapEnds,
    kSpeak,
    kAcknowledged,
    kEscalate,
    kUpdate,
    kRepeat,
    kGroup,
    kExpire
  };
  // With the id of an alert, a group or a silence, or the name of a window.
  using Timer = std::tuple<TimeMs, Due, Id128, std::string>;
  struct Armed {  // 0 = no such timer
    TimeMs speak, update, expire, escalate, acknowledged, repeat, shelf, flap;
    friend bool operator==(const Armed&, const Armed&) = default;
  };
  // An open alert: whole while somebody changes it, and as long as it must be; else packed.
  struct Slot {
    std::shared_ptr<AlertRecord> whole;  // null: packed
    PackedRecord packed;
    std::unique_ptr<Armed> armed;  // null: no timer
    bool fresh = false;            // copied within this call, not published yet
  };

  void take_up(AlertRecord record);
  static std::shared_ptr<const AlertRecord> record_of(const Id128& id, const Slot& slot);
  static AlertRank rank_of(const Id128& id, const Slot& slot);
  void put_away(Slot& slot);
  std::shared_ptr<const AlertRecord> open_record(const Id128& id) const;  // null if it is not open
  // A copy that may be changed until publish().
  AlertRecord& edit(const Id128& id);
  void publish(Changes& out);
  void note_history(AlertRecord& record, std::string_view what, std::string_view who,
                    std::string_view text, Changes& out);

  // Life (book.cc).
  bool seen(const Decision& decision) const;
  void mark_applied(const Decision& decision, Changes& out);
  void opened(const Decision& decision, Changes& out);
  void updated(AlertRecord& record, const Decision& decision, Changes& out);
  void judge(AlertRecord& record, const Decision& decision);
  void note_absence(AlertRecord& record, bool now_absent, Changes& out);
  void resolved(const Decision& decision, Changes& out);
  void close(const Id128& id, AlertState state, TimeMs time, std::string reason,
             std::string_view who, Changes& out);
  bool refuse_opening(const Decision& decision, Changes& out);
  void check_own_alert(TimeMs time, Changes& out);
  void insert(const Decision& decision, const Id128& id, std::string_view who, Changes& out);
  void forget_rule(const Id128& key, Changes& out);

  // Alerts that others tell of (reported_life.cc).
  Decision judged(const ReportedAlert& told, const std::string& source, const Id128& key,
                  TimeMs ends) const;
  TimeMs end_of(ReportedBatch::Holds holds, TimeMs now) const;
  void take(const ReportedAlert& told, const ReportedBatch& batch, TimeMs now, ReportCounts& counts,
            Changes& out);
  void open_reported(const ReportedAlert& told, const ReportedBatch& batch, const Id128& key,
                     TimeMs ends, ReportCounts& counts, Changes& out);
  void end_reported(const Id128& key, std::string reason, std::string_view who, Changes& out);
  void end_due_reported(TimeMs now, Changes& out);
  static bool opened_by_person(const AlertRecord& record);
  void reported_closed(const AlertRecord& record);
  void take_up_reported(const AlertRecord& record);

  // Covers and inhibition (covering.cc).
  bool inhibits() const { return !inhibit_.rules().rules.empty(); }
  std::optional<Id128> parent_of(const AlertRecord& record) const;
  bool covers(const AlertRecord& parent, const AlertRecord& child) const;
  void cover(const Id128& child, const Id128& parent, Changes& out);
  void cover_children(const Id128& parent, Changes& out);
  void release_children(const Id128& parent, TimeMs time, Changes& out);
  void release(const Id128& child, const AlertRecord& parent, TimeMs time, Changes& out);
  void labels_changed(const Id128& id, Changes& out);

  // Silences and maintenance windows (maintenance_book.cc).
  static constexpr std::string_view kByConfiguration = "configuration";
  bool windows_matter() const;
  void plan_windows(TimeMs now, Changes& out);
  void arm_window(const MaintenanceWindow& window, std::optional<calendar::Occurrence> occurrence);
  void window_begins(const std::string& name, TimeMs begin, Changes& out);
  bool begin_silence(Silence silence, Changes& out);
  void move_silence_end(Silence& silence, TimeMs until, std::string_view by, Changes& out);

  // Telling (telling.cc).
  void silence_if_matched(AlertRecord& record, Changes& out);
  void silence_alert(AlertRecord& record, Silence& silence, Changes& out);
  void end_silence(const std::string& id, const std::string& removed_by, Changes& out);
  void speak(AlertRecord& record, Changes& out);
  void unmuted(AlertRecord& record, std::string news, Changes& out);
  void tell_new_receivers(AlertRecord& record, Changes& out);
  // `news`: what is new, for those who are told of a change and not of a picture.
  void tell_update(AlertRecord& record, bool forced, Changes& out, std::string news = "");
  struct Words {
    std::string text;
    bool loud = false;
  };
  void tell(const AlertRecord& record, const std::set<std::string>& receivers, Event event,
            Changes& out, const Words& words);
  void tell(const AlertRecord& record, const std::set<std::string>& receivers, Event event,
            Changes& out) {
    tell(record, receivers, event, out, Words());
  }
  void hear(AlertRecord& record, const Telling& telling, std::set<std::string>& direct,
            Changes& out);
  void tell_routes(AlertRecord& record, Changes& out);
  void repeat(const Id128& id, Changes& out);
  void plan_repeat(AlertRecord& record);

  // Routes that tell nobody at times (hours.cc).
  std::vector<Telling> tellings(const AlertRecord& record) const;  // as of now
  bool heard(const AlertRecord& record, const Telling& telling) const;
  void keep_quiet(AlertRecord& record, const std::string& who, const std::string& route,
                  const Quiet& quiet, Changes& out);
  void tell_kept(AlertRecord& record, Changes& out);
  std::set<std::string> without_quiet(AlertRecord& record, bool timed_only);
  std::optional<TimeMs> quiet_until(const Group& group) const;
  std::vector<EscalationNext> next_kept(const AlertRecord& record) const;
  void plan_kept(Changes& out);
  DurationMs repeat_wait(const AlertRecord& record, uint32_t told) const;

  // Groups (grouping.cc).
  void join(AlertRecord& record, const Id128& key, GroupRecord fresh, DurationMs wait,
            const Repeat* repeat, Changes& out);
  void join_route(AlertRecord& record, const Telling& telling, Changes& out);
  bool join_storm(AlertRecord& record, const std::string& receiver, Changes& out);
  void member_over(const Id128& group, const std::shared_ptr<AlertRecord>& record, Changes& out);
  void group_news(const AlertRecord& record, const std::string& news);
  void schedule(Group& group, TimeMs due);
  void group_due(const Id128& id, Changes& out);
  size_t take_waiting(Group& group, std::vector<std::string>& names, Changes& out);
  void note_spoke(const Id128& id, const AlertRecord& record);
  void end_storm_if_calm(Group& group, bool& ended);
  bool repeat_group(Group& group);
  bool may_tell(const Group& group, const std::string& receiver) const;
  void say(Group& group, Event event, std::string text, Changes& out);
  void end_group(Group& group, Changes& out);
  std::shared_ptr<const GroupView> view_of(const Group& group) const;
  void settle_groups(Changes& out);
  void arm_group(Group& group);
  void publish_groups(Changes& out);
  Result<void> load_groups(state::Database& database);
  Result<void> load_members(Group& group, state::Database& database);
  Result<void> load_storms(state::Database& database);

  // Flapping (flapping.cc) and the shelf (commands.cc).
  bool held_open(AlertRecord& record, const Decision& decision, Changes& out);
  void begin_flapping(AlertRecord& record, size_t changes, Changes& out);
  void flap(AlertRecord& record, TimeMs time);
  void flap_due(const Id128& id, Changes& out);
  void unshelve(AlertRecord& record, std::string_view who, std::string_view why, Changes& out);

  // Escalation (escalation_book.cc).
  const Directory& directory() const;
  // Null: none, or its route tells nobody now.
  Policies::Ptr policy_of(const AlertRecord& record) const;
  void run_escalation(AlertRecord& record, const std::function<void(EscalationRun&)>& what,
                      Changes& out);
  void keep_escalation(AlertRecord& record, std::shared_ptr<const Escalation> state, Changes& out);
  int64_t call_out(AlertRecord& record, const EscalationCall& call, size_t index, Changes& out);
  void begin_escalation(AlertRecord& record, Changes& out);
  void raise_escalation(AlertRecord& record, Changes& out);
  void pause_escalation(AlertRecord& record, Changes& out);
  void resume_escalation(AlertRecord& record, Changes& out);
  void stop_escalation(AlertRecord& record, Changes& out);
  void escalate_due(const Id128& id, TimeMs due, Changes& out);
  void acknowledgement_ends(const Id128& id, Changes& out);
  void acknowledge_until(AlertRecord& record, TimeMs until, Changes& out);
  // One call for many (following.cc).
  bool may_lead(const Id128& id, const AlertRecord& record, const EscalationPolicy& policy) const;
  std::optional<Id128> leader_of(const AlertRecord& record, const EscalationPolicy& policy);
  void note_call(const AlertRecord& record, const EscalationPolicy& policy);
  void follow(AlertRecord& record, const Id128& leader, Policies::Ptr policy, Changes& out);
  static Id128 bundle_of(const AlertRecord& record);
  std::vector<Id128> followers_of(const AlertRecord& leader) const;
  void hand_over(const AlertRecord& leader, Changes& out);
  void lead(AlertRecord& record, Changes& out);
  bool falls_in(AlertRecord& record, Changes& out);
  void settle_calls(Changes& out);
  void load_bundles();
  std::vector<Id128> members_of(const Id128& group) const;
  Result<CommandDone> for_each(const std::vector<Id128>& alerts, std::string_view attempted,
                               const std::function<Result<CommandDone>(const Id128&)>& act) const;
  void note_response(AlertRecord& record, const std::string& by, Changes& out);
  void take_over(AlertRecord& record, const std::string& by, const std::string& note, Changes& out);

  // Timers (book.cc).
  void arm(TimeMs& armed, TimeMs due, Due kind, const Id128& id);
  void disarm(const Id128& id, TimeMs Armed::* which);
  void arm_all(const Id128& id, Slot& slot);
  void fire(const Timer& timer, Changes& out);
  void expire_or_rearm(const Id128& id, Changes& out);

  // Commands (commands.cc).
  Result<std::shared_ptr<const AlertRecord>> open_alert(const Id128& id,
                                                        std::string_view attempted) const;
  Result<CommandDone> run(const Acknowledge& c, const std::string& by, Changes& out);
  Result<CommandDone> run(const Unacknowledge& c, const std::string& by, Changes& out);
  Result<CommandDone> run(const Resolve& c, const std::string& by, Changes& out);
  Result<CommandDone> run(const AddNote& c, const std::string& by, Changes& out);
  Result<CommandDone> run(const Escalate& c, const std::string& by, Changes& out);
  Result<CommandDone> run(const Assign& c, const std::string& by, Changes& out);
  Result<CommandDone> run(const AddResponder& c, const std::string& by, Changes& out);
  Result<CommandDone> run(const Shelve& c, const std::string& by, Changes& out);
  Result<CommandDone> run(const Unshelve& c, const std::string& by, Changes& out);
  Result<CommandDone> run(const AddSilence& c, const std::string& by, Changes& out);
  Result<CommandDone> run(const MoveSilenceEnd& c, const std::string& by, Changes& out);
  Result<CommandDone> run(const RemoveSilence& c, const std::string& by, Changes& out);
  Result<CommandDone> run(const OpenAlert& c, const std::string& by, Changes& out);
  CommandDone done(const Id128& id) const;
  // Of open alerts, by the time they opened: no order of a hash table may show.
  std::vector<Id128> open_ids(const std::function<bool(const AlertRecord&)>& wanted) const;

  Options options_;
  Routes routes_;
  std::shared_ptr<const EscalationRules> rules_;  // null: no policies
  std::shared_ptr<const Directory> directory_;    // null: nobody
  Counter& opened_total_;
  Counter& refused_total_;
  Counter& planned_total_;
  Counter& grouped_total_;
  Counter& storm_total_;
  Gauge& open_gauge_;
  ResponseTimes response_times_;

  std::unordered_map<Id128, Slot> open_;
  RecordPacker packer_;
  std::unordered_map<Id128, Id128> open_by_key_;
  std::unordered_map<std::string, std::vector<Id128>> by_scope_;  // open ones, as they opened
  std::unordered_map<Id128, Id128> held_;  // key -> alert closed by a person while its rule holds
  std::deque<std::shared_ptr<AlertRecord>> recent_;  // closed ones, newest last
  std::map<std::string, Silence> silences_;          // that have not ended
  std::set<Timer> timers_;
  bool windows_planned_ = true;                  // false: the next advance() does
  bool kept_planned_ = true;                     // the same, of what routes kept quiet
  std::map<std::string, TimeMs> windows_armed_;  // by name: when its next occurrence begins
  // Silences of occurrences that ended, before their time perhaps: they do not begin again.
  std::map<std::string, TimeMs> windows_over_;  // id -> its begin
  InhibitIndex inhibit_;
  FlapWatch flaps_;
  std::map<Id128, Group> groups_;                  // that have not ended
  std::unordered_map<Id128, Id128> group_by_key_;  // of those that take members
  std::map<std::string, StormWatch> storms_;       // by receiver
  std::set<Id128> groups_changed_;                 // in this call
  struct Burst {
    StormWatch begun;
    Id128 leader;  // the latest
  };
  std::map<std::string, Burst> bursts_;  // of calls, by policy
  struct Bundle {
    Id128 leader;
    std::set<Id128> followers;  // those that have left it are among them until it ends
  };
  std::unordered_map<Id128, Bundle> bundles_;
  std::vector<std::shared_ptr<const AlertRecord>> handing_over_;  // in this call
  Reported reported_;
  int64_t reported_opened_ = 0;  // of this run: two openings of one key within a millisecond differ
  std::vector<Id128> edited_;    // in this call, in the order of their first change
  Applied applied_;
  int64_t next_delivery_ = 1;
  TimeMs now_ = kTimeMin;
  TimeMs advancing_to_ = kTimeMin;  // what advance() was called with
};

}  // namespace tocsin::supervisor
