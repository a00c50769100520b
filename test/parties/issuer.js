// An OpenID provider (npm oidc-provider) whose clients are the users of a shop: by client_credentials each gets an access token, a JWT,
// for the resource that it names.
//
//   node issuer.js PORT KEYS.json        prints 'ready' when it listens on 127.0.0.1, and a line for each word on stdin:
//     rotate    from now on a new key signs; the ones before are still shown
//
// KEYS.json keeps the keys over restarts. Key set: /jwks. Token: POST /token with a client's name and 'secret' as its password (basic
// authentication), grant_type=client_credentials and resource=urn:shop. urn:shop:brief is the same for 2 s; urn:other is somebody else.
const crypto = require('crypto');
const fs = require('fs');
const http = require('http');
const readline = require('readline');

const [port, file] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const USERS = {
  gina: { tier: 'gold' },
  sam: { tier: 'silver' },
  ben: {},
  bea: {},
  bo: {},
  bud: {},
  ada: { tier: 'gold', roles: ['staff', 'admin'] },
};
const RESOURCES = {
  'urn:shop': { audience: 'shop', seconds: 600 },
  'urn:shop:brief': { audience: 'shop', seconds: 2 },
  'urn:other': { audience: 'other', seconds: 600 },
};

function readKeys() {
  return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file)) : addKey([]);
}

function addKey(keys) {
  const { privateKey } = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });
  const added = [{ ...privateKey.export({ format: 'jwk' }), kid: `key-${keys.length + 1}`, use: 'sig', alg: 'RS256' }, ...keys];
  fs.writeFileSync(file, JSON.stringify(added), { mode: 0o600 });
  return added;
}

function configuration(keys) {
  return {
    jwks: { keys },
    clients: Object.keys(USERS).map((name) => ({
      client_id: name, client_secret: 'secret', grant_types: ['client_credentials'], redirect_uris: [], response_types: [],
    })),
    ttl: { ClientCredentials: (_, token) => token.resourceServer.accessTokenTTL },
    extraTokenClaims: (_, token) => USERS[token.clientId],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_, resource) => ({
          scope: '', audience: RESOURCES[resource].audience, accessTokenTTL: RESOURCES[resource].seconds, accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'RS256', kid: keys[0].kid } },
        }),
      },
    },
  };
}

async function main() {
  const { default: Provider } = await import(require.resolve('oidc-provider'));
  let keys = readKeys();
  let answer;
  const issue = () => {
    answer = new Provider(issuer, configuration(keys)).callback();
  };
  issue();
  const server = http.createServer((request, response) => answer(request, response));
  server.listen(Number(port), '127.0.0.1', () => console.log('ready'));
  readline.createInterface({ input: process.stdin }).on('line', (word) => {
    if (word !== 'rotate') return console.log(`unknown: ${word}`);
    keys = addKey(keys);
    issue();
    console.log(keys[0].kid);
  }).on('close', () => process.exit(0));
}

main();
