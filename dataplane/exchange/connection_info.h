#pragma once

#include <string>

namespace penstock {

// What is known of a client's connection besides its addresses; empty where there is no TLS. Outlives the connection's
// exchanges.
struct ConnectionInfo {
  std::string tls_version;  // "TLSv1.3"
  std::string tls_cipher;   // as IANA names it
  std::string server_name;  // SNI, lower case; "" none was sent
  std::string alpn;         // "h2", "http/1.1"; "" nothing was agreed on
  // Who the verified client certificate says it is: its first URI, else DNS name, else e-mail address, else subject; ""
  // if there is none.
  std::string client_identity;
  // Whose handshake it was: the listener that the server name chose. What the connection proved counts for it only.
  std::string listener;
  std::string client_policy;  // what that listener asked clients to prove then (tls::ServerContext::client_policy)
};

}  // namespace penstock
