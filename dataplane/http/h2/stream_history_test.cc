#include "dataplane/http/h2/stream_history.h"

#include <gtest/gtest.h>

namespace penstock::http::h2 {
namespace {

using Past = StreamHistory::Past;

TEST(StreamHistory, TellsWhatEndedFromWhatWeReset) {
  StreamHistory history;
  history.OnBegin(1);
  history.OnBegin(3);
  history.OnReset(3);
  EXPECT_EQ(history.Of(1), Past::kEnded);
  EXPECT_EQ(history.Of(3), Past::kReset);
  EXPECT_EQ(history.Of(5), Past::kNone);
}

TEST(StreamHistory, TellsWhatWasSkipped) {
  StreamHistory history;
  history.OnBegin(5);
  history.OnBegin(9);
  for (int32_t id : {1, 3, 7}) EXPECT_EQ(history.Of(id), Past::kSkipped) << id;
}

TEST(StreamHistory, KnowsWhatWasResetBeforeItBegan) {
  StreamHistory history;
  history.OnBegin(1);
  history.OnReset(3);
  EXPECT_EQ(history.Of(3), Past::kReset);
}

TEST(StreamHistory, SaysNothingAboutWhatItForgot) {
  StreamHistory history;
  int32_t last = 1 + 2 * static_cast<int32_t>(StreamHistory::kMost);
  for (int32_t id = 1; id <= last; id += 2) history.OnBegin(id);
  EXPECT_EQ(history.Of(1), Past::kNone);
  EXPECT_EQ(history.Of(last - 200), Past::kEnded) << "a hundred streams before";
  history.OnReset(1);
  EXPECT_EQ(history.Of(1), Past::kNone);
}

}  // namespace
}  // namespace penstock::http::h2
