// Plays one scene as a client of the package @grpc/grpc-js: node grpc_client.js SCENE HOST:PORT [CA NAME]. With a CA it
// speaks TLS and expects a certificate for NAME. Prints what it saw as one line of JSON.
const { once } = require('events');
const fs = require('fs');
const grpc = require('@grpc/grpc-js');
const { service: healthService } = require('grpc-health-check');
const service = require('./grpc_service.js');

const [scene, target, ca, name] = process.argv.slice(2);
const kMost = 8 << 20;
const credentials = ca ? grpc.credentials.createSsl(fs.readFileSync(ca)) : grpc.credentials.createInsecure();
const options = { 'grpc.max_receive_message_length': kMost, 'grpc.max_send_message_length': kMost, 'grpc.enable_retries': 0 };
if (name) Object.assign(options, { 'grpc.ssl_target_name_override': name, 'grpc.default_authority': name });
const Client = grpc.makeGenericClientConstructor(service, 'Echo');
const client = new Client(target, credentials, options);

function metadata() {
  const sent = new grpc.Metadata();
  sent.set('x-echo', 'a value');
  sent.set('x-echo-bin', Buffer.from([0, 255, 10, 13]));
  return sent;
}

// The head's and the trailers' metadata, and the status, of a call that ends.
function watch(call) {
  const seen = {};
  call.on('metadata', (head) => { seen.head = head.get('x-echo')[0]; });
  const status = new Promise((resolve) => call.on('status', resolve));
  call.on('error', () => {});
  seen.end = async () => {
    const end = await status;
    const tail = end.metadata.get('x-echo-bin')[0];
    return { head: seen.head, tail: tail && tail.toString('hex'), code: end.code, details: end.details };
  };
  return seen;
}

function unary(method, message, callOptions = {}) {
  let answer = null;
  const call = client[method](message, metadata(), callOptions, (error, response) => { answer = response; });
  const seen = watch(call);
  return { call, end: async () => ({ ...(await seen.end()), answer }) };
}

async function collect(call) {
  const messages = [];
  call.on('data', (message) => messages.push(message));
  const end = await watch(call).end();
  return { ...end, messages };
}

const scenes = {
  async unary() {
    const { answer, ...end } = await unary('Unary', Buffer.from('hello')).end();
    return { ...end, answer: answer.toString() };
  },
  async server_stream() {
    const { messages, ...end } = await collect(client.ServerStream(Buffer.from('abc'), metadata()));
    return { ...end, messages: messages.map(String) };
  },
  async client_stream() {
    let answer = null;
    const call = client.ClientStream(metadata(), (error, response) => { answer = response; });
    const seen = watch(call);
    for (const part of ['a', 'b', 'c']) call.write(Buffer.from(part));
    call.end();
    const end = await seen.end();
    return { ...end, answer: answer.toString() };
  },
  // Each answer is awaited before the next message is sent.
  async bidi() {
    const call = client.Bidi(metadata());
    const seen = watch(call);
    const messages = [];
    for (const part of ['one', 'two', 'three']) {
      const answer = once(call, 'data');
      call.write(Buffer.from(part));
      messages.push(String((await answer)[0]));
    }
    call.on('data', () => {});
    call.end();
    return { ...(await seen.end()), messages };
  },
  async large() {
    const message = Buffer.alloc((4 << 20) - 1024, 'x');
    const { answer, ...end } = await unary('Unary', message).end();
    return { ...end, equal: message.equals(answer) };
  },
  async fail() {
    const { answer, ...end } = await unary('Fail', Buffer.from('9')).end();
    return end;
  },
  async deadline() {
    const { answer, ...end } = await unary('Sleep', Buffer.from(''), { deadline: Date.now() + 500 }).end();
    return { code: end.code };
  },
  // Asked, then watched while it changes and changes back.
  async health() {
    const Health = grpc.makeGenericClientConstructor(healthService, 'Health');
    const asked = new Health(target, credentials, options);
    const ask = (of) => new Promise((resolve) => asked.check({ service: of }, (error, answer) => {
      resolve(error ? error.code : answer.status);
    }));
    const seen = { whole: await ask(''), echo: await ask('penstock.parties.Echo'), unknown: await ask('other') };
    const watched = asked.watch({ service: 'penstock.parties.Echo' });
    watched.on('error', () => {});
    seen.watched = [(await once(watched, 'data'))[0].status];
    for (const status of ['NOT_SERVING', 'SERVING']) {
      const change = once(watched, 'data');
      await unary('Turn', Buffer.from(status)).end();
      seen.watched.push((await change)[0].status);
    }
    watched.cancel();
    asked.close();
    return seen;
  },
  // Cancelled once the server has begun.
  async cancel() {
    const { call, end } = unary('Sleep', Buffer.from(''));
    call.on('metadata', () => call.cancel());
    return { code: (await end()).code };
  },
};

scenes[scene]().then((seen) => {
  console.log(JSON.stringify(seen));
  client.close();
}, (error) => {
  console.error(error);
  process.exitCode = 1;
});
