// Holds many streams open, with the packages ws and @grpc/grpc-js: node streams_client.js SOCKETS WS-URL CALLS GRPC-TARGET
// PERIOD-MS. Every stream sends a numbered message each period and compares what comes back. Obeys words on standard input,
// each answered by a line of JSON: "count"; "round": one more message on each, all echoed; "end": all are ended in order.
const { once } = require('events');
const readline = require('readline');
const grpc = require('@grpc/grpc-js');
const WebSocket = require('ws');
const service = require('./grpc_service.js');

const [sockets, url, calls, target, period] = process.argv.slice(2);
const kCallsPerConnection = 50;
const Client = grpc.makeGenericClientConstructor(service, 'Echo');
const streams = [];
const broken = [];

// What all streams have in common: messages "1", "2", ... each of which must come back before the next is sent.
class Stream {
  constructor(kind) {
    Object.assign(this, { kind, sent: 0, back: 0, ended: false, broken: false, waiting: null, came: () => {} });
    streams.push(this);
  }
  // Sends the next message; true when it has come back (at once if the peer only collects).
  async echo() {
    while (this.sent !== this.back && !this.broken) await this.waiting;
    if (this.broken) return;
    const came = new Promise((resolve) => { this.came = resolve; });
    this.waiting = came;
    this.send(String(++this.sent));
    await came;
  }
  take(message) {
    if (String(message) !== String(this.back + 1)) this.fail(`"${message}" came after ${this.back}`);
    ++this.back;
    this.came();
  }
  fail(why) {
    if (this.ended) return;
    this.broken = true;
    broken.push(`${this.kind}: ${why}`);
    this.came();
  }
}

class Socket extends Stream {
  async open() {
    this.socket = new WebSocket(url, { perMessageDeflate: false });
    this.socket.on('message', (data) => this.take(data));
    this.socket.on('close', (code) => this.fail(`closed with ${code}`));
    this.socket.on('error', (error) => this.fail(error.message));
    await once(this.socket, 'open');
  }
  send(message) { this.socket.send(message); }
  async end() {
    const closed = once(this.socket, 'close');
    this.ended = true;
    this.socket.close(1000);
    const [code] = await closed;
    if (code !== 1000) broken.push(`websocket: the Close was answered with ${code}`);
  }
}

// Both directions of one call.
class Bidi extends Stream {
  async open(client) {
    this.call = client.Bidi();
    this.call.on('data', (message) => this.take(message));
    this.status = new Promise((resolve) => this.call.on('status', resolve));
    this.call.on('status', (status) => this.fail(`status ${status.code} ${status.details}`));
    this.call.on('error', () => {});
  }
  send(message) { this.call.write(Buffer.from(message)); }
  async end() {
    this.ended = true;
    this.call.end();
    const status = await this.status;
    if (status.code !== 0) broken.push(`bidi: ended with ${status.code} ${status.details}`);
  }
}

// One direction; the response, its head included, comes when all was sent.
class Upload extends Stream {
  async open(client) {
    this.answer = new Promise((resolve) => {
      this.call = client.Collect((error, message) => {
        if (error) this.fail(error.message);
        resolve(error ? error.message : message.toString());
      });
    });
    this.all = '';
  }
  send(message) {
    this.all += message;
    this.call.write(Buffer.from(message), () => this.take(message));
  }
  async end() {
    this.ended = true;
    this.call.end();
    const answer = await this.answer;
    if (answer !== this.all) broken.push(`upload: answered with "${answer.slice(0, 80)}"`);
  }
}

function state() {
  const of = (kind) => streams.filter((stream) => stream.kind === kind);
  const echoes = (kind) => of(kind).reduce((sum, stream) => sum + stream.back, 0);
  const fewest = (kind) => of(kind).reduce((least, stream) => Math.min(least, stream.back), Infinity);
  const kinds = ['websocket', 'bidi', 'upload'];
  return {
    open: streams.length, broken: broken.length, why: [...new Set(broken)].slice(0, 5),
    echoes: Object.fromEntries(kinds.map((kind) => [kind, echoes(kind)])),
    fewest: Object.fromEntries(kinds.map((kind) => [kind, fewest(kind)])),
  };
}

async function inTurn(list, width, work) {
  const rest = [...list];
  await Promise.all(Array.from({ length: width }, async () => {
    while (rest.length) await work(rest.pop());
  }));
}

async function main() {
  const clients = [];
  for (let i = 0; i < Number(sockets); ++i) new Socket('websocket');
  for (let i = 0; i < Number(calls); ++i) new (i % 2 ? Bidi : Upload)(i % 2 ? 'bidi' : 'upload');
  let opened = 0;
  await inTurn(streams, 20, async (stream) => {
    if (stream instanceof Socket) return stream.open();
    if (opened++ % kCallsPerConnection === 0) {
      clients.push(new Client(target, grpc.credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 }));
    }
    return stream.open(clients[clients.length - 1]);
  });
  await inTurn(streams, 50, (stream) => stream.echo());
  console.log(JSON.stringify(state()));

  // Spread over the period, so that no moment is busier than another.
  let turn = 0;
  const each = Math.max(1, Math.floor(Number(period) / 100));
  const timer = setInterval(() => {
    for (let i = turn++ % each; i < streams.length; i += each) if (streams[i].sent === streams[i].back) streams[i].echo();
  }, 100);
  for await (const word of readline.createInterface({ input: process.stdin })) {
    if (word === 'round') await inTurn(streams, 50, (stream) => stream.echo());
    if (word === 'end') {
      clearInterval(timer);
      await inTurn(streams, 50, (stream) => stream.echo());
      await inTurn(streams.filter((stream) => !stream.broken), 50, (stream) => stream.end());
    }
    console.log(JSON.stringify(state()));
    if (word === 'end') break;
  }
  clients.forEach((client) => client.close());
  process.exit(0);
}

main();
