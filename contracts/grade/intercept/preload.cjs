// Preloaded into Node by NODE_OPTIONS: connections that are not for this machine go to the endpoint of
// `contracts grade --intercept`. All of net, tls, http, https and fetch connect by the one method that is replaced.
'use strict';

/**
 * @param {number} port where the endpoint listens on loopback
 * @param {string[]} hosts those whose place the mock takes, in lower case
 */
function intercept(port, hosts) {
  const net = require('node:net');
  const connect = net.Socket.prototype.connect;
  const taken = new Set(hosts);
  const here = /^(?:localhost|.*\.localhost|127(?:\.[0-9]+){3}|::ffff:127(?:\.[0-9]+){3}|::1|0\.0\.0\.0|::)$/;

  net.Socket.prototype.connect = function (...given) {
    // Inside Node they come as a list that has been put in order.
    const [options, listener] = Array.isArray(given[0]) ? given[0] : net._normalizeArgs(given);
    const host = String(options.host || 'localhost').toLowerCase().replace(/\.$/, '');
    if (options.path || here.test(host)) return connect.apply(this, given);
    const place = `${host.includes(':') ? `[${host}]` : host}:${options.port}`;
    if (this.encrypted) {
      // A TLS connection knows by itself whom it asks for, and checks the certificate for it.
      return taken.has(host) ? toEndpoint(this, options, listener) : refused(this, place);
    }
    // Before all else that is written, and past what has been written already and waits for the connection.
    this.prependOnceListener('connect', () => {
      if (!this.destroyed) this._write(Buffer.from(`\0${place}\r\n`), 'buffer', () => {});
    });
    return toEndpoint(this, options, listener);
  };

  function toEndpoint(socket, options, listener) {
    const { localAddress, localPort, family, lookup, hints, ...rest } = options;
    return connect.call(socket, { ...rest, host: '127.0.0.1', port }, listener);
  }

  /** Has the endpoint note the place, then fails the connection. */
  function refused(socket, place) {
    const error = new Error(`contracts grade: ${place} is not reached under --intercept`);
    Object.assign(error, { code: 'ECONNREFUSED', syscall: 'connect' });
    socket.connecting = true; // so that what is written waits
    const note = new net.Socket();
    note.on('error', () => {});
    note.on('close', () => socket.destroy(error));
    connect.call(note, { host: '127.0.0.1', port }, () => {
      note.end(`CONNECT ${place} HTTP/1.1\r\nHost: ${place}\r\n\r\n`);
    });
    note.resume();
    return socket;
  }
}
