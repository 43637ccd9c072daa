#include "respond/inbox.h"

#include <algorithm>
#include <array>

#include "respond/mail.h"
#include "respond/slack.h"
#include "respond/webhook.h"

namespace tocsin::respond {
namespace {

constexpr std::array<state::Migration, 1> kMigrations{{{1, "respond", R"(
  CREATE TABLE respond_inbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    time INTEGER NOT NULL,        -- unix milliseconds
    receiver TEXT NOT NULL,
    kind TEXT NOT NULL,
    event TEXT NOT NULL,
    alert TEXT NOT NULL,
    title TEXT NOT NULL,
    url TEXT NOT NULL,
    content_type TEXT NOT NULL,
    headers TEXT NOT NULL,        -- "Name: value" lines
    body TEXT NOT NULL,
    text TEXT NOT NULL,
    html TEXT NOT NULL
  ) STRICT;
)"}}};

std::string header_lines(const InboxMessage& message) {
  std::string out;
  for (const auto& [name, value] : message.headers) out += name + ": " + value + "\n";
  return out;
}

std::vector<std::pair<std::string, std::string>> parse_header_lines(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> out;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    const size_t colon = line.find(": ");
    if (colon != std::string_view::npos)
      out.emplace_back(line.substr(0, colon), line.substr(colon + 2));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

InboxMessage message_for(const Notice& notice, std::string kind) {
  InboxMessage out;
  out.time = notice.time;
  out.receiver = notice.receiver;
  out.kind = std::move(kind);
  out.event = to_text(notice.event);
  out.alert = notice.alert->id;
  out.title = sentence(notice);
  return out;
}

InboxMessage from_request(const Notice& notice, std::string kind, const net::HttpRequest& request) {
  InboxMessage out = message_for(notice, std::move(kind));
  out.url = request.url;
  out.body = request.body;
  out.content_type = request.headers.get("Content-Type");
  for (const auto& [name, value] : request.headers.pairs())
    out.headers.emplace_back(name, name == "Authorization" ? "Bearer (your token)" : value);
  return out;
}

InboxMessage slack_example(const Links& links, const Notice& notice) {
  SlackTarget target;
  target.api_url = "https://slack.com/api";
  target.channel = "C0ALERTS";
  target.token = Secret("token");
  // What chat.postMessage would have answered to the opening.
  const SlackMessage posted{target.channel,
                            std::to_string(notice.alert->opened_at.ms / 1000) + ".000100"};
  const bool first = notice.event == Event::kOpened || notice.event == Event::kTest;
  const auto request = slack_request(target, links, notice, first ? SlackMessage{} : posted);
  return from_request(notice, "slack", *request);  // with a token and a message never empty
}

InboxMessage webhook_example(const Links& links, const Notice& notice) {
  WebhookTarget target;
  target.url = "https://hooks.example.com/tocsin";
  target.signing_key = Secret("example");
  return from_request(notice, "webhook", webhook_request(target, links, notice));
}

InboxMessage mail_example(const Links& links, const Notice& notice) {
  MailTarget target;
  target.from = "tocsin@example.com";
  target.from_name = "Tocsin";
  target.to = {"on-call@example.com"};
  InboxMessage out = message_for(notice, "mail");
  out.url = "mailto:" + target.to.front();
  out.content_type = "message/rfc822";
  out.body = mail_message(target, links, notice);
  out.text = mail_text(links, notice);
  out.html = mail_html(links, notice);
  return out;
}

InboxMessage read_row(const state::Row& row) {
  InboxMessage out;
  out.id = row.get<int64_t>(0);
  out.time = row.get<TimeMs>(1);
  out.receiver = row.get<std::string>(2);
  out.kind = row.get<std::string>(3);
  out.event = row.get<std::string>(4);
  out.alert = row.get<Id128>(5);
  out.title = row.get<std::string>(6);
  out.url = row.get<std::string>(7);
  out.content_type = row.get<std::string>(8);
  out.headers = parse_header_lines(row.get<std::string>(9));
  out.body = row.get<std::string>(10);
  out.text = row.get<std::string>(11);
  out.html = row.get<std::string>(12);
  return out;
}

}  // namespace

TargetPtr InboxTarget::read(config::MapReader&, const SecretSources&) {
  return std::make_shared<InboxTarget>();
}

void InboxTarget::deliver(const Way& way, const Message& message, Done done) const {
  Links links = message.links;
  links.signer = nullptr;  // whoever may look at the inbox may not act by it
  for (InboxMessage& each : inbox_messages(links, message.notice)) way.keep(std::move(each));
  done(end(Outcome::kSent, "kept").result);
}

std::vector<InboxMessage> inbox_messages(const Links& links, const Notice& notice) {
  std::vector<InboxMessage> out;
  out.push_back(slack_example(links, notice));
  if (notice.event == Event::kUpdated) return out;
  out.push_back(mail_example(links, notice));
  out.push_back(webhook_example(links, notice));
  return out;
}

std::span<const state::Migration> inbox_migrations() { return kMigrations; }

Result<void> keep(state::Transaction& transaction, std::span<const InboxMessage> messages) {
  for (const InboxMessage& each : messages) {
    const auto added = transaction.execute(
        "INSERT INTO respond_inbox (time, receiver, kind, event, alert, title, url, content_type,"
        " headers, body, text, html) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        {each.time, each.receiver, each.kind, each.event, each.alert, each.title, each.url,
         each.content_type, header_lines(each), each.body, each.text, each.html});
    if (!added) return fail(added.error());
  }
  const auto removed = transaction.execute(
      "DELETE FROM respond_inbox WHERE id <= (SELECT max(id) FROM respond_inbox) - ?", {kInboxMax});
  if (!removed) return fail(removed.error());
  return {};
}

Result<std::vector<InboxMessage>> list_inbox(state::Database& database, int64_t limit) {
  std::vector<InboxMessage> out;
  const auto read = database.query(
      "SELECT id, time, receiver, kind, event, alert, title, url, content_type, headers, body,"
      " text, html FROM respond_inbox ORDER BY id DESC LIMIT ?",
      {std::clamp<int64_t>(limit, 0, kInboxMax)},
      [&](const state::Row& row) { out.push_back(read_row(row)); });
  if (!read) return fail(read.error());
  return out;
}

}  // namespace tocsin::respond
