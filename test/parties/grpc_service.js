// The service that the gRPC parties speak: messages are bytes, so that no code is generated.
const same = (buffer) => buffer;
const bytes = { requestSerialize: same, requestDeserialize: same, responseSerialize: same, responseDeserialize: same };

const method = (name, requestStream, responseStream) => ({
  path: `/penstock.parties.Echo/${name}`, requestStream, responseStream, ...bytes,
});

// Unary gives the message back, ServerStream one message for each byte of it, ClientStream all of them as one, Bidi each
// one as it comes, Collect all as one and not even a head before, Fail the status whose number it is told, Sleep nothing
// before its deadline. Turn makes the service's health what it is told.
module.exports = {
  Unary: method('Unary', false, false),
  ServerStream: method('ServerStream', false, true),
  ClientStream: method('ClientStream', true, false),
  Bidi: method('Bidi', true, true),
  Collect: method('Collect', true, false),
  Fail: method('Fail', false, false),
  Sleep: method('Sleep', false, false),
  Turn: method('Turn', false, false),
};
