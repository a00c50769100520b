// Plays one scene as a client of the package grpc-web: node grpc_web_client.js SCENE URL binary|text. Prints what it saw
// as one line of JSON.
global.XMLHttpRequest = require('xhr2');
const web = require('grpc-web');

const [scene, url, format] = process.argv.slice(2);
const client = new web.GrpcWebClientBase({ format: format === 'text' ? 'text' : 'binary' });

// Messages are bytes, as in grpc_service.js.
const describe = (name, type) => new web.MethodDescriptor(`/penstock.parties.Echo/${name}`, type, Object, Object,
  (bytes) => new Uint8Array(Buffer.from(bytes)), (bytes) => Buffer.from(bytes));

function call(name, message, metadata = {}) {
  const path = `${url}/penstock.parties.Echo/${name}`;
  return new Promise((resolve) => {
    const seen = {};
    const stream = client.rpcCall(path, message, metadata, describe(name, web.MethodType.UNARY), (error, response) => {
      seen.answer = response ? response.toString() : null;
      if (error) resolve({ ...seen, code: error.code, details: error.message });
    });
    stream.on('metadata', (head) => { seen.head = head['x-echo']; });
    stream.on('status', (status) => setImmediate(() => {
      const tail = status.metadata && status.metadata['x-echo-bin'];
      resolve({ ...seen, code: status.code, details: status.details, tail });
    }));
  });
}

const scenes = {
  unary: () => call('Unary', 'hello', { 'x-echo': 'a value', 'x-echo-bin': 'AP8KDQ==' }),
  fail: () => call('Fail', '9'),
  unknown: () => call('Nothing', ''),
  // Streams of answers need the text format (PROTOCOL-WEB).
  server_stream: () => new Promise((resolve) => {
    const messages = [];
    const path = `${url}/penstock.parties.Echo/ServerStream`;
    const stream = client.serverStreaming(path, 'abc', {}, describe('ServerStream', web.MethodType.SERVER_STREAMING));
    stream.on('data', (message) => messages.push(message.toString()));
    stream.on('error', (error) => resolve({ messages, code: error.code, details: error.message }));
    stream.on('end', () => resolve({ messages, code: 0 }));
  }),
};

scenes[scene]().then((seen) => console.log(JSON.stringify(seen)));
