// Which log it is: what people call it, and where its thread counts.
#pragma once

#include "dataplane/telemetry/stats/cells.h"

namespace penstock::telemetry {

struct LogKind {
  const char* name;
  const char* flag;
  int mode;  // of its file
  const char* lost;
  const char* written_again;
  const char* not_reopened;
  const char* reopened;
  const char* cut_off;
  Counter WorkerCells::* drops;
  Counter ProcessCells::* bytes;
  Counter ProcessCells::* write_failures;
};
inline constexpr LogKind kAccessLog = {
    .name = "access log",
    .flag = "--access-log",
    .mode = 0640,
    .lost = "the access log cannot be written; lines are lost once the buffers are full",
    .written_again = "the access log is written again",
    .not_reopened = "the access log cannot be opened again; lines go on into the old file",
    .reopened = "the access log is open again",
    .cut_off = "the access log did not take its last lines",
    .drops = &WorkerCells::log_drops,
    .bytes = &ProcessCells::log_bytes,
    .write_failures = &ProcessCells::log_write_failures};
inline constexpr LogKind kAuditLog = {
    .name = "audit log",
    .flag = "--audit-log",
    .mode = 0600,
    .lost = "the audit log cannot be written; refusals go unrecorded once the buffers are full",
    .written_again = "the audit log is written again",
    .not_reopened = "the audit log cannot be opened again; lines go on into the old file",
    .reopened = "the audit log is open again",
    .cut_off = "the audit log did not take its last lines",
    .drops = &WorkerCells::audit_drops,
    .bytes = &ProcessCells::audit_bytes,
    .write_failures = &ProcessCells::audit_write_failures};

}  // namespace penstock::telemetry
