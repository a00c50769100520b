// Asks grpc.health.v1.Health of a server with mutual TLS: node grpc_health_client.js HOST:PORT CA CERTIFICATE KEY SERVICE...
// Prints as one line of JSON the status of each service, or the code of the error.
const fs = require('fs');
const grpc = require('@grpc/grpc-js');
const { service } = require('grpc-health-check');

const [target, ca, certificate, key, ...services] = process.argv.slice(2);
const credentials = grpc.credentials.createSsl(...[ca, key, certificate].map((file) => fs.readFileSync(file)));
const Client = grpc.makeGenericClientConstructor(service, 'Health');
const client = new Client(target, credentials);

const ask = (of) => new Promise((resolve) => client.check({ service: of }, (error, answer) => {
  resolve(error ? error.code : answer.status);
}));

Promise.all(services.map(ask)).then((answers) => {
  console.log(JSON.stringify(answers));
  client.close();
});
