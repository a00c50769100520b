// A WebSocket server of the package ws at PORT. Echoes; obeys a few words; tells of closes on standard output.
// Its /events are server-sent: whatever a socket said with "tell".
const http = require('http');
const { WebSocketServer } = require('ws');

const listeners = [];
const server = http.createServer((request, response) => {
  if (request.url === '/events') {
    listeners.push(response);
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    return;
  }
  // Who comes here did not ask for a WebSocket as far as this side can see.
  response.writeHead(426, { 'content-type': 'text/plain' }).end('upgrade: ' + (request.headers.upgrade || 'none'));
});
const sockets = new WebSocketServer({
  server,
  maxPayload: 64 << 20,
  perMessageDeflate: true,
  handleProtocols: (offered) => (offered.has('chat') ? 'chat' : false),
});

sockets.on('connection', (socket, request) => {
  socket.on('message', (data, isBinary) => {
    const words = isBinary ? [] : data.toString().split(' ');
    if (words[0] === 'close') return socket.close(Number(words[1]), words[2]);
    if (words[0] === 'terminate') return socket.terminate();
    if (words[0] === 'tell') listeners.forEach((listener) => listener.write(`data: ${words[1]}\n\n`));
    if (words[0] === 'headers') return socket.send(JSON.stringify(request.headers));
    if (words[0] === 'ping') return socket.ping(words[1]);
    socket.send(data, { binary: isBinary });
  });
  socket.on('pong', (data) => socket.send('pong ' + data));
  socket.on('close', (code, reason) => console.log(JSON.stringify({ close: code, reason: reason.toString() })));
  socket.on('error', (error) => console.log(JSON.stringify({ error: error.code })));
});
server.listen(Number(process.argv[2]), '127.0.0.1', () => console.log('ready'));
