#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/http/h2/client_connection.h"
#include "dataplane/http/h2/testing.h"

namespace penstock::http::h2::testing {

// A stream of a client that writes down what happens.
struct TestResponse final : ResponseStream {
  ResponseHead head;
  Headers trailers;
  Arena arena;
  Error malformed = Error::kNone;
  std::string content;
  // In order: "100", "head", "end", "trailers", "malformed", "refused", "reset N".
  std::vector<std::string> events;

  ResponseHead& Head() override { return head; }
  Headers& Trailers() override { return trailers; }
  Arena& Text() override { return arena; }
  void OnInformational() override;
  void OnHead() override { events.push_back("head"); }
  void OnContent(Chunk bytes) override { content += bytes.view(); }
  void OnEnd(bool has_trailers) override { events.push_back(has_trailers ? "trailers" : "end"); }
  void OnTaken() override {}
  void OnRefused() override { events.push_back("refused"); }
  void OnReset(ErrorCode code) override;
  void OnMalformed(Error why) override;

  bool Saw(std::string_view event) const;
};

// A client whose time stands still, and everything that it was told and has said.
class TestClient final : public ClientConnection::Events {
 public:
  explicit TestClient(const ClientLimits& limits = {});
  ~TestClient();

  // A request of "/" at a.test; END: without content.
  TestResponse& Ask(Method method = Method::kGet, bool end = true);
  TestResponse& Ask(const RequestHead& head, bool end);
  // An empty SETTINGS of the server and its answer to ours, and whatever it sends with them.
  void Greet(std::string_view settings = "");
  // Gives the client BYTES, and takes what it sends.
  void Receive(std::string_view bytes);
  // Takes what it sends.
  void Flush();

  // Everything that was sent and not taken by this yet, without the preface.
  std::vector<Frame> TakeSent();
  // The same as bytes, with the preface.
  std::string TakeBytes();
  // The code of the last GOAWAY, or of the last RST_STREAM of STREAM, among all that TakeSent gave; -1: none.
  int GoawayCode() const { return goaway_; }
  int ResetCode(uint32_t stream) const;
  // The content that was sent on STREAM, of what TakeSent would give.
  std::string SentContent(uint32_t stream);

  FakeClock clock;
  BlockPool blocks;
  int goaways = 0;
  int pongs = 0;
  std::unique_ptr<ClientConnection> connection;

 private:
  void OnGoaway() override { ++goaways; }
  void OnSettings() override {}
  void OnPong() override { ++pongs; }

  std::vector<std::unique_ptr<TestResponse>> streams_;
  std::string sent_;
  bool had_preface_ = false;
  int goaway_ = -1;
  std::vector<std::pair<uint32_t, int>> resets_;
};

// A request of "/" at a.test as it is forwarded.
void FillRequest(RequestHead& head, Method method = Method::kGet);

}  // namespace penstock::http::h2::testing
