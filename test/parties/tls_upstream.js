// An upstream with TLS that asks for a client certificate: node tls_upstream.js FOLDER CLIENT-CA. Prints its port. Each line
// of its standard input is NAME: from then on it shows FOLDER/NAME.crt with FOLDER/NAME.key, to new connections, and says so.
// Answers every request with the common name of the certificate that its connection came with, in x-shown.
const fs = require('fs');
const https = require('https');
const path = require('path');
const readline = require('readline');

const [folder, clientCa] = process.argv.slice(2);
const ca = fs.readFileSync(clientCa);
const names = readline.createInterface({ input: process.stdin });

function material(name) {
  const stem = path.join(folder, name);
  return { cert: fs.readFileSync(stem + '.crt'), key: fs.readFileSync(stem + '.key'), ca };
}

let server = null;
names.on('line', (name) => {
  if (server !== null) {
    server.setSecureContext(material(name));
    console.log(name);
    return;
  }
  server = https.createServer({ ...material(name), requestCert: true, rejectUnauthorized: true }, (request, response) => {
    const body = Buffer.from(request.url);
    response.writeHead(200, { 'x-shown': request.socket.shown, 'content-length': body.length }).end(body);
  });
  server.keepAliveTimeout = 0;
  server.on('secureConnection', (socket) => { socket.shown = socket.getPeerCertificate().subject.CN; });
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
});
