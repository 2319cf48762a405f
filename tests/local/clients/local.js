// SLS's clients put the Project before the host, which is then a name: project.localhost. Not every resolver
// knows that all names under localhost are this machine (RFC 6761), so they are looked up as localhost.
const dns = require('dns');
const real = dns.lookup;
dns.lookup = (host, options, done) => real(host.endsWith('.localhost') ? 'localhost' : host, options, done);
