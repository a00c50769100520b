// Serves the service of grpc_service.js with the package @grpc/grpc-js, and says of its health what it is told with
// grpc-health-check: node grpc_server.js [CERTIFICATE KEY]. Prints its port, then a line for each Sleep that was cancelled.
const fs = require('fs');
const grpc = require('@grpc/grpc-js');
const { HealthImplementation } = require('grpc-health-check');
const service = require('./grpc_service.js');

const [certificate, key] = process.argv.slice(2);
const kMost = 8 << 20;

// What the caller sent as x-echo and x-echo-bin comes back, in the head and, behind the answer, in the trailers.
function echoMetadata(call) {
  const head = new grpc.Metadata();
  const tail = new grpc.Metadata();
  for (const value of call.metadata.get('x-echo')) head.set('x-echo', value);
  for (const value of call.metadata.get('x-echo-bin')) tail.set('x-echo-bin', value);
  call.sendMetadata(head);
  return tail;
}

const health = new HealthImplementation({ '': 'SERVING', 'penstock.parties.Echo': 'SERVING' });

const handlers = {
  Turn(call, done) {
    health.setStatus('penstock.parties.Echo', call.request.toString());
    done(null, call.request);
  },
  Unary(call, done) {
    done(null, call.request, echoMetadata(call));
  },
  ServerStream(call) {
    const tail = echoMetadata(call);
    for (const byte of call.request) call.write(Buffer.from([byte]));
    call.end(tail);
  },
  ClientStream(call, done) {
    const tail = echoMetadata(call);
    const parts = [];
    call.on('data', (message) => parts.push(message));
    call.on('end', () => done(null, Buffer.concat(parts), tail));
  },
  Bidi(call) {
    const tail = echoMetadata(call);
    call.on('data', (message) => call.write(message));
    call.on('end', () => call.end(tail));
  },
  Collect(call, done) {
    const parts = [];
    call.on('data', (message) => parts.push(message));
    call.on('end', () => done(null, Buffer.concat(parts)));
  },
  Fail(call, done) {
    done({ code: Number(call.request.toString()), details: 'as asked, \u00fc' });
  },
  Sleep(call) {
    echoMetadata(call);
    call.on('cancelled', () => console.log('cancelled'));
  },
};

const server = new grpc.Server({ 'grpc.max_receive_message_length': kMost, 'grpc.max_send_message_length': kMost });
server.addService(service, handlers);
health.addToServer(server);
const credentials = certificate
  ? grpc.ServerCredentials.createSsl(null, [{ cert_chain: fs.readFileSync(certificate), private_key: fs.readFileSync(key) }])
  : grpc.ServerCredentials.createInsecure();
server.bindAsync('127.0.0.1:0', credentials, (error, port) => {
  if (error) throw error;
  console.log(port);
});
