// Plays one scene as a client of the package ws: node ws_client.js SCENE URL [http2]. Prints what it saw as one line of JSON.
const crypto = require('crypto');
const { once } = require('events');
const http = require('http');
const http2 = require('http2');
const readline = require('readline');
const WebSocket = require('ws');

const [scene, url, version] = process.argv.slice(2);

async function openHttp1(protocols, options) {
  const socket = new WebSocket(url, protocols, options);
  await once(socket, 'open');
  return socket;
}

// RFC 8441: all on one connection, each on a stream of node's own client of HTTP/2.
let session = null;
async function connect(protocols = []) {
  if (session === null) {
    session = http2.connect(url.replace('ws:', 'http:'));
    await once(session, 'remoteSettings');
  }
  if (!session.remoteSettings.enableConnectProtocol) throw new Error('extended CONNECT was not offered');
  const request = { ':method': 'CONNECT', ':protocol': 'websocket', ':path': new URL(url).pathname, 'sec-websocket-version': '13' };
  if (protocols.length) request['sec-websocket-protocol'] = protocols.join(', ');
  const stream = session.request(request);
  const [answer] = await once(stream, 'response');
  return { stream, answer };
}

// The package makes HTTP/1.1's handshake only: it is given what comes behind one.
async function openHttp2(protocols, options) {
  const { stream, answer } = await connect(protocols);
  if (answer[':status'] !== 200) throw new Error(`answered ${answer[':status']}`);
  const socket = new WebSocket(null, undefined, { autoPong: true });
  socket._isServer = false;
  socket._protocol = answer['sec-websocket-protocol'] || '';
  socket.setSocket(stream, Buffer.alloc(0), { maxPayload: 64 << 20, allowSynchronousEvents: true, ...options });
  return socket;
}

const open = version === 'http2' ? openHttp2 : openHttp1;

async function ask(socket, message, options) {
  const answer = once(socket, 'message');
  socket.send(message, options);
  const [data, isBinary] = await answer;
  return { data, isBinary };
}

async function closed(socket) {
  const [code, reason] = await once(socket, 'close');
  return { code, reason: reason.toString() };
}

// Server-sent events of the same gateway: `last` is the newest one's data.
async function events() {
  const [response] = await once(http.get(url.replace('ws:', 'http:').replace('/ws', '/events')), 'response');
  const stream = { response, last: '' };
  let text = '';
  response.setEncoding('utf8').on('data', (piece) => {
    text += piece;
    const lines = text.split('\n\n');
    text = lines.pop();
    if (lines.length) stream.last = lines.pop().replace('data: ', '');
  });
  stream.until = async (data) => {
    while (stream.last !== data) await once(response, 'data');
  };
  return stream;
}

const scenes = {
  async talk() {
    const socket = await open(['chat'], { perMessageDeflate: true });
    const headers = JSON.parse((await ask(socket, 'headers')).data);
    const text = (await ask(socket, 'h\u00e9llo')).data.toString();
    const binary = await ask(socket, Buffer.from([0, 255, 1]));
    const fragments = once(socket, 'message');
    for (const [part, fin] of [['a', false], ['b', false], ['c', true]]) socket.send(part, { fin });
    const whole = (await fragments)[0].toString();
    const pong = once(socket, 'pong');
    socket.ping('are you there');
    const ponged = (await pong)[0].toString();
    const pinged = (await ask(socket, 'ping me')).data.toString();
    const end = closed(socket);
    socket.close(1000, 'done');
    return {
      protocol: socket.protocol, extensions: socket.extensions, headers, text, whole, ponged, pinged,
      binary: [...binary.data], isBinary: binary.isBinary, end: await end,
    };
  },

  async large() {
    const socket = await open([], { perMessageDeflate: false, maxPayload: 64 << 20 });
    const message = crypto.randomBytes(16 << 20);
    const { data } = await ask(socket, message);
    socket.close();
    await closed(socket);
    return { same: message.equals(data), size: data.length };
  },

  async many() {
    const socket = await open();
    for (let i = 0; i < 2000; ++i) {
      const { data } = await ask(socket, 'message ' + i);
      if (data.toString() !== 'message ' + i) return { wrong: data.toString() };
    }
    // And all at once: in order, none lost.
    const answers = [];
    const all = new Promise((resolve) => socket.on('message', (data) => {
      answers.push(data.toString());
      if (answers.length === 2000) resolve();
    }));
    for (let i = 0; i < 2000; ++i) socket.send('burst ' + i);
    await all;
    socket.close();
    await closed(socket);
    return { inOrder: answers.every((answer, i) => answer === 'burst ' + i) };
  },

  async closes() {
    const ends = [];
    for (const words of ['close 1000 bye', 'close 1013 later', 'close 4001 own', 'terminate']) {
      const socket = await open();
      socket.on('error', () => {});
      const end = closed(socket);
      socket.send(words);
      ends.push(await end);
    }
    for (const code of [1000, 1001, 4999]) {
      const socket = await open();
      const end = closed(socket);
      socket.close(code, 'from client');
      ends.push(await end);
    }
    return ends;
  },

  async refused() {
    if (version === 'http2') {
      const { answer } = await connect();
      return { status: answer[':status'], body: '' };
    }
    const socket = new WebSocket(url);
    socket.on('error', () => {});
    const [, response] = await once(socket, 'unexpected-response');
    let body = '';
    for await (const piece of response) body += piece;
    return { status: response.statusCode, body };
  },

  // Many that live on: with each line of standard input every socket and every stream of events is used once.
  async live() {
    const sockets = await Promise.all(Array.from({ length: 40 }, () => open()));
    const streams = await Promise.all(Array.from({ length: 10 }, events));
    console.log(JSON.stringify({ open: sockets.length + streams.length }));
    for await (const word of readline.createInterface({ input: process.stdin })) {
      const answers = await Promise.all(sockets.map((socket) => ask(socket, word)));
      const told = streams.map((stream) => stream.until(word));
      sockets[0].send('tell ' + word);
      await Promise.all(told);
      console.log(JSON.stringify({ said: word, same: answers.every(({ data }) => data.toString() === word) }));
    }
    const ends = sockets.map(closed);
    sockets.forEach((socket) => socket.close(1000));
    streams.forEach((stream) => stream.response.socket.resetAndDestroy());
    return { codes: [...new Set((await Promise.all(ends)).map(({ code }) => code))] };
  },

  // Says that it is open, then waits for its end; every answer is written down.
  async wait() {
    const socket = await open();
    const answer = (await ask(socket, 'hello')).data.toString();
    console.log(JSON.stringify({ open: answer }));
    socket.on('error', () => {});
    return closed(socket);
  },
};

scenes[scene]().then(async (seen) => {
  console.log(JSON.stringify(seen));
  if (session) await new Promise((done) => session.close(done)); // what is written is sent before
  process.exit(0);
});
